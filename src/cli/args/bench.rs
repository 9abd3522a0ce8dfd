//! What `bench` takes.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::args::target::Target;
use crate::cli::{examples, units};
use crate::load::{DOUBTS, FailIf, LARGEST};

/// What `bench` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::BENCH, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct BenchArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: BenchCommand,
}

/// What to measure, or to do with what was measured.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// New connections, each over a tunnel of its own: what handshakes cost
    #[command(after_help = examples::BENCH_HANDSHAKE)]
    Handshake(PacedArguments),
    /// New connections over tunnels that are there already
    #[command(after_help = examples::BENCH_CONNECT)]
    Connect(PacedArguments),
    /// Requests and answers on connections that stay
    #[command(after_help = examples::BENCH_RR)]
    Rr(PacedArguments),
    /// Bytes, as many as go through
    #[command(after_help = examples::BENCH_BULK)]
    Bulk(BulkArguments),
    /// The server of the benchmark by itself, to stand behind a --target
    #[command(after_help = examples::BENCH_SERVE)]
    Serve(BenchServeArguments),
    /// Hold two runs against each other: what is better, worse, or no different
    #[command(after_help = examples::BENCH_COMPARE, arg_required_else_help = true)]
    Compare(CompareArguments),
    /// Show a run that was saved
    #[command(after_help = examples::BENCH_REPORT, arg_required_else_help = true)]
    Report(ReportArguments),
    /// A process of the benchmark's own, which ends when its standard input does
    #[command(hide = true)]
    Child(ChildArguments),
}

/// How fast to ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RateWish {
    /// Half of what the slowest path does when it is asked as fast as it answers.
    Half,
    /// As fast as it answers.
    Max,
    /// So many units per second.
    Of(f64),
}

impl FromStr for RateWish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (digits, factor) = match text.strip_suffix('k') {
            Some(digits) => (digits, 1_000.0),
            None => (text, 1.0),
        };
        match (text, digits.parse::<f64>()) {
            ("half", _) => Ok(Self::Half),
            ("max", _) => Ok(Self::Max),
            // A billion a second is a unit each nanosecond, which no clock here tells apart.
            (_, Ok(rate)) if rate * factor >= 1.0 && rate * factor <= 1e9 => Ok(Self::Of(rate * factor)),
            _ => Err("expected units per second such as 5000 or 20k, or `half` or `max`".to_owned()),
        }
    }
}

/// What all works but bulk take.
#[derive(Debug, Args)]
pub struct PacedArguments {
    /// Units per second (20k is 20,000), `half` of what the slowest path can, or `max` [default: half]
    #[arg(long, value_name = "R|half|max", value_parser = RateWish::from_str)]
    pub rate: Option<RateWish>,
    /// The same as --rate max: each connection asks again as soon as it was answered
    #[arg(long, conflicts_with = "rate")]
    pub closed: bool,
    /// Also look for the highest rate that each path keeps up with
    #[arg(long)]
    pub find_max: bool,
    /// Up to which p99 a path keeps up, for --find-max [default: 10ms]
    #[arg(long, value_name = "DURATION", default_value = "10ms", value_parser = units::parse_duration)]
    #[arg(hide_default_value = true, requires = "find_max")]
    pub max_p99: Duration,
    /// Bytes of a request [default: 128]
    #[arg(long, value_name = "BYTES", default_value_t = 128, hide_default_value = true, value_parser = size())]
    pub request: u32,
    /// Bytes of an answer [default: 1024]
    #[arg(long, value_name = "BYTES", default_value_t = 1_024, hide_default_value = true, value_parser = size())]
    pub response: u32,
    /// What all works take.
    #[command(flatten)]
    pub load: LoadArguments,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// From the client to the server
    Up,
    /// From the server to the client
    Down,
}

/// What `bench bulk` takes.
#[derive(Debug, Args)]
pub struct BulkArguments {
    /// up (client to server) or down [default: down]
    #[arg(long, value_name = "WAY", value_enum, default_value_t = Way::Down)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub direction: Way,
    /// Bytes that are written at once [default: 65536]
    #[arg(long, value_name = "BYTES", default_value_t = 65_536, hide_default_value = true, value_parser = size())]
    pub chunk: u32,
    /// What all works take.
    #[command(flatten)]
    pub load: LoadArguments,
}

/// A path of the benchmark's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum PathKind {
    /// No proxy
    Direct,
    /// Both proxies, plaintext
    Raw,
    /// Both proxies, TLS that the client's originates
    Tls,
    /// Both proxies, mutual TLS between them
    Mtls,
    /// Both proxies, HTTP/2 CONNECT in mutual TLS
    Hbone,
}

/// What all works take.
#[derive(Debug, Args)]
pub struct LoadArguments {
    /// direct, raw, tls, mtls, hbone; each layer's price is the step to the next [default: all]
    #[arg(long, value_name = "PATH,…", value_enum, value_delimiter = ',', hide_possible_values = true)]
    pub path: Vec<PathKind>,
    /// Another path, through proxies that run already: whose processor time counts, and which process is `bench serve`
    #[arg(long, value_name = "NAME=[socks5://ADDR/]HOST:PORT[,pid=N]…[,server=N]", value_parser = Target::from_str)]
    pub target: Vec<Target>,
    /// Connections at once; each of a list is a path of its own [default: rr 64, bulk 1,4,16, others 16]
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub connections: Vec<u32>,
    /// How long each path is measured in each round [default: 5s]
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = positive)]
    #[arg(hide_default_value = true)]
    pub duration: Duration,
    /// Rounds, in each of which every path has its turn [default: 5]
    #[arg(long, value_name = "N", default_value_t = 5, hide_default_value = true, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub rounds: u32,
    /// How long each runs before it counts [default: 1s]
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = units::parse_duration)]
    #[arg(hide_default_value = true)]
    pub warmup: Duration,
    /// Worker threads of each proxy [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,
    /// Streams on one tunnel before another is dialled [default: 100; handshake: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub pool_max_streams: Option<u16>,
    /// Workloads in the mesh besides those that speak [default: 0]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(u32).range(..=60_000))]
    pub workloads: u32,
    /// AuthorizationPolicies in the mesh that are about others [default: 0]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub policies: u32,
    /// Both proxies in one process
    #[arg(long)]
    pub one_process: bool,
    /// Idle connections to measure memory with, through a --target before its rounds; 0 measures none
    /// [default: 1000]
    #[arg(long, value_name = "N", default_value_t = 1_000, hide_default_value = true, value_parser = clap::value_parser!(u32).range(..=20_000))]
    pub idle: u32,
    /// What to call the run [default: the work and the time]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Where runs are kept [default: .glasstunnel/runs]
    #[arg(long, value_name = "DIR", default_value = RUNS, hide_default_value = true)]
    pub save: PathBuf,
    /// Keep nothing
    #[arg(long, conflicts_with_all = ["save", "name"])]
    pub no_save: bool,
    /// A note that may doubt the figures without exit 6: bench.noisy_machine
    #[arg(long, value_name = "CODE", value_parser = DOUBTS, hide_possible_values = true)]
    pub allow: Vec<String>,
    /// Measure a debug build all the same
    #[arg(long)]
    pub insist: bool,
    /// table, wide or json [default: table]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Figures::Table)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Figures,
}

/// Where runs are kept.
const RUNS: &str = ".glasstunnel/runs";

/// The form of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Figures {
    /// For people
    #[default]
    Table,
    /// The same with more columns
    Wide,
    /// One document
    Json,
}

/// What `bench serve` takes.
#[derive(Debug, Args)]
pub struct BenchServeArguments {
    /// Where to listen [default: 127.0.0.1 and any free port]
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", hide_default_value = true)]
    pub listen: SocketAddr,
}

/// How a comparison is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ComparisonShape {
    /// A table.
    #[default]
    Table,
    /// One document.
    Json,
    /// A table for a pull request.
    Markdown,
}

/// How a run is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportShape {
    /// A table.
    #[default]
    Table,
    /// The same with more columns.
    Wide,
    /// The document.
    Json,
    /// A page for a browser.
    Html,
    /// HdrHistogram's text form.
    Hgrm,
}

/// What `bench compare` takes.
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// The run before: its name, or a .json file
    #[arg(value_name = "A")]
    pub before: String,
    /// The run after
    #[arg(value_name = "B")]
    pub after: String,
    /// Exit 1 if a figure changed by more than that: p99>+5%, hbone.rate<-2%
    #[arg(long, value_name = "[PATH.]METRIC(>+|<-)N%", value_parser = FailIf::from_str)]
    pub fail_if: Vec<FailIf>,
    /// Also runs of other machines, works or settings
    #[arg(long)]
    pub force: bool,
    /// Where runs are kept [default: .glasstunnel/runs]
    #[arg(long, value_name = "DIR", default_value = RUNS, hide_default_value = true)]
    pub runs: PathBuf,
    /// table, json or markdown [default: table]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = ComparisonShape::Table)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: ComparisonShape,
}

/// What `bench report` takes.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// The run: its name, or a .json file
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Where runs are kept [default: .glasstunnel/runs]
    #[arg(long, value_name = "DIR", default_value = RUNS, hide_default_value = true)]
    pub runs: PathBuf,
    /// Write it there instead
    #[arg(short, long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// table, wide, json, html or hgrm [default: table]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = ReportShape::Table)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: ReportShape,
}

/// Which process of the benchmark's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// The client's proxy
    Source,
    /// The server's proxy
    Destination,
    /// Both proxies
    Both,
    /// The server
    Server,
}

/// What `bench child` takes.
#[derive(Debug, Args)]
pub struct ChildArguments {
    /// Which one it is
    #[arg(value_enum)]
    pub role: Role,
    /// The folder of the run: the mesh, the CA, the server's certificate
    #[arg(long)]
    pub folder: PathBuf,
    /// The second octet of the mesh's addresses, which the parent holds
    #[arg(long, default_value_t = 0)]
    pub block: u8,
    /// Worker threads
    #[arg(long, default_value_t = 1)]
    pub workers: usize,
    /// Streams on one tunnel
    #[arg(long, default_value_t = 100)]
    pub pool_max_streams: usize,
}

fn size() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=i64::from(LARGEST))
}

fn positive(text: &str) -> Result<Duration, String> {
    match units::parse_duration(text)? {
        Duration::ZERO => Err("expected more than nothing".to_owned()),
        duration => Ok(duration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        let check = |text: &str, expect: Option<RateWish>| {
            assert_eq!(text.parse::<RateWish>().ok(), expect, "{text}");
        };
        check("half", Some(RateWish::Half));
        check("max", Some(RateWish::Max));
        check("20k", Some(RateWish::Of(20_000.0)));
        check("1.5k", Some(RateWish::Of(1_500.0)));
        check("777", Some(RateWish::Of(777.0)));
        for wrong in ["", "k", "0", "-1", "nan", "inf", "1e10", "20K", "fast"] {
            check(wrong, None);
        }
    }
}
