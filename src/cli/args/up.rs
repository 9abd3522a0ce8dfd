//! What `up` takes.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use crate::cli::args::running::{AdminAddress, LogArguments, PluggedCa, TapArguments};
use crate::cli::{examples, units};
use crate::mesh::Semantics;

/// What `up` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::UP)]
pub struct UpArguments {
    /// YAML or JSON as from kubectl, `-` for stdin, repeatable [default: demo mesh]
    #[arg(short, long = "file", value_name = "FILE|DIR")]
    pub files: Vec<PathBuf>,
    /// Give each pod a network namespace, where any program is captured, with no proxy settings
    #[arg(long)]
    pub netns: bool,
    /// Take over what changes in these files while the mesh runs
    #[arg(long, requires = "files")]
    pub watch: bool,
    /// Print the mesh as YAML that `up -f` reads back, and exit
    #[arg(long)]
    pub print_mesh: bool,
    /// istio (as documented) or ztunnel (as it is) [default: the mesh's, or istio]
    #[arg(long, value_name = "WHOSE", value_parser = Semantics::from_str)]
    pub semantics: Option<Semantics>,
    /// Keep the CA here for next time, in `certs` if no folder is named [default: a new one in memory]
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "certs")]
    pub ca_dir: Option<PathBuf>,
    /// A CA of your own.
    #[command(flatten)]
    pub plugged: PluggedCa,
    /// Put an intermediate between a new CA's root and the workloads
    #[arg(long)]
    pub ca_intermediate: bool,
    /// Refuse, and cut, whom these revocation lists revoke: PEM or DER, watched for changes
    #[arg(long, value_name = "FILE")]
    pub crl: Option<PathBuf>,
    /// How long certificates live; they are renewed at half of it [default: 24h]
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = units::parse_lifetime)]
    #[arg(hide_default_value = true)]
    pub ttl: Duration,
    /// What other commands call this mesh [default: default, then default-2 and so on]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// The admin API on TCP [default: port 15000 of the mesh's address]
    #[arg(long, value_name = "ADDR|none")]
    pub admin: Option<AdminAddress>,
    /// Threads that carry connections [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,
    /// How long connections may go on after Ctrl-C [default: 5s]
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = units::parse_duration)]
    #[arg(hide_default_value = true)]
    pub grace: Duration,
    /// Whether connections are looked into.
    #[command(flatten)]
    pub tap: TapArguments,
    /// Also write ztunnel's access log, to stderr
    #[arg(long)]
    pub access_log: bool,
    /// What is logged, and how.
    #[command(flatten)]
    pub log: LogArguments,
}
