//! What `proxy` takes.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use crate::cli::args::running::{AdminAddress, LogArguments, PluggedCa, TapArguments};
use crate::cli::{examples, units};
use crate::mesh::Semantics;
use crate::net::{Capture, Congestion};

/// What `proxy` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::PROXY, arg_required_else_help = true)]
pub struct ProxyArguments {
    /// The mesh: YAML or JSON as from kubectl, or a ztunnel's configuration; `-` for stdin, repeatable
    #[arg(short, long = "file", value_name = "FILE|DIR", required = true)]
    pub files: Vec<PathBuf>,
    /// Whose proxy this is
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub workload: String,
    /// How 15001 and 15006 learn where a connection was meant to go: none, redirect or tproxy [default: none]
    #[arg(long, value_name = "HOW", default_value = "none", value_parser = Capture::from_str)]
    #[arg(hide_default_value = true)]
    pub capture: Capture,
    /// Where 15001, 15006 and 15008 listen; 15080 stays on 127.0.0.1 [default: `::`, both families]
    #[arg(long, value_name = "ADDR")]
    pub bind: Option<IpAddr>,
    /// SO_MARK of the proxy's own sockets, so that redirect rules let them pass; Istio's is 1337
    #[arg(long, value_name = "N", value_parser = mark)]
    pub mark: Option<u32>,
    /// Dial the app from the client's own address, which needs CAP_NET_ADMIN and a way back
    #[arg(long)]
    pub original_source: bool,
    /// How TCP sends within the mesh: an algorithm of the kernel's such as cubic, or system [default: system, or cubic where
    /// that is BBR]
    #[arg(long, value_name = "NAME", value_parser = Congestion::from_str)]
    pub congestion_control: Option<Congestion>,
    /// A CA of your own.
    #[command(flatten)]
    pub plugged: PluggedCa,
    /// The CA's folder, made on first use and shared by all proxies of a mesh [default: certs]
    #[arg(long, value_name = "DIR", default_value = "certs", hide_default_value = true)]
    pub ca_dir: PathBuf,
    /// How long the certificate lives; it is renewed at half of it [default: 24h]
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = units::parse_lifetime)]
    #[arg(hide_default_value = true)]
    pub ttl: Duration,
    /// Refuse, and cut, whom these revocation lists revoke: PEM or DER, watched for changes
    #[arg(long, value_name = "FILE")]
    pub crl: Option<PathBuf>,
    /// istio (as documented) or ztunnel (as it is) [default: the mesh's, or istio]
    #[arg(long, value_name = "WHOSE", value_parser = Semantics::from_str)]
    pub semantics: Option<Semantics>,
    /// The admin API on TCP [default: 127.0.0.1:15000]
    #[arg(long, value_name = "ADDR|none")]
    pub admin: Option<AdminAddress>,
    /// What other commands in this network namespace call it [default: default, then default-2 and so on]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Threads that carry connections [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,
    /// Streams on one tunnel before another is dialled [default: 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub pool_max_streams: Option<u16>,
    /// How long connections may go on after SIGTERM [default: 5s]
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = units::parse_duration)]
    #[arg(hide_default_value = true)]
    pub grace: Duration,
    /// Whether connections are looked into.
    #[command(flatten)]
    pub tap: TapArguments,
    /// What is logged, and how.
    #[command(flatten)]
    pub log: LogArguments,
}

/// Reads a mark as people write them: 1337 or 0x539.
fn mark(text: &str) -> Result<u32, String> {
    let read = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    read.map_err(|problem| format!("expected a number such as 1337 or 0x539: {problem}"))
}
