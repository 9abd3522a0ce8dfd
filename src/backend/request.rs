//! [`Head`]: an HTTP/1 request's first line and headers (RFC 9112 §2 to §7).

use bytes::Bytes;

use crate::sniff::Escaped;

/// What is known once the head is read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The request line without its line end, as the client sent it.
    pub(crate) line: Bytes,
    pub(crate) method: Bytes,
    pub(crate) target: Bytes,
    /// Names and values without surrounding white space.
    pub(crate) headers: Vec<(Bytes, Bytes)>,
    pub(crate) body: Body,
    pub(crate) keep_alive: bool,
    pub(crate) expects_continue: bool,
}

/// How the body is delimited (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Length(u64),
    Chunked,
}

/// Why a request is answered with 400. It is said to the client, and to nobody else: hence no code.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadRequest {
    #[error("expected METHOD TARGET HTTP/1.x, found \"{}\"", Escaped(found))]
    Line { found: Bytes },
    #[error("expected HTTP/1.0 or HTTP/1.1, found \"{}\"", Escaped(found))]
    Version { found: Bytes },
    #[error("expected NAME: VALUE, found \"{}\"", Escaped(found))]
    Header { found: Bytes },
    #[error("expected exactly one Host header, found {found}")]
    Host { found: usize },
    #[error("expected one Content-Length in digits, found \"{}\"", Escaped(found))]
    Length { found: Bytes },
    #[error("expected Transfer-Encoding: chunked alone, found \"{}\"", Escaped(found))]
    Coding { found: Bytes },
    #[error("expected a head of at most {limit} bytes, found a longer one")]
    TooLong { limit: usize },
    #[error("expected a chunk of a body, found \"{}\"", Escaped(found))]
    Chunk { found: Bytes },
}

impl Head {
    /// Reads a head that ends with its empty line.
    pub(crate) fn parse(bytes: &Bytes) -> Result<Self, BadRequest> {
        let mut lines =
            bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let line = bytes.slice_ref(lines.next().unwrap_or_default());
        let (method, target, minor) = request_line(&line)?;
        let headers = lines.take_while(|line| !line.is_empty());
        let headers = headers.map(|line| header(bytes, line)).collect::<Result<Vec<_>, _>>()?;
        let all = |name: &'static str| values(&headers, name);
        let hosts = all("host").count();
        // RFC 9112 §3.2.
        if hosts > 1 || (hosts == 0 && minor == 1) {
            return Err(BadRequest::Host { found: hosts });
        }
        let body = body(&headers)?;
        let keep_alive = match minor {
            0 => all("connection").any(|value| has_token(value, "keep-alive")),
            _ => !all("connection").any(|value| has_token(value, "close")),
        };
        let expects_continue = minor == 1 && all("expect").any(|value| has_token(value, "100-continue"));
        Ok(Self { line, method, target, headers, body, keep_alive, expects_continue })
    }
}

/// RFC 9112 §3: method, target, and the version's minor number.
fn request_line(line: &Bytes) -> Result<(Bytes, Bytes, u8), BadRequest> {
    let mut words = line.split(|byte| *byte == b' ').map(|word| line.slice_ref(word));
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(BadRequest::Line { found: line.clone() });
    };
    if target.is_empty() || !is_token(&method) {
        return Err(BadRequest::Line { found: line.clone() });
    }
    match version.as_ref() {
        b"HTTP/1.0" => Ok((method, target, 0)),
        b"HTTP/1.1" => Ok((method, target, 1)),
        _ => Err(BadRequest::Version { found: version }),
    }
}

/// RFC 9112 §5; a folded line (§5.2) or a blank before the colon (§5.1) is refused.
fn header(head: &Bytes, line: &[u8]) -> Result<(Bytes, Bytes), BadRequest> {
    let colon = line.iter().position(|byte| *byte == b':');
    let parts = colon.and_then(|colon| Some((line.get(..colon)?, line.get(colon + 1..)?)));
    match parts {
        Some((name, value)) if is_token(name) => {
            Ok((head.slice_ref(name), head.slice_ref(value.trim_ascii())))
        }
        _ => Err(BadRequest::Header { found: head.slice_ref(line) }),
    }
}

/// RFC 9112 §6.1 and §6.3. Both headers at once is how requests are smuggled, so it is refused.
fn body(headers: &[(Bytes, Bytes)]) -> Result<Body, BadRequest> {
    let mut codings = values(headers, "transfer-encoding");
    let mut lengths = values(headers, "content-length");
    match (codings.next(), codings.next(), lengths.next()) {
        (None, _, None) => Ok(Body::Length(0)),
        (None, _, Some(length)) => match digits(length) {
            Some(number) if lengths.all(|other| other == length) => Ok(Body::Length(number)),
            _ => Err(BadRequest::Length { found: length.clone() }),
        },
        (Some(coding), None, None) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Body::Chunked),
        (Some(coding), ..) => Err(BadRequest::Coding { found: coding.clone() }),
    }
}

fn values<'a>(headers: &'a [(Bytes, Bytes)], name: &'static str) -> impl Iterator<Item = &'a Bytes> {
    headers
        .iter()
        .filter(move |(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, value)| value)
}

/// Digits alone: `str::parse` would take a plus sign too.
fn digits(text: &[u8]) -> Option<u64> {
    let text = str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

fn has_token(list: &[u8], token: &str) -> bool {
    list.split(|byte| *byte == b',').any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// RFC 9110 §5.6.2.
fn is_token(text: &[u8]) -> bool {
    let is_tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_tchar)
}

#[cfg(test)]
mod tests;
