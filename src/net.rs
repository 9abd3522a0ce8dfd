//! Sockets, and the network that they are made in: namespaces, marks, original destinations.
//!
//! Not here: who may connect where, and what a connection carries.

mod namespace;

pub use namespace::Namespace;
