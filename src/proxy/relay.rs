//! Relaying until both directions ended, or until a drain cuts: then both peers see a reset, never a clean end.

use crate::io::{ByteCounts, End, Pipe, RelayError, ResetCause};
use crate::proxy::failure;
use crate::reason::{Reason, Side};
use crate::telemetry::Failure;

/// Relays `client` and `backend` until both directions ended.
///
/// Not cancel-safe in the sense of resuming: dropping it resets both ends, because bytes may be lost.
pub(crate) async fn relay<C: Pipe, B: Pipe>(
    client: &mut C,
    backend: &mut B,
    counts: &ByteCounts,
) -> Result<(), Failure> {
    let mut ends = Ends { client, backend, cut: true };
    let result = crate::io::relay(ends.client, ends.backend, counts).await;
    ends.cut = false;
    result.map_err(|error| failure::relay(&error))
}

/// Both ends; dropped while bytes still flow, it resets them.
struct Ends<'a, C: Pipe, B: Pipe> {
    client: &'a mut C,
    backend: &'a mut B,
    cut: bool,
}

impl<C: Pipe, B: Pipe> Drop for Ends<'_, C, B> {
    fn drop(&mut self) {
        if self.cut {
            self.client.reset(ResetCause::Cut);
            self.backend.reset(ResetCause::Cut);
        }
    }
}

impl Reason for RelayError {
    fn code(&self) -> &'static str {
        match self.end {
            End::Client => "relay.client_gone",
            End::Backend => "relay.backend_gone",
        }
    }

    fn side(&self) -> Side {
        match self.end {
            End::Client => Side::Downstream,
            End::Backend => Side::Upstream,
        }
    }

    fn hint(&self) -> Option<String> {
        match self.end {
            End::Client => None,
            End::Backend => Some("look at the log of the server behind the workload".to_owned()),
        }
    }
}
