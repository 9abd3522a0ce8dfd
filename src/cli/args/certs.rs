//! What `certs` takes.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use clap::{Args, Subcommand, ValueEnum};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::analyze::CertificateRole;
use crate::ca::Bend;
use crate::cli::args::answer::{ListArguments, Story};
use crate::cli::args::running::PluggedCa;
use crate::cli::{examples, units};
use crate::identity::SpiffeId;

/// What `certs` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::CERTS, disable_help_subcommand = true, args_conflicts_with_subcommands = true)]
pub struct CertsArguments {
    /// What to do with certificates; without a word, they are listed.
    #[command(subcommand)]
    pub command: Option<CertsCommand>,
    /// How to list them.
    #[command(flatten)]
    pub list: ListArguments,
}

/// What to do with certificates.
#[derive(Debug, Subcommand)]
pub enum CertsCommand {
    /// What each identity of the running mesh shows, until when, and who trusts it
    #[command(after_help = examples::CERTS_LIST)]
    List(ListArguments),
    /// Read certificates: a file, a folder, a workload, or what a TLS server shows
    #[command(after_help = examples::CERTS_INSPECT, arg_required_else_help = true)]
    Inspect(InspectArguments),
    /// Would A accept B, as a client and as a server? Every check, ticked or crossed
    #[command(after_help = examples::CERTS_VERIFY, arg_required_else_help = true)]
    Verify(VerifyArguments),
    /// Issue a certificate, good or wrong on purpose
    #[command(after_help = examples::CERTS_ISSUE, arg_required_else_help = true)]
    Issue(IssueArguments),
    /// Write a workload's certificate, with a key made here, for curl, openssl and other programs
    #[command(after_help = examples::CERTS_EXPORT, arg_required_else_help = true)]
    Export(ExportArguments),
    /// Find what is wrong with certificates before anybody meets them, and which stacks refuse it
    #[command(after_help = examples::CERTS_LINT, arg_required_else_help = true)]
    Lint(LintArguments),
}

/// What `certs inspect` takes.
#[derive(Debug, Args)]
pub struct InspectArguments {
    /// PEM or DER, a folder, `-` for stdin, HOST:PORT, or a workload of a running mesh
    #[arg(value_name = "FILE|DIR|HOST:PORT|WORKLOAD")]
    pub target: String,
    /// text, json, yaml or pem [default: text]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Shape::Text)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Shape,
    /// Show the server this client certificate: a folder or file with its key
    #[arg(long, value_name = "DIR|FILE")]
    pub client: Option<PathBuf>,
    /// Offer the server h2, istio or none as ALPN [default: h2]
    #[arg(long, value_name = "PROTOCOL", value_enum, default_value_t = Alpn::H2)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub alpn: Alpn,
    /// The server name to send [default: HOST, unless it is an address]
    #[arg(long, value_name = "NAME")]
    pub sni: Option<String>,
    /// Give the server up after this long [default: 5s]
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = units::parse_duration)]
    #[arg(hide_default_value = true)]
    pub timeout: Duration,
    /// Which running mesh [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

/// The form of certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// For people
    #[default]
    Text,
    /// One document
    Json,
    /// One document
    Yaml,
    /// The certificates themselves; never a key
    Pem,
}

/// The application protocol to offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Alpn {
    /// HTTP/2, as HBONE does
    #[default]
    H2,
    /// As to a sidecar
    Istio,
    /// No ALPN at all
    None,
}

/// What `certs verify` takes.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// Who verifies: a file or folder with its roots, or a workload of a running mesh
    #[arg(value_name = "A")]
    pub verifier: String,
    /// Whom: a file or folder with its chain, or a workload
    #[arg(value_name = "B")]
    pub peer: String,
    /// B is the client, or the server [default: one after the other]
    #[arg(long = "as", value_name = "client|server", value_enum)]
    #[arg(hide_possible_values = true)]
    pub role: Option<PeerRole>,
    /// A's trust domain [default: that of its own certificate, or B's]
    #[arg(long, value_name = "NAME")]
    pub trust_domain: Option<String>,
    /// Another name of A's trust domain, as in trustDomainAliases; repeatable
    #[arg(long, value_name = "NAME")]
    pub alias: Vec<String>,
    /// The identity that A expects of a server; repeatable [default: B's own]
    #[arg(long, value_name = "spiffe://…")]
    pub expect: Vec<SpiffeId>,
    /// A's revocation lists: PEM or DER
    #[arg(long, value_name = "FILE")]
    pub crl: Option<PathBuf>,
    /// At another time: +25h, -1h or 2026-11-21T06:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = Moment::from_str, allow_hyphen_values = true)]
    pub at: Option<Moment>,
    /// text, json or yaml [default: text]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Story::Text)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Story,
    /// Which running mesh [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

/// Who B is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PeerRole {
    /// It connects to A
    Client,
    /// A connects to it
    Server,
}

/// A time, perhaps seen from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// So much later.
    In(Duration),
    /// So much earlier.
    Ago(Duration),
    /// Then.
    At(SystemTime),
}

impl Moment {
    /// The time itself; one that no clock can show is `now`.
    pub fn from(self, now: SystemTime) -> SystemTime {
        match self {
            Self::In(later) => now.checked_add(later).unwrap_or(now),
            Self::Ago(earlier) => now.checked_sub(earlier).unwrap_or(now),
            Self::At(then) => then,
        }
    }

    /// How far ahead of `now` it is; negative for what is past.
    pub fn ahead(self, now: SystemTime) -> time::Duration {
        OffsetDateTime::from(self.from(now)) - OffsetDateTime::from(now)
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(later) = text.strip_prefix('+') {
            return units::parse_duration(later).map(Self::In);
        }
        if let Some(earlier) = text.strip_prefix('-') {
            return units::parse_duration(earlier).map(Self::Ago);
        }
        let at = OffsetDateTime::parse(text, &Rfc3339);
        at.map(|at| Self::At(at.into()))
            .map_err(|problem| format!("expected +25h, -1h or 2026-11-21T06:00:00Z: {problem}"))
    }
}

/// What `certs issue` takes.
#[derive(Debug, Args)]
pub struct IssueArguments {
    /// For whom [default: the profile's]
    #[arg(long, value_name = "spiffe://…", required_unless_present_any = ["profile", "list_bends"])]
    pub id: Option<SpiffeId>,
    /// What is wrong with it, on purpose: expired, two-sans, same-name-root … (--list-bends has all) [default: the profile's, or none]
    #[arg(long, value_name = "BEND", value_parser = Bend::from_str)]
    pub bend: Option<Bend>,
    /// A file that says id, bend and ttl, as those in certs/profiles
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// A CA of your own.
    #[command(flatten)]
    pub plugged: PluggedCa,
    /// The CA's folder, made on first use [default: certs]
    #[arg(long, value_name = "DIR", default_value = "certs", hide_default_value = true)]
    pub ca_dir: PathBuf,
    /// How long it lives [default: the profile's, or 24h]
    #[arg(long, value_name = "DURATION", value_parser = units::parse_lifetime)]
    pub ttl: Option<Duration>,
    /// Where key.pem, cert-chain.pem and root-cert.pem go; never replaces a file
    #[arg(long, value_name = "DIR", required_unless_present = "list_bends")]
    pub out: Option<PathBuf>,
    /// Print every bend and what it does
    #[arg(long)]
    pub list_bends: bool,
}

/// What `certs export` takes.
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// Whose: a workload of the running mesh, in any spelling
    #[arg(value_name = "WORKLOAD")]
    pub workload: String,
    /// Where key.pem, cert-chain.pem and root-cert.pem go [default: ./NAME.NAMESPACE]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Where the printed lines lead [default: a STRICT port of another workload]
    #[arg(long, value_name = "WORKLOAD[:PORT]")]
    pub to: Option<String>,
    /// How long it lives; never longer than the mesh's own certificates [default: 1h]
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = units::parse_lifetime)]
    #[arg(hide_default_value = true)]
    pub ttl: Duration,
    /// Replace files that are there, and take it from a plugged-in CA, too
    #[arg(long)]
    pub force: bool,
    /// text, json or yaml [default: text]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Story::Text)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Story,
    /// Which running mesh [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

/// What `certs lint` takes.
#[derive(Debug, Args)]
pub struct LintArguments {
    /// PEM or DER, a folder, `-` for stdin, HOST:PORT, or a workload of a running mesh
    #[arg(value_name = "FILE|DIR|HOST:PORT|WORKLOAD")]
    pub target: String,
    /// What it is meant to be: workload, intermediate or root [default: by its place and what it says]
    #[arg(long, value_name = "ROLE", value_parser = CertificateRole::from_str)]
    pub role: Option<CertificateRole>,
    /// The trust domain that workloads must have [default: any]
    #[arg(long, value_name = "NAME")]
    pub trust_domain: Option<String>,
    /// text, json or yaml [default: text]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Story::Text)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Story,
    /// Which running mesh [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100_000);
        let check = |text: &str, expect: Option<u64>| {
            let found = text.parse::<Moment>().ok().map(|moment| moment.from(now));
            assert_eq!(
                found,
                expect.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)),
                "{text}"
            );
        };
        check("+1h", Some(103_600));
        check("-1h", Some(96_400));
        check("1970-01-01T00:00:07Z", Some(7));
        check("1h", None);
        check("tomorrow", None);
        check("-99999999999999999h", None);
    }
}
