//! Saying what happened: one record per connection, and its faces (live line, access log, metrics).
//!
//! The data plane only pushes [`Event`]s into a queue per worker thread; everything that formats, counts or writes
//! happens on the control runtime, in batches. So a connection costs the hot path two pushes and no system call.
//!
//! Not here: any decision. Telemetry never influences a connection.

mod stage;
mod outcome;
mod fact;
mod half;
mod event;

pub use event::{Event, HalfId, Opening};
pub use fact::{Fact, Step};
pub use half::{Half, Join, Party, Reporter};
pub use outcome::{Failure, Flag, Outcome, Verdict, Wire};
pub use stage::Stage;
