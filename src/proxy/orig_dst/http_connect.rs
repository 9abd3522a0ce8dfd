//! HTTP CONNECT (RFC 9110 §9.3.6) over HTTP/1.1; the user name of `Proxy-Authorization: Basic` is the source workload.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::mesh::{Mesh, Workload};
use crate::proxy::orig_dst::error::OrigDstError;
use crate::proxy::orig_dst::head::{Asked, Destination, Reader, Through, destination, named};
use crate::reason::shown;

/// The tunnel is open.
pub(crate) const SUCCESS: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
/// The name means nothing here.
pub(crate) const UNREACHABLE: &[u8] =
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const NOT_CONNECT: &[u8] =
    b"HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const WHO_ARE_YOU: &[u8] = b"HTTP/1.1 407 Proxy Authentication Required\r\n\
    Proxy-Authenticate: Basic realm=\"the source workload is the user name\"\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";

/// Longer heads are not read; an honest CONNECT has a few hundred bytes.
const LIMIT: usize = 8 * 1024;

pub(crate) async fn ask(
    reader: &mut Reader<'_>,
    mesh: &Mesh,
    door: Option<&Arc<Workload>>,
) -> Result<Asked, OrigDstError> {
    let head = read_head(reader).await?;
    match understand(&head, mesh, door) {
        Ok((source, destination)) => Ok(Asked {
            through: Through::HttpConnect,
            source,
            destination,
            early: reader.rest(),
            fresh_tunnel: false,
        }),
        Err(error) => {
            reader.answer(answer_to(&error)).await?;
            Err(error)
        }
    }
}

fn answer_to(error: &OrigDstError) -> &'static [u8] {
    match error {
        OrigDstError::Protocol { .. } => NOT_CONNECT,
        OrigDstError::NoWorkload | OrigDstError::Unknown(_) => WHO_ARE_YOU,
        _ => BAD_REQUEST,
    }
}

async fn read_head(reader: &mut Reader<'_>) -> Result<String, OrigDstError> {
    loop {
        if let Some(end) = reader.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = reader.take(end + 4).await?;
            return Ok(String::from_utf8_lossy(&head).into_owned());
        }
        if reader.buffer.len() > LIMIT {
            return Err(OrigDstError::TooLong { limit: LIMIT });
        }
        reader.fill(reader.buffer.len() + 1).await?;
    }
}

fn understand(
    head: &str,
    mesh: &Mesh,
    door: Option<&Arc<Workload>>,
) -> Result<(Arc<Workload>, Destination), OrigDstError> {
    let mut lines = head.split("\r\n");
    let request = lines.next().unwrap_or_default();
    let Some(target) = request.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()) else {
        return Err(OrigDstError::Protocol { found: format!("\"{}\"", shown(request)) });
    };
    let source = match (door, user(lines)) {
        (Some(workload), _) => Arc::clone(workload),
        (None, Some(name)) => named(mesh, &name)?,
        (None, None) => return Err(OrigDstError::NoWorkload),
    };
    Ok((source, authority(target)?))
}

fn authority(target: &str) -> Result<Destination, OrigDstError> {
    let wrong = || OrigDstError::Target { found: format!("`{}`", shown(target)) };
    let (host, port) = target.rsplit_once(':').ok_or_else(wrong)?;
    match port.parse() {
        Ok(port) => destination(host, port),
        Err(_not_a_port) => Err(wrong()),
    }
}

fn user<'a>(lines: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut headers = lines.filter_map(|line| line.split_once(':'));
    let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case("proxy-authorization"))?;
    let credentials = BASE64_STANDARD.decode(value.trim().strip_prefix("Basic ")?.trim()).ok()?;
    let text = String::from_utf8_lossy(&credentials);
    text.split(':').next().filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::{MeshSpec, build};

    /// A head may be 8 KiB long, and its record is kept.
    #[test]
    fn what_a_program_wrote_is_cut_in_its_sentence() {
        let mesh = build(MeshSpec::default()).unwrap();
        let long = "x".repeat(LIMIT);
        for head in [
            format!("GET {long}\r\n\r\n"),
            format!(
                "CONNECT {long} HTTP/1.1\r\nproxy-authorization: Basic {}\r\n\r\n",
                BASE64_STANDARD.encode(&long)
            ),
        ] {
            let error = understand(&head, &mesh, None).unwrap_err().to_string();
            assert!(error.len() < 300 && error.contains("xxx…"), "{error}");
        }
        let error = authority(&long).unwrap_err().to_string();
        assert!(error.len() < 300 && error.contains("xxx…"), "{error}");
    }
}
