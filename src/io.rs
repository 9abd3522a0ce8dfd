//! Streams: replaying what was sniffed, and relaying bytes between two ends.
//!
//! Not here: what the bytes mean. This room knows no protocol.

mod pipe;
mod tap;
mod counts;
mod noted;
mod prefixed;
mod buffer;
mod stream;
mod tcp;
mod pipe_stream;
mod splice;
mod lull;
mod flow;
mod relay;

pub(crate) use tap::line;

pub use counts::ByteCounts;
pub use lull::before_sleep;
pub use noted::{Note, Noted, Of};
pub use pipe::{Pipe, ResetCause};
pub use pipe_stream::PipeStream;
pub use prefixed::Prefixed;
pub use relay::{During, End, RelayError, relay};
pub use stream::StreamPipe;
pub use tap::{Chunk, Direction, Ended, Secret, Tap, TapBudget};
pub use tcp::{TcpPipe, reset_on_close};
