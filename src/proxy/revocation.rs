//! What other revocation lists mean for connections that are open: only those whose peer is revoked are cut.
//!
//! ```text
//!   HBONE, as the server   ──▶ GOAWAY, and every stream of the tunnel is reset
//!   HBONE, as the client   ──▶ the tunnel leaves the pool, and its streams are reset
//!   direct mutual TLS      ──▶ the connection is reset
//! ```
//!
//! Each of their records ends with `relay.cert_revoked`, in ztunnel's words and with its flag CERT_REVOKED.

use std::sync::Arc;

use crate::proxy::failure;
use crate::reason::Side;
use crate::telemetry::Failure;
use crate::tls::{Peer, Revocations};

/// The peer of an open connection, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) peer: Arc<Peer>,
    pub(crate) side: Side,
}

impl Known {
    /// Who called us.
    pub(crate) fn caller(peer: &Arc<Peer>) -> Self {
        Self { peer: Arc::clone(peer), side: Side::Downstream }
    }

    /// Whom we called.
    pub(crate) fn callee(peer: &Arc<Peer>) -> Self {
        Self { peer: Arc::clone(peer), side: Side::Upstream }
    }

    /// Why the connection is to be cut, if it is.
    pub(crate) fn refusal(&self, revocations: &Revocations) -> Option<Failure> {
        let cause = self.peer.revoked(revocations)?;
        Some(failure::cert_revoked(self.side, &cause))
    }
}
