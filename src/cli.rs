//! Speaking to people: arguments in, answers on stdout, talk on stderr, one exit code.
//!
//! Not here: anything that a program could want without a person. Each command asks a lower room and lays out its answer.

mod examples;
mod units;
mod args;
mod error;
mod exit;
mod output;
mod table;
mod listed;
mod tables;
mod files;
mod config;
mod explain;
mod nouns;
mod columns;
mod get;
mod edit;
mod strict;
mod watch;
mod stop;
mod inside;
mod child;
mod exec;
mod suggest;
mod banner;
mod limits;
mod tap;
mod up;
mod proxy;
mod wrap;
mod analyze;
mod trace;
mod capture;
mod borrowed;
mod certs;
mod probe;
mod why;
mod play;
mod junit;
mod repro;
mod suite;
mod change;
mod bench;
mod dispatch;

pub use args::{
    AdminAddress, Alpn, AnalyzeArguments, ApplyArguments, Arguments, BenchArguments, BenchCommand,
    BenchServeArguments, BulkArguments, CaptureArguments, Catalogue, CertsArguments, CertsCommand,
    ChildArguments, Color, Command, CompareArguments, ComparisonShape, ConfigArguments, ConfigNoun,
    DeleteArguments, Drawing, ExecArguments, ExplainArguments, ExportArguments, Figures, FixArguments,
    Format, GetArguments, InspectArguments, IssueArguments, LintArguments, ListArguments, LoadArguments,
    LogArguments, LogShape, Moment, Outcome, PacedArguments, PathKind, PeerRole, PlayArguments, PluggedCa,
    ProbeArguments, ProxyArguments, RateWish, Rehearsed, ReportArguments, ReportShape, ReproArguments,
    ReproCommand, ReproListArguments, ReproRunArguments, ReproShowArguments, Role, Shape, Story,
    StrictArguments, TapArguments, Target, TestArguments, Threshold, TraceArguments, UpArguments,
    VerifyArguments, Way, WhyArguments,
};
pub use banner::banner;
pub use bench::{
    Saved, bench_compare, bench_comparison_markdown, bench_comparison_text, bench_hgrm, bench_page,
    bench_report, bench_save, bench_table,
};
pub use child::ChildError;
pub use dispatch::main;
pub use error::CliError;
pub use exit::Exit;
pub use get::tables;
pub use inside::Inside;
pub use junit::junit;
pub use limits::{Descriptors, raise_descriptors};
pub use listed::{Listed, listing};
pub use output::{Output, failure_text};
pub use play::report_text;
pub use probe::text as probe_text;
pub use strict::rehearsal;
pub use suggest::{Suggestion, suggestions};
pub use table::Table;
pub use trace::{trace_bytes, trace_mermaid, trace_svg, trace_text};
