//! [`CliError`]: everything that can end a command early.

use std::io;
use std::path::PathBuf;

use crate::admin::{ClientError, ContextError};
use crate::app::StartError;
use crate::ca::CaError;
use crate::cli::child::ChildError;
use crate::explain::QuestionError;
use crate::identity::IdentityError;
use crate::load::{BenchError, LoadError};
use crate::mesh::UnknownName;
use crate::netns::NetnsError;
use crate::reason::{Reason, Side};
use crate::resources::{LoadErrors, UnknownKind};
use crate::scenario::ScenarioError;
use crate::telemetry::LoggingError;
use crate::tls::TlsError;

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// No running mesh could be picked.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// The running mesh did not answer, or said no.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The program of `exec` could not be run.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// The answer could not be written; a closed pipe is no error to the reader who closed it.
    #[error("cannot write the answer")]
    Write(#[source] io::Error),
    /// The mesh's documents are wrong.
    #[error(transparent)]
    Load(#[from] LoadErrors),
    /// A word that is no kind.
    #[error(transparent)]
    Kind(#[from] UnknownKind),
    /// `get` finds no object of that name.
    #[error("{object} not found")]
    NotFound {
        /// What was asked for, as kubectl calls it.
        object: String,
        /// What there is.
        names: Vec<String>,
    },
    /// `delete` without a name would delete all.
    #[error("expected the name of a {kind}, found none")]
    Nameless {
        /// The kind.
        kind: &'static str,
    },
    /// No workload is called that.
    #[error(transparent)]
    Workload(UnknownName),
    /// The question of `explain` cannot be asked.
    #[error(transparent)]
    Question(#[from] QuestionError),
    /// A network namespace cannot be had, or entered.
    #[error(transparent)]
    Network(#[from] NetnsError),
    /// The mesh could not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The logs cannot be set up.
    #[error(transparent)]
    Logging(#[from] LoggingError),
    /// Standard input cannot be read.
    #[error("cannot read standard input")]
    Read(#[source] io::Error),
    /// The file that `SSLKEYLOGFILE` names cannot be written.
    #[error("cannot open {} to add keys to it, as SSLKEYLOGFILE says", .path.display())]
    KeyLog {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A capture file cannot be written.
    #[error("cannot write {}", .path.display())]
    Capture {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A connection was made, and no proxy recorded it.
    #[error("expected the connection from {client} on record within {} s, found none", .after.as_secs())]
    Unrecorded {
        /// Where it came from.
        client: std::net::SocketAddr,
        /// How long it was waited for.
        after: std::time::Duration,
    },
    /// A file that was mended cannot be written.
    #[error("cannot write the mended {file}")]
    Mend {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Certificates or keys cannot be read or written.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The CA does not issue.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// There is no handshake with a server, or certificates cannot be used for one.
    #[error("{}", .0.plain())]
    Tls(#[from] TlsError),
    /// A server cannot be reached.
    #[error("cannot connect to {at}")]
    Dial {
        /// Host and port.
        at: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A word that is neither a file nor a server, nor known to a mesh.
    #[error(
        "expected a file, a folder, HOST:PORT or a workload of a running mesh, found `{}`: there is no such file, and {mesh}",
        found.escape_debug()
    )]
    NoSuchParty {
        /// The word.
        found: String,
        /// What the mesh says of it.
        mesh: String,
        /// What to do.
        hint: Option<String>,
    },
    /// There are files, and no certificate in any of them.
    #[error("{place}: expected at least one certificate, found {found}")]
    NothingThere {
        /// Where.
        place: String,
        /// What there is instead.
        found: String,
    },
    /// A workload that has no certificate, or none yet.
    #[error("expected a certificate of {workload}, found none for {identity}")]
    NoCertificate {
        /// What was asked for.
        workload: String,
        /// Its identity.
        identity: String,
    },
    /// A word that is no address with a port, and no workload that is on this machine.
    #[error("expected HOST:PORT, or a workload on this machine and its port, found `{}`", found.escape_debug())]
    NoPlace {
        /// The word.
        found: String,
    },
    /// A certificate whose key is nowhere.
    #[error("expected a private key for {}, found none", found.display())]
    Keyless {
        /// Where the certificate is.
        found: PathBuf,
    },
    /// Nobody said for whom to issue.
    #[error("expected an identity to issue for, found none")]
    NoIdentity,
    /// A scenario cannot be played.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// No failure of the catalogue is called that.
    #[error("expected the id or the name of a failure, found `{}`", found.escape_debug())]
    NoSuchFailure {
        /// The word.
        found: String,
        /// What may have been meant.
        nearest: Option<String>,
    },
    /// A failure that is known, and not in the catalogue.
    #[error("expected a failure that can be reproduced here, found {id}, which is only described")]
    NotReproducible {
        /// The failure.
        id: &'static str,
    },
    /// Only one mesh can be kept.
    #[error("expected one failure to keep the mesh of, found {found}")]
    KeepsOne {
        /// How many there are.
        found: usize,
    },
    /// The files hold no scenario, or none of those that were asked for.
    #[error("expected at least one `kind: Scenario` in these files, found {found}")]
    NoScenario {
        /// What there is.
        found: String,
    },
    /// There are no figures.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// A run of a benchmark cannot be read, kept or compared.
    #[error(transparent)]
    Runs(#[from] LoadError),
    /// There is no runtime to do it on.
    #[error("cannot start the runtime")]
    Runtime(#[source] io::Error),
}

impl CliError {
    /// The error's own code, side and hint.
    fn inner(&self) -> Option<&dyn Reason> {
        match self {
            Self::Context(error) => Some(error),
            Self::Client(error) => Some(error),
            Self::Child(error) => Some(error),
            Self::Load(error) => Some(error),
            Self::Question(error) => Some(error),
            Self::Network(error) => Some(error),
            Self::Workload(error) => Some(error),
            Self::Kind(error) => Some(error),
            Self::Start(error) => Some(error),
            Self::Logging(error) => Some(error),
            Self::Identity(error) => Some(error),
            Self::Ca(error) => Some(error),
            Self::Tls(error) => Some(error),
            Self::Scenario(error) => Some(error),
            Self::Bench(error) => Some(error),
            Self::Runs(error) => Some(error),
            Self::Dial { .. }
            | Self::NoSuchParty { .. }
            | Self::NothingThere { .. }
            | Self::NoSuchFailure { .. }
            | Self::NotReproducible { .. }
            | Self::KeepsOne { .. }
            | Self::NoScenario { .. }
            | Self::NoCertificate { .. }
            | Self::NoIdentity
            | Self::NoPlace { .. }
            | Self::Keyless { .. }
            | Self::NotFound { .. }
            | Self::Nameless { .. }
            | Self::Write(_)
            | Self::Read(_)
            | Self::Mend { .. }
            | Self::KeyLog { .. }
            | Self::Capture { .. }
            | Self::Unrecorded { .. }
            | Self::Runtime(_) => None,
        }
    }
}

impl Reason for CliError {
    fn code(&self) -> &'static str {
        match self {
            Self::Context(error) => error.code(),
            Self::Client(error) => error.code(),
            Self::Child(error) => error.code(),
            Self::Write(_) => "cli.write",
            Self::Load(error) => error.code(),
            Self::Question(error) => error.code(),
            Self::Network(error) => error.code(),
            Self::Workload(error) => error.code(),
            Self::Kind(error) => error.code(),
            Self::NotFound { .. } => "cli.not_found",
            Self::Nameless { .. } => "cli.nameless",
            Self::Start(error) => error.code(),
            Self::Logging(error) => error.code(),
            Self::Identity(error) => error.code(),
            Self::Ca(error) => error.code(),
            Self::Tls(error) => error.code(),
            Self::Dial { .. } => "cli.dial",
            Self::NoSuchParty { .. } => "cli.no_such_party",
            Self::NothingThere { .. } => "cli.nothing_there",
            Self::NoCertificate { .. } => "cli.no_certificate",
            Self::NoIdentity => "cli.no_identity",
            Self::NoPlace { .. } => "cli.no_place",
            Self::Keyless { .. } => "cli.keyless",
            Self::Scenario(error) => error.code(),
            Self::Bench(error) => error.code(),
            Self::Runs(error) => error.code(),
            Self::NoSuchFailure { .. } => "cli.no_such_failure",
            Self::NotReproducible { .. } => "cli.not_reproducible",
            Self::KeepsOne { .. } => "cli.keeps_one",
            Self::NoScenario { .. } => "cli.no_scenario",
            Self::Read(_) => "cli.read",
            Self::Mend { .. } => "cli.mend",
            Self::KeyLog { .. } => "cli.key_log",
            Self::Capture { .. } => "cli.capture",
            Self::Unrecorded { .. } => "cli.unrecorded",
            Self::Runtime(_) => "cli.runtime",
        }
    }

    fn side(&self) -> Side {
        self.inner().map_or(Side::Us, Reason::side)
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { names, .. } if names.is_empty() => {
                Some("there are none in this namespace".to_owned())
            }
            Self::NotFound { names, .. } => Some(format!("there are: {}", names.join(", "))),
            Self::Nameless { kind } => Some(format!("glasstunnel delete {kind} NAME, or delete -f FILE")),
            Self::NoSuchParty { hint, .. } => hint.clone(),
            Self::NothingThere { .. } => Some(
                "name a file with CERTIFICATE blocks, or a folder with *.pem, *.crt, *.cer or *.der"
                    .to_owned(),
            ),
            Self::Dial { .. } => Some(
                "is something listening there? the doors of a mesh: glasstunnel config workloads -o wide"
                    .to_owned(),
            ),
            Self::NoIdentity => Some("say it in the profile's `id`, or with --id spiffe://…".to_owned()),
            Self::NoPlace { .. } => {
                Some("glasstunnel probe 127.0.0.1:8080, or reviews:9080 while a mesh runs".to_owned())
            }
            Self::Keyless { .. } => Some("name it with --key FILE".to_owned()),
            Self::NoCertificate { .. } => {
                Some("glasstunnel certs list has all of them, with their states".to_owned())
            }
            Self::NoSuchFailure { nearest, .. } => Some(match nearest {
                Some(near) => format!("did you mean {near}? glasstunnel repro list has all of them"),
                None => "glasstunnel repro list has all of them; glasstunnel why finds one by its message"
                    .to_owned(),
            }),
            Self::NotReproducible { id } => Some(format!("glasstunnel why {id} says what is known of it")),
            Self::KeepsOne { .. } => Some("name one, and leave --times out: glasstunnel repro run B25 --keep".to_owned()),
            Self::NoScenario { .. } => {
                Some("glasstunnel repro show A01 -o yaml prints one to begin with".to_owned())
            }
            Self::KeyLog { .. } => Some("name a file that can be written, or unset SSLKEYLOGFILE".to_owned()),
            Self::Capture { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
                Some("another name, or --force to replace it".to_owned())
            }
            Self::Unrecorded { .. } => Some(
                "past every proxy of the mesh nobody records: leave --as out, or look at `glasstunnel config connections`"
                    .to_owned(),
            ),
            other => other.inner().and_then(Reason::hint),
        }
    }
}
