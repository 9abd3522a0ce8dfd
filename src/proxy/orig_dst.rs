//! Where did the application mean to go?
//!
//! In a cluster the kernel knows (SO_ORIGINAL_DST). In loopback mode the application says it: over SOCKS5, as it may to
//! the real ztunnel's 15080, or with an HTTP CONNECT. Both come to the same port and are told apart by their first byte.

mod error;
mod head;
mod http_connect;
mod socks5;
mod ask;
mod redirected;

pub(crate) use ask::ask;
pub(crate) use error::OrigDstError;
pub(crate) use head::{Asked, Destination, Through};
pub(crate) use redirected::{inward, outward};
