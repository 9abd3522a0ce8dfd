//! Arguments: what can be typed, and nothing about what it does.

mod answer;
mod bench;
mod target;
mod certs;
mod probe;
mod proxy;
mod repro;
mod running;
mod seen;
mod up;
mod why;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::analyze::{Level, UnknownLevel};
use crate::cli::{examples, units};
use crate::explain::Manner;
use crate::mesh::Semantics;
use crate::policy::MtlsMode;

pub use answer::{Format, ListArguments, Story};
pub use bench::{
    BenchArguments, BenchCommand, BenchServeArguments, BulkArguments, ChildArguments, CompareArguments,
    ComparisonShape, Figures, LoadArguments, PacedArguments, PathKind, RateWish, ReportArguments,
    ReportShape, Role, Way,
};
pub use certs::{
    Alpn, CertsArguments, CertsCommand, ExportArguments, InspectArguments, IssueArguments, LintArguments,
    Moment, PeerRole, Shape, VerifyArguments,
};
pub use probe::ProbeArguments;
pub use proxy::ProxyArguments;
pub use repro::{
    Catalogue, FixArguments, Outcome, PlayArguments, ReproArguments, ReproCommand, ReproListArguments,
    ReproRunArguments, ReproShowArguments, TestArguments,
};
pub use running::{AdminAddress, LogArguments, LogShape, PluggedCa, TapArguments};
pub use seen::{CaptureArguments, Drawing, TraceArguments};
pub use target::Target;
pub use up::UpArguments;
pub use why::WhyArguments;

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "glasstunnel", version, about = examples::ABOUT, long_about = None, after_help = examples::TOP)]
#[command(max_term_width = 100, arg_required_else_help = true, subcommand_required = true)]
#[command(disable_help_subcommand = true)]
pub struct Arguments {
    /// auto, always or never; auto obeys NO_COLOR [default: auto]
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    #[arg(hide_possible_values = true, hide_default_value = true, display_order = 900)]
    pub color: Color,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On terminals, unless NO_COLOR is set; always with CLICOLOR_FORCE
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a mesh in the foreground: the demo mesh, or your own YAML
    Up(UpArguments),
    /// Run the proxy of one workload, as ztunnel's dedicated mode does
    Proxy(ProxyArguments),
    /// Run a program as if inside a pod of the mesh, like `kubectl exec`
    Exec(ExecArguments),
    /// Look into the running mesh, like `istioctl ztunnel-config`
    #[command(visible_alias = "zc")]
    Config(ConfigArguments),
    /// Say what happened to a connection at each step, on both ends, and why
    Explain(ExplainArguments),
    /// Draw one connection as a sequence, its encrypted handshake included
    Trace(TraceArguments),
    /// Write connections to a file that Wireshark opens decrypted
    Capture(CaptureArguments),
    /// List the documents of the running mesh, like `kubectl get`
    Get(GetArguments),
    /// Put documents into the running mesh, like `kubectl apply`
    Apply(ApplyArguments),
    /// Take documents out of the running mesh, like `kubectl delete`
    Delete(DeleteArguments),
    /// Make a workload STRICT, or find out first who would break
    Strict(StrictArguments),
    /// Find what YAML says and does not do, like `istioctl analyze`
    Analyze(AnalyzeArguments),
    /// Read, compare, check and issue certificates, good ones and bad ones
    Certs(CertsArguments),
    /// Find out what any port accepts, raw, TLS, mTLS or HBONE, and which mode it behaves like
    Probe(ProbeArguments),
    /// Reproduce any of the known failures here, both ends of it, and mend it
    Repro(ReproArguments),
    /// Run scenarios of your own: a mesh, clients, and what both ends must see
    Test(TestArguments),
    /// Measure what each layer of the mesh costs: handshakes, connections, requests, bytes
    Bench(BenchArguments),
    /// Say what may be behind an error text or a log, and what decides it
    Why(WhyArguments),
}

/// What `exec` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::EXEC, override_usage = "glasstunnel exec [--context NAME] WORKLOAD[.NAMESPACE] -- CMD [ARG]…")]
pub struct ExecArguments {
    /// Which running mesh [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// reviews, reviews.default, default/reviews, spiffe://…, or an address
    #[arg(value_name = "WORKLOAD[.NAMESPACE]")]
    pub workload: String,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<std::ffi::OsString>,
}

/// What `config` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::CONFIG, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct ConfigArguments {
    /// What to list.
    #[command(subcommand)]
    pub noun: ConfigNoun,
}

/// What to list.
#[derive(Debug, Subcommand)]
pub enum ConfigNoun {
    /// Workloads, and how peers reach them (w, workload)
    #[command(aliases = ["workload", "w"], after_help = examples::WORKLOADS)]
    Workloads(ListArguments),
    /// Services, and how many workloads stand behind them (s, svc, service)
    #[command(aliases = ["service", "svc", "s"], after_help = examples::SERVICES)]
    Services(ListArguments),
    /// Policies as written; ACTION of a PeerAuthentication is its mode (p, pol, policy)
    #[command(aliases = ["policy", "pol", "p"], after_help = examples::POLICIES)]
    Policies(ListArguments),
    /// What each identity shows and whom it trusts; never a key (cert, certs, certificate)
    #[command(aliases = ["certificate", "certs", "cert"], after_help = examples::CERTIFICATES)]
    Certificates(ListArguments),
    /// Connections, one line for each side (cons, connection)
    #[command(aliases = ["connection", "cons"], after_help = examples::CONNECTIONS)]
    Connections(ConnectionArguments),
    /// Everything, table by table
    #[command(after_help = examples::ALL)]
    All(ListArguments),
}

/// How to list connections.
#[derive(Clone, Debug, Args)]
pub struct ConnectionArguments {
    /// Also those that ended, the last 10,000
    #[arg(long)]
    pub finished: bool,
    /// How to list them.
    #[command(flatten)]
    pub list: ListArguments,
}

/// What `explain` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::EXPLAIN, arg_required_else_help = true)]
#[command(override_usage = "glasstunnel explain ID
       glasstunnel explain --from WHO --to NAME:PORT [--as WIRE] [--under MODE] [-f FILE|DIR]…")]
pub struct ExplainArguments {
    /// A finished connection's number: 17 or '#17'
    #[arg(value_name = "ID", value_parser = units::connection_id, conflicts_with_all = ["from", "to", "files"])]
    pub id: Option<u64>,
    /// Who would call: a workload, an IP address, or a SPIFFE ID
    #[arg(long, value_name = "WHO", required_unless_present = "id", requires = "to")]
    pub from: Option<String>,
    /// What would be dialled: a service and its port, or a workload and its port
    #[arg(long, value_name = "NAME:PORT", required_unless_present = "id", requires = "from")]
    pub to: Option<String>,
    /// What the client speaks itself: hbone, mtls, tls or raw [default: its proxy chooses]
    #[arg(long = "as", value_name = "WIRE", value_parser = Manner::from_str, requires = "from")]
    pub manner: Option<Manner>,
    /// What if the workload had this mode: STRICT, PERMISSIVE or DISABLE?
    #[arg(long, value_name = "MODE", value_parser = mode, requires = "from")]
    pub under: Option<MtlsMode>,
    /// The mesh of these files instead of a running one; `-` for stdin, repeatable
    #[arg(short, long = "file", value_name = "FILE|DIR", requires = "from")]
    pub files: Vec<PathBuf>,
    /// istio (as documented) or ztunnel (as it is), with -f [default: the mesh's, or istio]
    #[arg(long, value_name = "WHOSE", value_parser = Semantics::from_str, requires = "files")]
    pub semantics: Option<Semantics>,
    /// text, json or yaml [default: text]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Story::Text)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Story,
    /// Which running mesh [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

/// What `get` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::GET, arg_required_else_help = true)]
pub struct GetArguments {
    /// pa, ap, dr, svc, po, deploy, ns, …, several with commas, or all; then names, or KIND/NAME
    #[arg(value_name = "KIND [NAME]…", required = true)]
    pub what: Vec<String>,
    /// In this namespace [default: default]
    #[arg(short, long, value_name = "NS", conflicts_with = "all_namespaces")]
    pub namespace: Option<String>,
    /// In all namespaces
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
    /// table, wide, json, yaml, jsonl or name [default: table]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Format,
    /// Leave the header line out
    #[arg(long)]
    pub no_headers: bool,
    /// Which running mesh [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

/// What `apply` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::APPLY, arg_required_else_help = true)]
pub struct ApplyArguments {
    /// YAML or JSON, `-` for stdin, repeatable; all of it is applied, or nothing
    #[arg(short, long = "file", value_name = "FILE|DIR", required = true)]
    pub files: Vec<PathBuf>,
    /// Only say what it would do
    #[arg(long)]
    pub dry_run: bool,
    /// Which running mesh [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

/// What `delete` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::DELETE, arg_required_else_help = true)]
pub struct DeleteArguments {
    /// A kind and names, or KIND/NAME…
    #[arg(value_name = "KIND NAME", conflicts_with = "files")]
    pub what: Vec<String>,
    /// The documents that these files name; `-` for stdin, repeatable
    #[arg(short, long = "file", value_name = "FILE|DIR")]
    pub files: Vec<PathBuf>,
    /// In this namespace [default: default]
    #[arg(short, long, value_name = "NS")]
    pub namespace: Option<String>,
    /// Which running mesh [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

/// What `strict` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::STRICT, arg_required_else_help = true)]
pub struct StrictArguments {
    /// A workload or a service, with a port or without: reviews, reviews:9080
    #[arg(value_name = "TARGET[:PORT]")]
    pub target: String,
    /// Change nothing: replay the connections on record through the candidate policy
    #[arg(long)]
    pub dry_run: bool,
    /// With --dry-run, observe that long first; without, take the change back after that long
    #[arg(long = "for", value_name = "DURATION", value_parser = units::parse_duration)]
    pub period: Option<Duration>,
    /// text, json, or yaml (the policy) with --dry-run [default: text]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Rehearsed::Text)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Rehearsed,
    /// Which running mesh [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

/// The form of a rehearsal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Rehearsed {
    /// A table and what to do
    #[default]
    Text,
    /// One document
    Json,
    /// The policy that would make it so
    Yaml,
}

/// What `analyze` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::ANALYZE)]
pub struct AnalyzeArguments {
    /// YAML or JSON as from kubectl, `-` for stdin [default: the running mesh]
    #[arg(value_name = "FILE|DIR")]
    pub files: Vec<PathBuf>,
    /// Make the changes that leave no choice, in the files themselves
    #[arg(long, requires = "files")]
    pub fix: bool,
    /// Exit 1 from this level on: info, warning, error or never [default: error]
    #[arg(long, value_name = "LEVEL", default_value = "error", value_parser = Threshold::from_str)]
    #[arg(hide_default_value = true)]
    pub failure_threshold: Threshold,
    /// istio (as documented) or ztunnel (as it is) [default: the mesh's, or istio]
    #[arg(long, value_name = "WHOSE", value_parser = Semantics::from_str, requires = "files")]
    pub semantics: Option<Semantics>,
    /// The mesh to look at, needed only when several run
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// text, json or yaml [default: text]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Story::Text)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Story,
    /// Print every code, what it is about and how bad it is
    #[arg(long)]
    pub list_codes: bool,
}

/// From which level on findings are a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// From this one on.
    At(Level),
    /// They never are.
    Never,
}

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "never" => Ok(Self::Never),
            level => level.parse().map(Self::At).map_err(|error: UnknownLevel| format!("{error}; or never")),
        }
    }
}

/// A mode that holds, in any case: a flag is no document.
fn mode(text: &str) -> Result<MtlsMode, String> {
    match MtlsMode::read(&text.to_ascii_uppercase()) {
        Ok(Some(mode)) => Ok(mode),
        _ => Err("expected STRICT, PERMISSIVE or DISABLE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_agree_with_each_other() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }

    #[test]
    fn admin_addresses_are_read() {
        let check =
            |text: &str, expect: Option<AdminAddress>| assert_eq!(text.parse().ok(), expect, "{text:?}");
        let at = |text: &str| Some(AdminAddress::At(text.parse().unwrap()));
        check("none", Some(AdminAddress::None));
        check("127.0.0.1:15000", at("127.0.0.1:15000"));
        check("[::1]:15000", at("[::1]:15000"));
        check("0", at("127.0.0.1:0"));
        check("70000", None);
        check("localhost:15000", None);
        check("", None);
    }
}
