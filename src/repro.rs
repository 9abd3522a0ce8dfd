//! The failure catalogue: rows of `knowledge` as scenarios that can be run.
//!
//! # How to write an entry
//!
//! `src/repro/README.md` says it in forty lines.
//!
//! Not here: what a failure means and how it is mended, in words (`knowledge`), and how a scenario is run (`scenario`).

mod files;
mod entry;
mod left_out;
mod next;
mod setup;
mod change;
mod rounds;
mod sight;
mod markdown;
mod page;

pub use change::{Changed, change};
pub use entry::{Entry, base, entries, entry};
pub use left_out::LEFT_OUT;
pub use next::next;
pub use page::page;
pub use rounds::differences;
pub use setup::setup;
pub use sight::{Sight, does, expected, sights};
