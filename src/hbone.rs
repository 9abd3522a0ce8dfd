//! HBONE: HTTP/2 CONNECT over any byte stream, in both roles, and the pool of tunnels.
//!
//! ```text
//!  bytes of the application          chunks in DATA frames, END_STREAM = FIN, RST_STREAM = RST
//!  └─ CONNECT 10.244.1.7:3000        one HTTP/2 stream per connection: baggage, forwarded, traceparent → 200
//!     └─ HTTP/2                      one connection per pair of identities: SETTINGS, PING, GOAWAY
//!        └─ mutual TLS 1.3           not here: `tls` hands over a stream
//! ```
//!
//! Not here: who may open a tunnel (`policy`), and who is at the other end (`tls`).

mod error;
mod limits;
mod authority;
mod baggage;
mod forwarded;
mod connect;
mod reset_budget;
mod send_budget;
mod stream;
mod first_words;
mod gathered;
mod keepalive;
mod server;
mod client;
mod pool;

pub use authority::Authority;
pub use baggage::{Baggage, Described};
pub use client::{Client, Ticket};
pub use connect::ConnectRequest;
pub use error::HboneError;
pub use forwarded::Forwarded;
pub use limits::Limits;
pub use pool::{CheckedOut, Pool, PoolError, PoolKey, Reused};
pub use server::{Requested, Respond, Server};
pub use stream::TunnelStream;
