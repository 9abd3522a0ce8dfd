//! [`serve_http`]: an HTTP/1 server that says who it is and who called.
//!
//! Written by hand because the data plane's HTTP library is HTTP/2 only, and because an answer is a few lines of text.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::backend::about::{About, Caller};
use crate::backend::incoming::{Incoming, Stop};
use crate::backend::page;

/// Answers every request with 200 and a few lines of plain text; `/health` with `ok`; a bad request with 400 and a close.
///
/// `peer` is the address that [`About::caller`] is asked about: once per connection, when its first request has arrived.
/// Bodies are read away, at any length. Heads end at 16 KiB, idle connections after 60 s.
///
/// # Errors
///
/// What the stream says; a client that vanishes in the middle of a request is `UnexpectedEof`, one that stalls there is
/// `TimedOut`.
pub async fn serve_http<S>(stream: S, peer: SocketAddr, about: &About) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut incoming = Incoming::new(stream);
    let mut caller = None;
    let ended = loop {
        match exchange(&mut incoming, about, || caller.get_or_insert_with(|| (about.caller)(peer))).await {
            Ok(true) => {}
            ended => break ended,
        }
    };
    match ended {
        Ok(_) => {}
        Err(Stop::Bad(bad)) => incoming.send(page::refusal(&bad).as_bytes()).await?,
        Err(Stop::Io(error)) => return Err(error),
    }
    incoming.close().await
}

/// One request and its answer; whether another may follow.
async fn exchange<'a, S>(
    incoming: &mut Incoming<S>,
    about: &About,
    caller: impl FnOnce() -> &'a mut Caller,
) -> Result<bool, Stop>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(head) = incoming.head().await? else { return Ok(false) };
    if head.expects_continue {
        // RFC 9110 §10.1.1: the client waits for this before it sends its body.
        incoming.send(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let body = incoming.skip(head.body).await?;
    incoming.send(page::answer(about, caller(), &head, body).as_bytes()).await?;
    Ok(head.keep_alive)
}

#[cfg(test)]
mod tests;
