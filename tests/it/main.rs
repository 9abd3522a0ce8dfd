//! The mesh on real loopback sockets, built with the lab, spoken to by real peers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod mesh;
mod sink;
mod program;
mod table;
mod law;
mod vectors;
mod live;
mod hbone_door;
mod paths;
mod limits;
mod safety;
mod drain;
mod desk;
mod rotation;
mod roots;
mod command;
mod readme;
mod client_modes;
mod destination_rules;
mod netns;
mod netns_remains;
mod pods;
mod peers;
mod pair;
mod proxy;
mod ztunnel;
mod revocation;
mod trust_domains;
mod side_by_side;
mod envoy_session;
mod wireshark;
mod glass;
mod probe;
