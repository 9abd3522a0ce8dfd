//! In-process backends: one async function per kind, each serving one connection that somebody else accepted.
//!
//! A connection ends when its client ends it, when the backend's kind says so, or when it is idle for too long; the result
//! is only for whoever wants to count, because a backend has nobody to complain to.
//!
//! Not here: TLS. [`serve_http`] and [`serve_echo`] take any stream, so that they run over one that `tls` has made.

mod about;
mod plain;
mod request;
mod incoming;
mod page;
mod http;

pub use about::{About, Caller};
pub use http::serve_http;
pub use plain::{serve_echo, serve_reset, serve_server_first, serve_silent, serve_slow};
