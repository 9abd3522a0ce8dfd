//! Glass: what one connection's bytes say, decoded after the fact and off the hot path.
//!
//! ```text
//! Tapped (bytes of both directions) ─┐
//! KeyLog (secrets)                  ─┴─decode─► Decoded: messages with their fields, the encrypted ones included
//!                                                └─frames─► the HTTP/2 frames inside
//! CapturedConnection + key log ──pcapng::write─► a file that Wireshark opens decrypted
//! ```
//!
//! rustls has no callback per message, so nothing here watches a handshake: a tap keeps ciphertext, a key log keeps
//! secrets, and [`decode()`] does what Wireshark would do. It is pure: no IO, and no bytes that it panics on.
//!
//! Not here: making connections or tapping them (`tls`, `proxy`), and drawing what was found (`cli`).

mod tapped;
mod key_log;
mod reader;
mod field;
mod names;
mod opener;
mod records;
mod message;
mod extensions;
mod hello;
mod certificates;
mod handshake;
mod decode;
mod huffman;
mod hpack;
mod frame_parts;
mod frames;
mod packets;
pub mod pcapng;
mod sequence;
mod opened;
mod wire_events;
mod step_events;
mod relay_events;
mod details;
mod share;
mod afterword;
mod trace;
mod capture;

pub use capture::{Capture, capture};
pub use decode::{Agreed, Decoded, decode};
pub use field::Field;
pub use frames::{Frame, frames};
pub use key_log::{KeyLog, SecretLabel};
pub use message::{Epoch, Flaw, Message, MessageKind, SeenCertificate};
pub use packets::{CapturedConnection, Close};
pub use sequence::{Detail, Eavesdropper, Event, Handshake, Lane, Part, Phase, Sequence, Stander, Tone};
pub use tapped::{Chunk, Direction, Tapped};
pub use trace::trace;
