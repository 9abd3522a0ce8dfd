//! What `probe` takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::args::answer::Story;
use crate::cli::{examples, units};
use crate::hbone::Authority;

/// What `probe` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::PROBE, arg_required_else_help = true)]
pub struct ProbeArguments {
    /// Any address, host name, or service or workload of a running mesh, with its port
    #[arg(value_name = "HOST:PORT")]
    pub target: String,
    /// Show a certificate of this workload or SPIFFE ID, signed now by the running mesh
    #[arg(long, value_name = "WORKLOAD", conflicts_with_all = ["cert", "key"])]
    pub from: Option<String>,
    /// Show this certificate: a file, or a folder with its key
    #[arg(long, value_name = "FILE|DIR")]
    pub cert: Option<PathBuf>,
    /// Its private key, unencrypted PEM [default: the one beside it]
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Ask a tunnel door for this address, which it may connect to [default: the door's own]
    #[arg(long, value_name = "HOST:PORT", value_parser = authority)]
    pub authority: Option<Authority>,
    /// The server name to send [default: HOST, unless it is an address]
    #[arg(long, value_name = "NAME")]
    pub sni: Option<String>,
    /// How long each connection may take to answer [default: 3s]
    #[arg(long, value_name = "DURATION", default_value = "3s", value_parser = units::parse_duration)]
    #[arg(hide_default_value = true)]
    pub timeout: Duration,
    /// How long to wait between connections [default: 200ms]
    #[arg(long, value_name = "DURATION", default_value = "200ms", value_parser = units::parse_duration)]
    #[arg(hide_default_value = true)]
    pub pause: Duration,
    /// text, json or yaml [default: text]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Story::Text)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Story,
    /// Which running mesh [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

fn authority(text: &str) -> Result<Authority, String> {
    Authority::parse(text).map_err(|error| error.to_string())
}
