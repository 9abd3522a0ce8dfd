//! PING and PONG: a tunnel whose peer is gone is noticed although nothing is sent (reference/hbone.md 2.2).
//!
//! Only a peer that is silent is asked. While a PING waits to be written, h2 0.4 reads nothing: were two ends that are both full of
//! data to ask each other, neither would read what the other has to get rid of first.

use std::future::poll_fn;
use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::time::{sleep, timeout};

use crate::hbone::error::HboneError;
use crate::hbone::gathered::Heard;
use crate::hbone::limits::Limits;

/// Pings whenever nothing was heard for half an interval, and so no more often than once in each and no later than a whole one after
/// the last word; until the peer fails to answer in time.
///
/// Pending for ever when the connection itself ends: whoever drives that knows already.
pub(crate) async fn keepalive(mut pings: PingPong, heard: Heard, limits: Limits) -> HboneError {
    loop {
        sleep(limits.ping_interval / 2).await;
        if heard.take() {
            continue;
        }
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
