//! Serving over UDP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::dns::query::Query;
use crate::dns::reply::Transport;
use crate::dns::responder::{Decision, Responder};
use crate::drain::Tasks;

/// The longest query that is read; what is longer is cut by the system and then malformed. EDNS allows no more for a
/// request than a server says it takes, and ours says 1232 (RFC 6891 §6.2.4).
const LONGEST_QUERY: usize = 4096;
/// How many queries wait for other servers at a time; more get SERVFAIL at once. One pod has no use for more.
const WAITING: usize = 256;
/// The pause after a failed receive, as after a failed accept.
const PAUSE: Duration = Duration::from_millis(50);

/// Answers what comes to `socket` until the drain starts.
///
/// What the mesh knows is answered in turn, on this task; only queries for others get a task of their own, and those are
/// bounded. A socket that is bound to a wildcard answers from whatever address the route has, so bind it to one.
pub async fn serve_udp(socket: UdpSocket, responder: Arc<Responder>, tasks: Tasks) {
    let socket = Arc::new(socket);
    let slots = Arc::new(Semaphore::new(WAITING));
    let mut draining = std::pin::pin!(tasks.draining());
    let mut buffer = vec![0; LONGEST_QUERY];
    loop {
        let received = tokio::select! {
            biased;
            () = &mut draining => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        let Ok((length, client)) = received else {
            sleep(PAUSE).await;
            continue;
        };
        let message = buffer.get(..length).unwrap_or_default();
        let answer = match responder.decide(message, Transport::Udp) {
            Decision::Ignore => continue,
            Decision::Answer(answer) => answer,
            Decision::Forward(query) => match Arc::clone(&slots).try_acquire_owned() {
                Ok(slot) => {
                    let forward =
                        forward(Arc::clone(&socket), Arc::clone(&responder), query, message.to_vec(), client);
                    tasks.spawn("dns forward", async move {
                        forward.await;
                        drop(slot);
                    });
                    continue;
                }
                Err(_) => responder.failure(&query, Transport::Udp),
            },
        };
        // A client that is gone does not need it, and one that misses it asks again.
        let _ = socket.send_to(&answer, client).await;
    }
}

async fn forward(
    socket: Arc<UdpSocket>,
    responder: Arc<Responder>,
    query: Query,
    message: Vec<u8>,
    client: SocketAddr,
) {
    let answer = responder.forward(&query, &message, Transport::Udp).await;
    let _ = socket.send_to(&answer, client).await;
}
