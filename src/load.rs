//! Load: what a benchmark does, how it is timed, and what came of it.
//!
//! ```text
//! Plan ──worker──► Round of one path ──► Run (JSON, .hgrm, HTML) ──compare──► Comparison of two
//! ```
//!
//! Not here: what it loads. This room knows addresses and how to dial; who listens there, and in which process, is `cli`'s affair.

mod run;
mod same;
mod error;
mod names;
mod saved;
mod metric;
mod interval;
mod price;
mod fail_if;
mod compare;

pub use compare::{Compared, Comparison, Doubt, Verdict, compare};
pub use error::LoadError;
pub use fail_if::{FailIf, Judged, Outcome};
pub use interval::{Change, Estimate, Interval, mean};
pub use metric::{Metric, per_unit, rate};
pub use names::{has_proxies, path_and_times, stems};
pub use price::{Price, Prices, prices};
pub use run::{
    Cpu, Environment, Failure, Latency, Memory, MemoryPoint, Note, PathReport, Percentile, Percentiles,
    Place, Round, Run, Settings, Work,
};
pub use same::Differs;
pub use saved::{keep, open, write};
