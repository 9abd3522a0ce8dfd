//! PING and PONG: a tunnel whose peer is gone is noticed although nothing is sent (reference/hbone.md 2.2).

use std::future::poll_fn;
use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::time::{sleep, timeout};

use crate::hbone::error::HboneError;
use crate::hbone::limits::Limits;

/// Pings until the peer fails to answer in time. The first PING goes out one interval after the start.
///
/// Pending for ever when the connection itself ends: whoever drives that knows already.
pub(crate) async fn keepalive(mut pings: PingPong, limits: Limits) -> HboneError {
    loop {
        sleep(limits.ping_interval).await;
        match timeout(limits.ping_timeout, ping(&mut pings)).await {
            Ok(true) => {}
            Ok(false) => return std::future::pending().await,
            Err(_elapsed) => return timed_out(limits.ping_timeout),
        }
    }
}

/// Whether a PONG came back; `false` when the connection is gone.
async fn ping(pings: &mut PingPong) -> bool {
    pings.send_ping(Ping::opaque()).is_ok() && poll_fn(|cx| pings.poll_pong(cx)).await.is_ok()
}

fn timed_out(after: Duration) -> HboneError {
    HboneError::PingTimeout { after }
}
