//! Serving over TCP: each message has its length in front (RFC 1035 §4.2.2), several may follow each other (RFC 7766 §6.2).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::dns::reply::Transport;
use crate::dns::responder::{Decision, Responder};
use crate::drain::Tasks;

/// How many connections are open at a time; more are closed at once. One pod has no use for more.
const CONNECTIONS: usize = 128;
/// How long a connection may take for its next whole message, and for taking an answer ("a few seconds", RFC 7766 §6.2.3).
const IDLE: Duration = Duration::from_secs(10);
/// The pause after a failed accept, as at the proxy's doors.
const PAUSE: Duration = Duration::from_millis(50);

/// Answers the connections that come to `listener` until the drain starts; it closes them then, which clients take for
/// the end of any idle connection.
pub async fn serve_tcp(listener: TcpListener, responder: Arc<Responder>, tasks: Tasks) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let mut draining = std::pin::pin!(tasks.draining());
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut draining => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _client)) = accepted else {
            sleep(PAUSE).await;
            continue;
        };
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else { continue };
        let (responder, draining) = (Arc::clone(&responder), tasks.draining());
        tasks.spawn("dns connection", async move {
            tokio::select! {
                () = draining => {}
                // However it ends, there is nobody to tell.
                _ended = serve(stream, &responder) => {}
            }
            drop(slot);
        });
    }
}

/// Answers one message after the other, in their order, until the client ends or a deadline passes.
async fn serve(mut stream: TcpStream, responder: &Responder) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let message = timeout(IDLE, read(&mut stream)).await??;
        let answer = match responder.decide(&message, Transport::Tcp) {
            Decision::Ignore => return Ok(()),
            Decision::Answer(answer) => answer,
            Decision::Forward(query) => responder.forward(&query, &message, Transport::Tcp).await,
        };
        let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
        timeout(IDLE, stream.write_all(&[&length.to_be_bytes(), answer.as_slice()].concat())).await??;
    }
}

async fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut message = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut message).await?;
    Ok(message)
}
