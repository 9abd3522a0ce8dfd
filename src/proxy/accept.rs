//! The one accept loop: hand over each socket, survive the machine running out of anything, stop when draining.

use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

use crate::addr::LocalAddr;
use crate::drain::Tasks;

/// The first pause after a failed accept; reference/reliability.md section 0 row 2 asks for at least this.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause: new connections are picked up within a second of descriptors being there again.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A socket that just arrived.
pub(crate) struct Accepted {
    /// The socket, with TCP_NODELAY from its listener.
    pub(crate) stream: TcpStream,
    /// Who dialled.
    pub(crate) client: LocalAddr,
    /// When: every deadline of this connection counts from here.
    pub(crate) since: Instant,
}

/// Accepts until the drain starts, then closes the listener.
///
/// `handle` gets each socket; `trouble` each failed accept. Cancel-safe: a socket is handed over as soon as it exists.
pub(crate) async fn accept_loop(
    listener: TcpListener,
    tasks: &Tasks,
    handle: impl Fn(Accepted),
    trouble: impl Fn(&io::Error),
) {
    let mut pause = FIRST_PAUSE;
    let mut draining = std::pin::pin!(tasks.draining());
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut draining => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, client)) => {
                pause = FIRST_PAUSE;
                handle(Accepted { stream, client: client.into(), since: Instant::now() });
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                trouble(&error);
                tokio::select! {
                    () = &mut draining => return,
                    () = sleep(pause) => {}
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// The client gave up between SYN and accept (accept(2) lists these as errors to retry at once).
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}
