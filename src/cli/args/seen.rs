//! What `trace` and `capture` take.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::args::connection_id;
use crate::cli::{examples, units};
use crate::explain::Manner;
use crate::mesh::Semantics;

/// What `trace` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::TRACE, arg_required_else_help = true)]
#[command(override_usage = "glasstunnel trace ID [--bytes]
       glasstunnel trace --from WHO --to NAME:PORT [--as WIRE] [--fresh-tunnel] [-f FILE|DIR]…")]
pub struct TraceArguments {
    /// A finished connection's number: 17 or '#17'
    #[arg(value_name = "ID", value_parser = connection_id, conflicts_with_all = ["from", "to", "files"])]
    pub id: Option<u64>,
    /// The workload that calls
    #[arg(long, value_name = "WHO", required_unless_present = "id", requires = "to")]
    pub from: Option<String>,
    /// What it dials: a service and its port, or a workload and its port
    #[arg(long, value_name = "NAME:PORT", required_unless_present = "id", requires = "from")]
    pub to: Option<String>,
    /// Go past the caller's proxy, and speak hbone, mtls, tls or raw to the door
    #[arg(long = "as", value_name = "WIRE", value_parser = Manner::from_str, requires = "from")]
    pub manner: Option<Manner>,
    /// Make a tunnel of its own, so that there is a handshake to see
    #[arg(long, requires = "from")]
    pub fresh_tunnel: bool,
    /// Start the mesh of these files for this one connection; `-` for stdin, repeatable
    #[arg(short, long = "file", value_name = "FILE|DIR", requires = "from")]
    pub files: Vec<PathBuf>,
    /// istio (as documented) or ztunnel (as it is), with -f [default: the mesh's, or istio]
    #[arg(long, value_name = "WHOSE", value_parser = Semantics::from_str, requires = "files")]
    pub semantics: Option<Semantics>,
    /// Explain each message field by field, and what somebody on the network sees of it
    #[arg(long)]
    pub bytes: bool,
    /// text, json, yaml, mermaid or svg [default: text]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Drawing::Text)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Drawing,
    /// Which running mesh [default: the only one]
    #[arg(long, value_name = "NAME", conflicts_with = "files")]
    pub context: Option<String>,
}

/// The form of a sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Drawing {
    /// For a terminal
    #[default]
    Text,
    /// One document
    Json,
    /// One document
    Yaml,
    /// For Markdown that renders Mermaid, as GitHub's does
    Mermaid,
    /// A picture
    Svg,
}

/// What `capture` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::CAPTURE, arg_required_else_help = true)]
#[command(override_usage = "glasstunnel capture --conn ID -w FILE
       glasstunnel capture [--last DURATION|--for DURATION] -w FILE")]
pub struct CaptureArguments {
    /// One finished connection
    #[arg(long = "conn", value_name = "ID", value_parser = connection_id)]
    pub id: Option<u64>,
    /// Those that began in the last while [default: all that are kept]
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration, conflicts_with = "id")]
    pub last: Option<Duration>,
    /// Those that begin and end from now on for so long
    #[arg(long = "for", value_name = "DURATION", value_parser = units::parse_duration)]
    #[arg(conflicts_with_all = ["id", "last"])]
    pub period: Option<Duration>,
    /// The file to write, pcapng with the keys in it; `-` for stdout
    #[arg(short, long = "write", value_name = "FILE")]
    pub write: PathBuf,
    /// Even though the CA is plugged in, or the file exists
    #[arg(long)]
    pub force: bool,
    /// Which running mesh [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}
