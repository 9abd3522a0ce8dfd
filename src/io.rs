//! Streams: replaying what was sniffed, and relaying bytes between two ends.
//!
//! Not here: what the bytes mean. This room knows no protocol.

mod pipe;

pub use pipe::{Pipe, ResetCause};
