//! glasstunnel: a ztunnel you can see through.
//!
//! One binary runs an Istio-ambient-style mesh on one machine without Kubernetes: it captures connections, sniffs
//! their first bytes, enforces PeerAuthentication, tunnels peer traffic over HBONE (HTTP/2 CONNECT inside mutual TLS
//! with SPIFFE identities from a built-in CA), delivers plaintext to local backends, and shows for every connection
//! what happened at each step, on both ends, and why.
//!
//! # Layout
//!
//! The order below is the order of dependency: a room imports only rooms declared above it, and `tests/tidy.rs`
//! holds that. ARCHITECTURE.md walks one connection through the rooms.

pub mod reason;
pub mod knowledge;
pub mod addr;
pub mod trace_context;
pub mod drain;
pub mod io;
pub mod net;
pub mod identity;
pub mod sniff;
pub mod mesh;
pub mod policy;
pub mod tls;
pub mod hbone;
pub mod dns;
pub mod telemetry;
pub mod proxy;
pub mod explain;
pub mod ca;
pub mod resources;
pub mod analyze;
pub mod glass;
pub mod probe;
pub mod admin;
pub mod backend;
pub mod netns;
pub mod fault;
pub mod app;
pub mod lab;
pub mod scenario;
pub mod load;
pub mod repro;
pub mod cli;
