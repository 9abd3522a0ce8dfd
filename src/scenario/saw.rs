//! [`Saw`]: what a client saw, in the words and with the exit code that curl has for it.

use std::io;

use crate::tls::TlsError;

/// What is kept of an answer.
const SHOWN: usize = 4_096;

/// What a client saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saw {
    /// The error in curl's words, or what was answered.
    pub text: String,
    /// The exit code of the program; of the built-in client the one that curl has for what it saw (reference/failures.md
    /// 0.5). `None` where curl could not have done it.
    pub exit: Option<i32>,
    /// The HTTP status that was answered: to the request, or to the CONNECT of a client that makes its own.
    pub status: Option<u16>,
}

impl Saw {
    /// Nothing came of it.
    pub(crate) fn failed(exit: impl Into<Option<i32>>, text: impl Into<String>) -> Self {
        Self { text: text.into(), exit: exit.into(), status: None }
    }

    /// Nobody listens; or somebody did, and reset the connection before the system had said that it was made.
    pub(crate) fn unconnected(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionReset => Self::read(&[], Some(Err(error.kind().into()))),
            _ => Self::failed(7, format!("Failed to connect: {error}")),
        }
    }

    /// What came until the end, and how the end came; `None` when it did not come in time.
    pub(crate) fn read(bytes: &[u8], end: Option<io::Result<()>>) -> Self {
        let status = status(bytes);
        let saw = |exit, text: String| Self { text, exit: Some(exit), status };
        match end {
            None => saw(28, "Operation timed out".to_owned() + &answered(bytes)),
            Some(Err(error)) => match TlsError::from_io(&error) {
                Some(refused) => saw(56, refused.to_string()),
                // What is written to a connection that was reset before has its pipe broken.
                None if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
                ) =>
                {
                    saw(56, "Recv failure: Connection reset by peer".to_owned() + &answered(bytes))
                }
                None => saw(56, format!("Recv failure: {error}{}", answered(bytes))),
            },
            Some(Ok(())) if bytes.is_empty() => saw(52, "Empty reply from server".to_owned()),
            Some(Ok(())) if !bytes.starts_with(b"HTTP/") => {
                saw(1, "Received HTTP/0.9 when not allowed".to_owned() + &answered(bytes))
            }
            Some(Ok(())) => match missing(bytes) {
                0 => saw(0, shown(bytes)),
                left => saw(18, format!("transfer closed with {left} bytes remaining to read")),
            },
        }
    }

    /// The same, of a client that was about to begin a handshake: curl's code for a reset is another there.
    pub(crate) fn in_handshake(self) -> Self {
        let exit = if self.exit == Some(56) { Some(35) } else { self.exit };
        Self { exit, ..self }
    }

    /// The same, after a handshake that the client took for done.
    pub(crate) fn after_handshake(self) -> Self {
        Self { text: format!("TLS handshake done, then: {}", self.text), ..self }
    }
}

fn answered(bytes: &[u8]) -> String {
    if bytes.is_empty() { String::new() } else { format!(", after: {}", shown(bytes)) }
}

fn shown(bytes: &[u8]) -> String {
    let bytes = bytes.get(..SHOWN).unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

/// The status in the first line of an HTTP/1 answer.
fn status(bytes: &[u8]) -> Option<u16> {
    let line = bytes.strip_prefix(b"HTTP/1.")?.split(|byte| *byte == b' ').nth(1)?;
    std::str::from_utf8(line.get(..3)?).ok()?.parse().ok()
}

/// How many bytes of the body have not come, as far as `Content-Length` tells.
fn missing(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return 0 };
    let mut lengths = head.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let Some(length) = lengths.next_back() else { return 0 };
    let body = bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |at| bytes.len() - at - 4);
    length.saturating_sub(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_as_curl_tells_it() {
        let check = |bytes: &str, end: Option<io::Result<()>>, exit, text: &str| {
            let saw = Saw::read(bytes.as_bytes(), end);
            assert_eq!(saw.exit, Some(exit), "{saw:?}");
            assert!(saw.text.starts_with(text), "{saw:?}");
        };
        let reset = || Some(Err(io::Error::from(io::ErrorKind::ConnectionReset)));
        check("", Some(Ok(())), 52, "Empty reply from server");
        check("", reset(), 56, "Recv failure: Connection reset by peer");
        check(
            "HTTP/1.1 200 OK\r\n",
            reset(),
            56,
            "Recv failure: Connection reset by peer, after: HTTP/1.1 200",
        );
        check("", Some(Err(io::ErrorKind::BrokenPipe.into())), 56, "Recv failure: Connection reset by peer");
        check("", None, 28, "Operation timed out");
        check("\x15\x03\x03", Some(Ok(())), 1, "Received HTTP/0.9 when not allowed");
        check("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", Some(Ok(())), 0, "HTTP/1.1 200 OK");
        check(
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe",
            Some(Ok(())),
            18,
            "transfer closed with 3 bytes",
        );
        let unconnected = |kind: io::ErrorKind| Saw::unconnected(&kind.into()).exit;
        assert_eq!(unconnected(io::ErrorKind::ConnectionRefused), Some(7));
        assert_eq!(unconnected(io::ErrorKind::ConnectionReset), Some(56));
        assert_eq!(Saw::read(b"HTTP/1.1 503 Service Unavailable\r\n\r\n", Some(Ok(()))).status, Some(503));
        assert_eq!(Saw::read(b"HTTP/1.1 5", Some(Ok(()))).status, None);
    }
}
