//! Sockets, and the network that they are made in: namespaces, marks, original destinations, congestion control.
//!
//! Not here: who may connect where, and what a connection carries.

mod namespace;
mod capture;
mod congestion;
mod network;

pub use capture::Capture;
pub use congestion::Congestion;
pub use namespace::Namespace;
pub use network::{Network, Sharing, any_address};
