//! Load: what a benchmark does, how it is timed, and what came of it.
//!
//! ```text
//! Plan ──worker──► Round of one path ──► Run (JSON, .hgrm, HTML) ──compare──► Comparison of two
//! ```
//!
//! Not here: what it loads. This room knows addresses and how to dial; who listens there, and in which process, is `cli`'s affair.

mod run;

pub use run::{
    Cpu, Environment, Failure, Latency, Memory, MemoryPoint, Note, PathReport, Percentile, Percentiles,
    Place, Round, Run, Settings, Work,
};
