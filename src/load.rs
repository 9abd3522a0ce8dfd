//! Load: what a benchmark does, how it is timed, and what came of it.
//!
//! ```text
//! Load, Way ──drive──► Measured (a round of one path) ──► Run (JSON, .hgrm, HTML) ──compare──► Comparison of two
//! ```
//!
//! Not here: what it loads. This room knows addresses and how to dial; who listens there, and in which process, is `cli`'s affair.

mod run;
mod failure;
mod opening;
mod server;
mod way;
mod timer;
mod schedule;
mod pacer;
mod latency;
mod tally;
mod counters;
mod meter;
mod machine;
mod client;
mod drive;
mod together;
mod idle;
mod search;
mod notes;
mod same;
mod error;
mod names;
mod saved;
mod metric;
mod interval;
mod price;
mod fail_if;
mod compare;

pub use compare::{Compared, Comparison, Doubt, Failed, Verdict, compare};
pub use counters::{cpu, memory};
pub use drive::{Load, Measured, drive};
pub use error::LoadError;
pub use fail_if::{FailIf, Judged, Outcome};
pub use failure::BenchError;
pub use idle::idle;
pub use interval::{Change, Estimate, Interval, mean};
pub use latency::{latency, percentiles};
pub use machine::PROFILE;
pub use meter::{Cost, Meter, Processes};
pub use metric::{Metric, per_unit, rate};
pub use names::{OWN, has_proxies, path_and_times, stems};
pub use notes::{DOUBTS, ended_early, no_memory, notes};
pub use opening::{LARGEST, OPENING, Opening, Wanted};
pub use price::{Price, Prices, prices};
pub use run::{
    Cpu, Direction, Environment, Failure, Latency, Memory, MemoryPoint, Note, PathReport, Percentile,
    Percentiles, Place, Round, Run, Settings, Work,
};
pub use same::Differs;
pub use saved::{has_room, keep, open, write};
pub use search::{Search, two_digits};
pub use server::serve;
pub use tally::Tally;
pub use together::Together;
pub use way::{Destination, Way};
