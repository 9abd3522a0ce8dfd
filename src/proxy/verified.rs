//! [`Verified`]: what a tunnel's one handshake found out, for every connection that goes through the tunnel later.
//!
//! TLS 1.3 looks at certificates in the handshake and never again (RFC 8446 §4.4), so a tunnel outlives them: it goes on
//! after they have expired (reference/failures.md B 42). The record of a connection through such a tunnel says so.

use std::sync::Arc;
use std::time::SystemTime;

use crate::identity::SpiffeId;
use crate::io::Tap;
use crate::telemetry::Fact;
use crate::tls::Peer;

/// Who is at the other end of a tunnel, and what its handshake was good for.
#[derive(Clone, Debug)]
pub(crate) struct Verified {
    /// Who is at the other end.
    pub(crate) peer: Arc<Peer>,
    /// Who looks into it.
    pub(crate) tap: Option<Tap>,
    times: Times,
}

/// When a handshake was, and how long its certificates were good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    at: SystemTime,
    peers: SystemTime,
    ours: SystemTime,
}

impl Verified {
    /// A handshake with `peer` that ended at `at`, in which we showed a certificate that is valid until `ours`.
    pub(crate) fn new(peer: &Arc<Peer>, ours: SystemTime, at: SystemTime) -> Self {
        Self { peer: Arc::clone(peer), tap: None, times: Times { at, peers: peer.not_after, ours } }
    }

    /// The same, looked into.
    pub(crate) fn tapped(self, tap: Option<Tap>) -> Self {
        Self { tap, ..self }
    }

    /// The step of a connection that goes through the tunnel at `now`.
    pub(crate) fn reused(&self, now: SystemTime) -> Fact {
        self.times.reused(self.peer.id.clone(), now)
    }
}

impl Times {
    fn reused(self, peer: SpiffeId, now: SystemTime) -> Fact {
        let since = |moment| now.duration_since(moment).ok();
        Fact::Reused {
            peer,
            verified: since(self.at).unwrap_or_default(),
            peer_expired: since(self.peers),
            own_expired: since(self.ours),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_has_expired_since_is_told() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let times = Times { at: at(100), peers: at(160), ours: at(170) };
        let check = |now, expect: &str| {
            let peer = "spiffe://cluster.local/ns/a/sa/b".parse().unwrap();
            let said = times.reused(peer, at(now)).says();
            let said =
                said.strip_prefix("reused the tunnel to spiffe://cluster.local/ns/a/sa/b: no handshake, ");
            assert_eq!(said.unwrap(), expect);
        };
        check(90, "the tunnel's own was 0 s ago");
        check(130, "the tunnel's own was 30 s ago");
        check(
            165,
            "the tunnel's own was 65 s ago; the peer's certificate has expired since, 5 s ago (certificates are checked in the handshake only)",
        );
        check(
            175,
            "the tunnel's own was 75 s ago; the peer's certificate has expired since, 15 s ago, and ours, 5 s ago (certificates are checked in the handshake only)",
        );
    }
}
