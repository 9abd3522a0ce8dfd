//! [`LoadError`]: why a run cannot be read, kept or compared.

use std::io;
use std::path::PathBuf;

use crate::load::same::Differs;
use crate::reason::{Reason, Side};

/// Names that a hint lists at most.
const LISTED: usize = 8;

/// Why a run cannot be read, kept or compared.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No run is called that.
    #[error("expected a run called `{}` in {}, found none", name.escape_debug(), dir.display())]
    Unknown {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        dir: PathBuf,
        /// What there is, the newest first.
        names: Vec<String>,
    },
    /// A file or a folder cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is no run.
    #[error("{}: expected a run as `glasstunnel bench` saves it, found something else", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong, and where.
        #[source]
        source: serde_json::Error,
    },
    /// A file is another document.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Foreign {
        /// Which.
        path: PathBuf,
        /// The kind and version that this program reads.
        expected: String,
        /// What it says.
        found: String,
    },
    /// Two runs were not made alike.
    #[error(
        "expected {a} and {b} to differ in what was measured only, found that they differ in {}",
        listed(differs)
    )]
    Differ {
        /// The first.
        a: String,
        /// The second.
        b: String,
        /// All in which they differ.
        differs: Vec<Differs>,
    },
    /// Two runs have no path of the same name.
    #[error("expected a path that {} and {} both have, found {} in one and {} in the other", runs[0], runs[1], several(&paths[0]), several(&paths[1]))]
    NothingShared {
        /// The runs.
        runs: [String; 2],
        /// What each has.
        paths: [Vec<String>; 2],
    },
    /// A condition that is none.
    #[error("expected [PATH.]METRIC>+N% or [PATH.]METRIC<-N%, such as p99>+5%, found `{}`", found.escape_debug())]
    FailIf {
        /// What was said.
        found: String,
    },
    /// A condition about something that was not measured.
    #[error("expected `{asked}` to be about something that both {} and {} have, found nothing of that name", both[0], both[1])]
    NotMeasured {
        /// The condition.
        asked: String,
        /// The runs.
        both: [String; 2],
        /// What both have.
        measured: Vec<String>,
    },
    /// A name that cannot be a file's.
    #[error("expected a name of letters, digits and -_.+@= that begins with a letter or a digit, found `{}`", found.escape_debug())]
    BadName {
        /// The name.
        found: String,
    },
    /// A run of that name is kept already.
    #[error("expected no run at {} yet, found one", path.display())]
    Exists {
        /// Its file.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Bulk has no latencies.
    #[error("expected latencies in {run}, found none: bytes have no beginning and no end")]
    NoLatency {
        /// The run.
        run: String,
    },
}

impl LoadError {
    /// Whether a file that was named is not what it has to be, or not there.
    pub fn is_unreadable(&self) -> bool {
        matches!(
            self,
            Self::Unknown { .. } | Self::Read { .. } | Self::Malformed { .. } | Self::Foreign { .. }
        )
    }

    /// Whether the machine did not let us write.
    pub fn is_unwritable(&self) -> bool {
        matches!(self, Self::Write { .. } | Self::Exists { .. })
    }
}

impl Reason for LoadError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "bench.unknown_run",
            Self::Read { .. } => "bench.unreadable_run",
            Self::Malformed { .. } => "bench.malformed_run",
            Self::Foreign { .. } => "bench.foreign_document",
            Self::Differ { .. } => "bench.different_runs",
            Self::NothingShared { .. } => "bench.nothing_shared",
            Self::FailIf { .. } => "bench.bad_condition",
            Self::NotMeasured { .. } => "bench.not_measured",
            Self::BadName { .. } => "bench.bad_name",
            Self::Exists { .. } => "bench.run_exists",
            Self::Write { .. } => "bench.unwritable",
            Self::NoLatency { .. } => "bench.no_latency",
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { names, .. } if names.is_empty() => {
                Some("glasstunnel bench rr --name main makes one".to_owned())
            }
            Self::Unknown { names, .. } => Some(format!("there are: {}", several(names))),
            Self::Malformed { .. } | Self::Foreign { .. } => {
                Some("name a run in .glasstunnel/runs, or the .json of one".to_owned())
            }
            Self::Differ { differs, .. } if differs.iter().all(|differs| differs.what == "settings.rate") => {
                Some("make both with the same --rate; --force compares them all the same".to_owned())
            }
            Self::Differ { .. } => {
                Some("make both alike, on one machine; --force compares them all the same".to_owned())
            }
            Self::NothingShared { .. } => {
                Some("make both with the same --path, and the same number of --connections".to_owned())
            }
            Self::NotMeasured { measured, .. } => Some(format!("both have {}", several(measured))),
            Self::Exists { .. } => Some("another --name, or remove it".to_owned()),
            Self::NoLatency { .. } => Some("-o table, json or html".to_owned()),
            Self::FailIf { .. } => {
                Some("the metrics: max-rate, rate, p50, p90, p99, p99.9, cpu, proxy-cpu, memory".to_owned())
            }
            Self::Read { .. } | Self::BadName { .. } | Self::Write { .. } => None,
        }
    }
}

fn listed(differs: &[Differs]) -> String {
    let each = |Differs { what, a, b }: &Differs| format!("{what} ({a} against {b})");
    differs.iter().map(each).collect::<Vec<_>>().join(", ")
}

fn several(names: &[String]) -> String {
    let mut text = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        text += &format!(" and {} more", names.len() - LISTED);
    }
    text
}
