//! Relaying until both directions ended. A relay that is dropped in between resets both ends: pipes do that themselves.

use crate::io::{ByteCounts, Pipe, Tap};
use crate::proxy::failure;
use crate::telemetry::Failure;

/// Relays `client` and `backend` until both directions ended.
///
/// Not cancel-safe in the sense of resuming: dropping it resets both ends, because bytes may be lost.
pub(crate) async fn relay<C: Pipe, B: Pipe>(
    client: &mut C,
    backend: &mut B,
    counts: &ByteCounts,
    tap: Option<&Tap>,
) -> Result<(), Failure> {
    crate::io::relay(client, backend, counts, tap).await.map_err(|error| failure::relay(&error))
}
