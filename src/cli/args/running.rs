//! What all commands take that run something in the foreground.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::ca::CaFiles;

/// Where the admin API listens on TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminAddress {
    /// Nowhere: only the context's own socket.
    None,
    /// There.
    At(SocketAddr),
}

impl FromStr for AdminAddress {
    type Err = String;

    /// Reads `none`, `ADDRESS:PORT`, or a port of 127.0.0.1.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let loopback = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        let address = text.parse().or_else(|_| text.parse().map(loopback));
        match (text, address) {
            ("none", _) => Ok(Self::None),
            (_, Ok(address)) => Ok(Self::At(address)),
            _ => Err("expected ADDRESS:PORT such as 127.0.0.1:15000, a port, or `none`".to_owned()),
        }
    }
}

/// The shape of logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogShape {
    /// ztunnel's lines: time, level, target, message, key=value, between tabs
    #[default]
    Plain,
    /// One JSON object a line
    Json,
}

/// Whether connections are looked into.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct TapArguments {
    /// Keep the beginning of each connection and its keys in memory, for trace and capture
    #[arg(long, conflicts_with = "no_tap")]
    pub tap: bool,
    /// Keep nothing of connections but their records
    #[arg(long)]
    pub no_tap: bool,
}

/// What a process in the foreground logs, and how.
#[derive(Clone, Debug, Args)]
pub struct LogArguments {
    /// What is logged: warn, info, debug, or by part as RUST_LOG has it; debug adds a line for each connection that opens
    #[arg(long = "log", value_name = "FILTER", default_value = "info")]
    pub filter: String,
    /// The shape of logs: plain as ztunnel's, or json [default: plain]
    #[arg(long = "log-format", value_name = "SHAPE", value_enum, default_value_t = LogShape::Plain)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub shape: LogShape,
}

/// A CA of the user's own, as files.
#[derive(Clone, Debug, Default, Args)]
pub struct PluggedCa {
    /// A CA of your own: its certificate, with intermediates as in Istio's cacerts
    #[arg(long, value_name = "FILE", requires = "ca_key", conflicts_with = "ca_dir")]
    pub ca_cert: Option<PathBuf>,
    /// Its private key, unencrypted PEM
    #[arg(long, value_name = "FILE", requires = "ca_cert")]
    pub ca_key: Option<PathBuf>,
    /// Its root, or several while one replaces another [default: root-cert.pem beside it, or itself]
    #[arg(long, value_name = "FILE", requires = "ca_cert")]
    pub ca_root: Option<PathBuf>,
}

impl PluggedCa {
    /// Whether one is plugged in.
    pub fn is_plugged(&self) -> bool {
        self.ca_cert.is_some()
    }

    /// Its files, if one is plugged in.
    pub fn files(&self) -> Option<CaFiles> {
        let files = CaFiles::new(self.ca_cert.clone()?, self.ca_key.clone()?);
        Some(CaFiles { root: self.ca_root.clone().or(files.root), ..files })
    }
}
