//! [`BenchError`]: why a benchmark ended without figures.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::reason::{Reason, Side};

/// Why a benchmark ended without figures.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The program was built for looking into it.
    #[error("expected a release build to measure, found a debug build, which is several times slower")]
    DebugBuild,
    /// A number of streams on a tunnel that makes another work of it.
    #[error("expected --pool-max-streams {expected} for `bench {work}`, found {found}")]
    Streams {
        /// The work.
        work: &'static str,
        /// What it needs.
        expected: &'static str,
        /// What was asked for.
        found: usize,
    },
    /// A process of a target is not there.
    #[error("expected the processes of {target} to be there, found none with the id {pid}")]
    NoProcess {
        /// The target.
        target: String,
        /// The id.
        pid: u32,
    },
    /// A process of the benchmark's own did not start.
    #[error("cannot start {who}")]
    Child {
        /// Which one.
        who: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A process of the benchmark's own did not say what it should.
    #[error("expected {who} to say `{expected}`, found {found}")]
    Unheard {
        /// Which one.
        who: &'static str,
        /// What it should have said.
        expected: &'static str,
        /// What came instead.
        found: String,
    },
    /// Nothing came through a path.
    #[error("nothing came through {path}: {times} of {times} failed, most often with: {says}")]
    AllFailed {
        /// The path.
        path: String,
        /// The most frequent failure.
        says: String,
        /// How many there were.
        times: u64,
    },
    /// A path is not what it is called.
    #[error("expected connections of the path {path} on the wire {expected}, found {found}")]
    WrongWire {
        /// The path.
        path: String,
        /// What it stands for.
        expected: String,
        /// What the source's proxy recorded.
        found: String,
    },
    /// A file of the benchmark's own cannot be written.
    #[error("cannot write {}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The server cannot listen.
    #[error("cannot listen on {at}")]
    Listen {
        /// Where.
        at: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A timer or a socket cannot be had.
    #[error("the system refuses a timer or a socket: {0}")]
    System(#[source] io::Error),
    /// It was ended before the first round of all paths was whole.
    #[error("expected at least one whole round, found none when it was ended")]
    Ended,
}

impl Reason for BenchError {
    fn code(&self) -> &'static str {
        match self {
            Self::DebugBuild => "bench.debug_build",
            Self::Streams { .. } => "bench.streams",
            Self::NoProcess { .. } => "bench.no_process",
            Self::Child { .. } => "bench.child",
            Self::Unheard { .. } => "bench.unheard",
            Self::AllFailed { .. } => "bench.all_failed",
            Self::WrongWire { .. } => "bench.wrong_wire",
            Self::File { .. } => "bench.file",
            Self::Listen { .. } => "bench.listen",
            Self::System(_) => "bench.system",
            Self::Ended => "bench.ended",
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::DebugBuild => {
                "cargo build --release; or --insist, for figures that say nothing of the program".to_owned()
            }
            Self::Streams { .. } => {
                "handshake has a tunnel for each connection, connect many connections for each tunnel".to_owned()
            }
            Self::NoProcess { .. } => {
                "ids are those that this shell sees: a container has others; ps -e lists them".to_owned()
            }
            Self::Child { .. } => "look at ulimit -u, and whether the program's file is still there".to_owned(),
            Self::Unheard { .. } => "what it said before it ended is above".to_owned(),
            Self::AllFailed { .. } => {
                "is a `glasstunnel bench serve` behind it? glasstunnel why 'TEXT' says what may be behind a text"
                    .to_owned()
            }
            Self::WrongWire { .. } => "this is a bug in glasstunnel: please report it".to_owned(),
            Self::File { .. } => "TMPDIR names the folder for temporary files".to_owned(),
            Self::Listen { .. } => "another address, or port 0 for any that is free".to_owned(),
            Self::System(_) => "look at ulimit -n".to_owned(),
            Self::Ended => "fewer paths, a shorter --duration or fewer --rounds".to_owned(),
        })
    }
}
