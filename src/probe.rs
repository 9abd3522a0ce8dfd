//! What is behind an address? A few polite connections, and what their ends say about it.
//!
//! ```text
//!  plan ──which trial could still change the answer?──► run ──one connection──► Attempt ─┐
//!   ▲                                                                                    │
//!   └────────────────────────────────────────────────────────────────────────────────────┴─► infer ──► Finding
//! ```
//!
//! Planning and inference are pure: they know attempts, not sockets. Nothing is connected to but the one address that was
//! asked about, one connection at a time, at most [`LIMIT`] in all.
//!
//! Not here: verifying what a server shows (`tls`), and names (`cli`).

mod attempt;
mod finding;
mod evidence;
mod verdict;
mod mesh_doors;
mod applications;
mod infer;
mod plan;
mod words;
mod options;
mod dial;
mod raw;
mod secured;
mod noted;
mod tunnel;
mod run;

pub use attempt::{Attempt, End, Phase, Shown, Trial};
pub use finding::{Cell, Confidence, Finding, Kind, Next};
pub use infer::infer;
pub use options::Options;
pub use plan::{LIMIT, next, wanting};
pub use run::{Probed, run};
