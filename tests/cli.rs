//! What a person reads: every help, table, error layout and greeting, held by golden files.
//!
//! `UPDATE_EXPECT=1 cargo test --test cli` writes them anew; read the difference before committing it.

#![expect(clippy::unwrap_used, reason = "a test that cannot run must fail, also in its helpers")]

#[path = "cli/golden.rs"]
mod golden;
#[path = "cli/fixture.rs"]
mod fixture;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/tables.rs"]
mod tables;
#[path = "cli/answers.rs"]
mod answers;
#[path = "cli/errors.rs"]
mod errors;
#[path = "cli/greeting.rs"]
mod greeting;
#[path = "cli/analyze.rs"]
mod analyze;
#[path = "cli/certs.rs"]
mod certs;
#[path = "cli/probe.rs"]
mod probe;
#[path = "cli/why.rs"]
mod why;
#[path = "cli/repro.rs"]
mod repro;
#[path = "cli/program.rs"]
mod program;
#[path = "cli/connections.rs"]
mod connections;
#[path = "cli/drawings.rs"]
mod drawings;
#[path = "cli/bench_runs.rs"]
mod bench_runs;
#[path = "cli/bench_reports.rs"]
mod bench_reports;
