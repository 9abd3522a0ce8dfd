//! [`Run`]: everything that one `bench` knows at its end. It is what is saved, and all that a report or a comparison reads.

use serde::{Deserialize, Serialize};

use crate::admin::Kind;

/// What was asked of the proxies, again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Work {
    /// A connection, one request, the end; no tunnel is ever used twice.
    Handshake,
    /// The same over tunnels that are warm: a new stream each time.
    Connect,
    /// Requests and answers on connections that stay.
    Rr,
    /// Bytes, as many as go through.
    Bulk,
}

/// One `bench`, all paths and rounds of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// What people call it: `main`, `pr-41`, or the moment it began.
    pub name: String,
    /// What was asked of the proxies.
    pub work: Work,
    /// How.
    pub settings: Settings,
    /// On what.
    pub environment: Environment,
    /// What came of each path, in the order of the command line.
    pub paths: Vec<PathReport>,
    /// What a reader has to know before believing any of it.
    pub notes: Vec<Note>,
}

/// What was chosen, or taken where nothing was said. Two runs compare only if all of it is the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Units per second that each path was offered; `None`: each connection began the next when the last had ended.
    pub rate: Option<f64>,
    /// Connections at once.
    pub connections: u32,
    /// How long each round of each path was measured, in nanoseconds.
    pub duration: u64,
    /// How long each of them ran before that, in nanoseconds.
    pub warmup: u64,
    /// Which way the bytes of bulk went; `None` for the other works.
    pub direction: Option<Direction>,
    /// Rounds, in each of which every path had its turn.
    pub rounds: u32,
    /// Bytes of a request; of what is sent at once, for bulk.
    pub request: u32,
    /// Bytes of an answer.
    pub response: u32,
    /// Worker threads of each proxy.
    pub workers: u32,
    /// Streams on one tunnel, at most.
    pub pool_max_streams: u32,
    /// Workloads in the mesh besides the two that speak.
    pub workloads: u32,
    /// AuthorizationPolicies in the mesh that decide nothing here.
    pub policies: u32,
    /// Where the two proxies ran.
    pub place: Place,
    /// The longest p99 of a path that keeps a rate up, in nanoseconds; `None` where the highest rate was not looked for.
    #[serde(default)]
    pub max_p99: Option<u64>,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// Where the two proxies ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// Each in a process of its own.
    TwoProcesses,
    /// Both in one.
    OneProcess,
    /// They ran already, and are somebody else's.
    Elsewhere,
    /// There were none.
    None,
}

/// The machine and the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// Of glasstunnel.
    pub version: String,
    /// `release`, or `debug` where that was insisted on.
    pub profile: String,
    /// The whole command line, word by word.
    pub command: Vec<String>,
    /// When it began, RFC 3339.
    pub began: String,
    /// The processor's name.
    pub cpu: String,
    /// Its cores, as this process sees them.
    pub cores: u32,
    /// The frequency governor; `None` where there is none to be seen, as in most virtual machines.
    pub governor: Option<String>,
    /// The kernel's name and version.
    pub kernel: String,
    /// TCP's congestion control on this machine; connections of the benchmark's and of this program's proxies have another where
    /// it is BBR. `None` where it cannot be read, and in runs of before it was asked for.
    pub congestion_control: Option<String>,
    /// The load average over a minute when it began.
    pub load_average: f64,
    /// Memory of the machine in bytes.
    pub memory: u64,
}

/// What came of one path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PathReport {
    /// `direct`, `raw`, `tls`, `mtls`, `hbone`, or the name that a `--target` was given.
    pub name: String,
    /// What is between client and server there, as a sentence.
    pub means: String,
    /// Connections at once on this path.
    pub connections: u32,
    /// What the source proxy's own record of a connection said of the wire, before anything was measured: `raw`, `tls`, `mtls` or
    /// `hbone`; `None` where no proxy of ours is.
    pub wire: Option<String>,
    /// Each round by itself: all that is known about how sure the figures are.
    pub rounds: Vec<Round>,
    /// All rounds together, from the intended beginning of each unit; `None` for bulk.
    pub latency: Option<Latency>,
    /// All rounds together, from the moment that a unit really began; `None` for bulk.
    pub service: Option<Latency>,
    /// Memory of the proxies; `None` where the path has none or they are not ours to look at.
    pub memory: Option<Memory>,
    /// The highest rate that was kept up, if `--find-max` looked for it, in units per second.
    pub max_rate: Option<f64>,
}

/// One path in one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Round {
    /// How long it took, in nanoseconds.
    pub took: u64,
    /// Units done in that time, whenever they were due: requests, connections; bytes for bulk.
    pub done: u64,
    /// Units that were due in that time and came to nothing, by what was said.
    pub failures: Vec<Failure>,
    /// From the intended beginning; `None` for bulk.
    pub latency: Option<Percentiles>,
    /// From the moment that a unit really began; `None` for bulk.
    pub service: Option<Percentiles>,
    /// Processor time.
    pub cpu: Cpu,
    /// How late the generator itself noticed that a unit was due, 99th percentile, in nanoseconds; `None` without a rate.
    pub lag: Option<u64>,
    /// The part of the machine that others took, 0 to 1: neither we, nor the proxies, nor the server.
    pub others: f64,
}

/// Failures of one sort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// What was said.
    pub says: String,
    /// How often.
    pub times: u64,
}

/// Processor time in nanoseconds; `None` where the process is not there or not ours to look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cpu {
    /// Of the client's proxy; of both, where they are one process.
    pub source: Option<u64>,
    /// Of the server's proxy.
    pub destination: Option<u64>,
    /// Of the server.
    pub server: Option<u64>,
    /// Of the generator.
    pub generator: u64,
}

/// What people ask of a distribution, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Percentiles {
    /// Half were faster.
    pub p50: u64,
    /// 90 %.
    pub p90: u64,
    /// 99 %.
    pub p99: u64,
    /// 99.9 %.
    pub p999: u64,
    /// The slowest.
    pub max: u64,
    /// The arithmetic mean.
    pub mean: u64,
}

/// A whole distribution: its usual figures, and enough points to draw it or to write it as `.hgrm`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// The usual figures.
    pub summary: Percentiles,
    /// The standard deviation in nanoseconds.
    pub deviation: f64,
    /// Values that were counted.
    pub count: u64,
    /// The curve, as HdrHistogram writes it: five steps for each halving of what is above.
    pub curve: Vec<Percentile>,
}

/// A point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Percentile {
    /// 0 to 1.
    pub at: f64,
    /// In nanoseconds.
    pub value: u64,
    /// How many values are no larger.
    pub count: u64,
}

/// Memory of the proxies of one path, in bytes: what they hold of it that is theirs alone or shared (RSS).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    /// Of the client's proxy before any connection; of both, where they are one process.
    pub source_at_rest: u64,
    /// Of the server's proxy before any connection.
    pub destination_at_rest: Option<u64>,
    /// For each connection that does nothing, at the client's proxy; `None` where it was not measured.
    pub source_each: Option<f64>,
    /// For each connection that does nothing, at the server's proxy.
    pub destination_each: Option<f64>,
    /// How many connections that is from.
    pub connections: u32,
    /// How it went while the rounds were measured; each had proxies of its own, where they were the benchmark's.
    pub line: Vec<MemoryPoint>,
}

/// Memory at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryPoint {
    /// Since the first round began, in nanoseconds; pauses between the path's rounds count.
    pub at: u64,
    /// Of the client's proxy, in bytes; of both, where they are one process.
    pub source: u64,
    /// Of the server's proxy, in bytes.
    pub destination: Option<u64>,
}

/// Something that a reader has to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// Its code, as all of them: `bench.generator_is_the_limit`.
    pub code: String,
    /// What it is about, in whole sentences, with figures.
    pub says: String,
    /// Whether the figures stand only with reservations: such a run ends with exit code 6 unless the note was allowed.
    pub doubts: bool,
}

impl Kind for Run {
    const KIND: &'static str = "BenchRun";
}
