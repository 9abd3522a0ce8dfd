//! Faults: what can go wrong on a wire or at an endpoint, named, typed and tied to a phase, and who makes it happen.
//!
//! ```text
//!  text                        value            happens in
//!  tcp:rst@after-client-hello  Fault            Relay: a real socket in the path, which does it to whoever comes
//!  h2:goaway@connect           EndpointFault    ScriptedServer: an HBONE door that breaks its own protocol
//!  ca:deny                     CaFault          app::CaFaults: what the CA does to a workload that asks
//!  clock=+25h                  ClockFault       identity::Clock: a workload's clocks
//! ```
//!
//! The wire knows no keys: phases of TLS are recognised by the types, lengths and order of records ([`Watcher`]). What happens
//! at a phase is decided purely ([`Script`]); sockets only obey.
//!
//! Not here: who is led through a relay (`proxy::Detours`, `lab`), certificates that are wrong (`ca::Bend`).

mod error;
mod words;
mod phase;
mod what;
mod wire_fault;
mod endpoint_fault;
mod clock_fault;
mod ca_fault;
mod injected;
mod watcher;
mod script;
mod relay;
mod frames;
mod conversation;
mod scripted;

pub use ca_fault::CaFault;
pub use clock_fault::ClockFault;
pub use endpoint_fault::{EndpointFault, EndpointPhase, EndpointWhat};
pub use error::FaultError;
pub use injected::Injected;
pub use phase::Phase;
pub use relay::{Relay, RelayLimits};
pub use script::{Act, Ending, Script};
pub use scripted::ScriptedServer;
pub use watcher::{Piece, Watcher};
pub use what::What;
pub use wire_fault::Fault;
