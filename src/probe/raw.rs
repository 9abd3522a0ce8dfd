//! The plaintext trial: listen, then ask something harmless.
//!
//! `OPTIONS *` asks a server about itself and no resource for anything: a safe method (RFC 9110 §9.2.1, §9.3.7). To a
//! server of another protocol it is a line that it does not know, which most answer with an error that names them.

use std::net::SocketAddr;

use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

use crate::probe::attempt::{Attempt, End, Phase, Trial};
use crate::probe::dial::{dial, end_of, hear, part};
use crate::probe::options::Options;

/// The request, in plaintext here and inside TLS where a certificate is shown.
pub(crate) fn request(host: &str) -> String {
    // What a name cannot hold must not make a second header.
    let host: String = host.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
    format!(
        "OPTIONS * HTTP/1.1\r\nHost: {host}\r\nUser-Agent: glasstunnel-probe\r\nConnection: close\r\n\r\n"
    )
}

/// Listens for a greeting, and sends the request if there is none.
pub(crate) async fn raw(to: SocketAddr, options: &Options) -> Attempt {
    let began = Instant::now();
    let deadline = began + options.timeout;
    let mut stream = match dial(Trial::Raw, to, deadline).await {
        Ok(stream) => stream,
        Err(failed) => return failed,
    };
    let began = Instant::now();
    let (end, bytes) = hear(&mut stream, deadline.min(began + options.listen)).await;
    if end != End::Silent {
        let heard = Attempt { bytes, ..Attempt::ended(Trial::Raw, Phase::Listen, end, began.elapsed()) };
        part(stream).await;
        return heard;
    }
    let began = Instant::now();
    let (end, bytes) = match stream.write_all(request(&options.name).as_bytes()).await {
        Ok(()) => hear(&mut stream, began + options.timeout).await,
        Err(error) => (end_of(&error), Vec::new()),
    };
    let heard = Attempt { bytes, ..Attempt::ended(Trial::Raw, Phase::Answer, end, began.elapsed()) };
    part(stream).await;
    heard
}
