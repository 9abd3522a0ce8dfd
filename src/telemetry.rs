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
mod queue;
mod record;
mod partners;
mod join;
mod ring;
mod recorder;
mod text;
mod line;
mod access_log;
mod labels;
mod metrics;
mod view;
pub mod live_line;
mod explain;
mod logging;
mod outlet;

pub use access_log::AccessLog;
pub use event::{Event, HalfId, Opening};
pub use explain::{Row, explain_text, stages};
pub use fact::{Fact, Step};
pub use half::{Half, Join, Party, Reporter, Taps};
pub use line::LogFormat;
pub use live_line::Look;
pub use logging::{LoggingError, init, shows_opened};
pub use metrics::Metrics;
pub use outcome::{Failure, Flag, Outcome, Verdict, Wire};
pub use outlet::Outlet;
pub use queue::{Dropped, EventReceiver, EventSender, queue};
pub use record::Record;
pub use recorder::{OpenConnection, Recorder, RecorderHandle};
pub use stage::Stage;
pub use view::{destination as destination_name, source as source_name};

#[cfg(test)]
mod tests;
