//! Sockets, and the network that they are made in: namespaces, marks, original destinations.
//!
//! Not here: who may connect where, and what a connection carries.

mod namespace;
mod capture;
mod network;

pub use capture::Capture;
pub use namespace::Namespace;
pub use network::{Network, Sharing, any_address};
