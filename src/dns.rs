//! A DNS server for the programs of one pod, as ztunnel has on port 15053: the mesh's names, and the way to others.
//!
//! Not here: what a name means (`mesh`), and where the sockets come from.

mod name;
mod query;
mod reply;
mod names;
mod upstream;
mod responder;
mod udp;
mod tcp;
mod resolv_conf;

pub use names::{Family, Found, Names};
pub use resolv_conf::resolv_conf;
pub use responder::Responder;
pub use tcp::serve_tcp;
pub use udp::serve_udp;
