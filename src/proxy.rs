//! The path: accepting, asking the rooms below in order, dialling, relaying, and recording what they said.
//!
//! # The life of a connection
//!
//! Out of a workload ([`outbound`]): accept → orig_dst → route → dial → tls → hbone → relay.
//!
//! Into a workload over HBONE ([`inbound`]): accept → tls → hbone → peer_auth → authz → dial → relay; the first two once
//! per tunnel, the others once per CONNECT.
//!
//! Into a workload as captured bytes ([`captured`]): accept → sniff → peer_auth → tls (if it terminates) → authz → dial
//! → relay.
//!
//! Each arrow consumes the value before it, so that no step can be skipped: `dial::deliver` takes a `policy::Permit`,
//! and only `policy` makes one.
//!
//! Not here: parsing, verifying, matching. The rooms below compute and return; this room orders and records.

mod config;
mod ports;
mod doors;
mod failure;
mod slot;
mod changes;
mod identities;
mod backends;
mod networks;
mod detours;
mod tapping;
mod shared;
mod revocation;
mod live;
mod verified;
mod context;
mod recording;
mod accept;
mod orig_dst;
mod because;
mod wire_choice;
mod route;
mod dial;
mod relay;
pub mod captured;
mod authority;
pub mod inbound;
mod tunnel;
mod originate;
mod line;
mod direct;
pub mod outbound;
mod worker;

pub use backends::{Backend, Backends, Caller};
pub use because::{Because, RuleSays};
pub use changes::Changes;
pub use config::{Config, Deadlines};
pub use context::Context;
pub use detours::{Detour, Detours};
pub use doors::{Door, DoorKind, doors, pod_doors};
pub use identities::{Identities, TlsPair};
pub use networks::Networks;
pub use ports::{ADMIN, CAPTURED, HBONE, METRICS, OUTBOUND, READINESS, SOCKS5};
pub use route::{Chosen, RouteError, route};
pub use shared::Shared;
pub use tapping::{Tapping, Wish};
pub use wire_choice::{Originate, Route};
pub use worker::{AcceptLog, Worker};

#[cfg(test)]
mod tests {
    use super::{inbound, outbound};

    /// A relay's future is the largest part of what an idle connection holds at either proxy.
    #[test]
    fn the_future_of_a_relay_stays_small() {
        fn of<A, B, C, F>(_: fn(A, B, C) -> F) -> usize {
            size_of::<F>()
        }
        let (source, destination) = (of(outbound::serve), of(inbound::request));
        assert!(source <= 1_050 && destination <= 1_050, "{source} and {destination} bytes");
    }
}
