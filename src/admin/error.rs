//! What can go wrong between a command and the running mesh, on either end.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::admin::view::RefusalView;
use crate::reason::{Reason, Side};

/// Why the API does not answer a call.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// No route has that path.
    #[error("no such path: {path}{}", nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default())]
    UnknownPath {
        /// The path, escaped.
        path: String,
        /// The nearest path that exists.
        nearest: Option<&'static str>,
    },
    /// The route wants another method.
    #[error("{path} takes {expected}, not {found}")]
    WrongMethod {
        /// The route.
        path: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What came.
        found: String,
    },
    /// The Host header names somebody else: a page whose name was rebound to this address, or a typed alias.
    #[error("the Host header must name {expected} or localhost, found {found}")]
    WrongHost {
        /// The address that was connected to.
        expected: SocketAddr,
        /// The header, escaped.
        found: String,
    },
    /// A page of another site asks for a change.
    #[error("a change may not be asked for by another site: found origin {found}")]
    WrongOrigin {
        /// The header, escaped.
        found: String,
    },
    /// The text after the path's last slash is no id.
    #[error("expected a connection's number such as 17, found `{found}`")]
    BadId {
        /// The text, escaped.
        found: String,
    },
    /// A change was asked for over TCP, where any user of this machine can.
    #[error(
        "changes and requests for certificates are taken on the context's socket only, from the user who runs the mesh"
    )]
    NotFromHere,
    /// The body is no text, or too much of it.
    #[error("expected at most {most} bytes of UTF-8, found {found}")]
    BadBody {
        /// The most that is read.
        most: usize,
        /// What came.
        found: String,
    },
    /// What connections said is told to the same user only.
    #[error(
        "what connections said, and their keys, are told over the mesh's own socket only, never over TCP"
    )]
    TellsContents,
    /// Keys of real identities are not handed out by accident.
    #[error(
        "the CA of this mesh is plugged in: a capture holds keys of connections between identities of your own"
    )]
    PluggedIn,
    /// Nothing is kept of connections.
    #[error("this mesh keeps nothing of its connections but their records")]
    NotTapped,
    /// A query parameter is missing or wrong.
    #[error("the parameter {name}: {problem}")]
    BadParameter {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The record is not kept (any more, or yet).
    #[error("there is no finished connection #{id}")]
    NoSuchRecord {
        /// What was asked for.
        id: u64,
        /// The newest record that is kept.
        newest: Option<u64>,
        /// Whether the connection is still open.
        open: bool,
    },
}

impl RequestError {
    /// The HTTP status that says it.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::UnknownPath { .. } | Self::NoSuchRecord { .. } => 404,
            Self::WrongMethod { .. } => 405,
            Self::WrongHost { .. }
            | Self::WrongOrigin { .. }
            | Self::NotFromHere
            | Self::TellsContents
            | Self::PluggedIn => 403,
            Self::BadId { .. } | Self::BadParameter { .. } | Self::BadBody { .. } => 400,
            Self::NotTapped => 409,
        }
    }
}

impl Reason for RequestError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownPath { .. } => "admin.unknown_path",
            Self::WrongMethod { .. } => "admin.wrong_method",
            Self::WrongHost { .. } => "admin.wrong_host",
            Self::WrongOrigin { .. } => "admin.wrong_origin",
            Self::BadId { .. } => "admin.bad_id",
            Self::BadParameter { .. } => "admin.bad_parameter",
            Self::NotFromHere => "admin.not_from_here",
            Self::TellsContents => "admin.tells_contents",
            Self::PluggedIn => "admin.plugged_in",
            Self::NotTapped => "admin.not_tapped",
            Self::BadBody { .. } => "admin.bad_body",
            Self::NoSuchRecord { .. } => "admin.no_such_record",
        }
    }

    fn side(&self) -> Side {
        Side::Downstream
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::UnknownPath { .. } => "GET / lists every path".to_owned(),
            Self::WrongMethod { expected, path, .. } => format!("curl -X {expected} …{path}"),
            Self::WrongHost { expected, .. } => format!("use http://{expected}/"),
            Self::WrongOrigin { .. } => "use curl, or `glasstunnel` itself".to_owned(),
            Self::BadId { .. } => "the ID column of `glasstunnel up` has the numbers".to_owned(),
            Self::BadParameter { .. } => "GET / shows the parameters".to_owned(),
            Self::NotFromHere => "use glasstunnel apply, delete, strict or certs export".to_owned(),
            Self::TellsContents => {
                "glasstunnel trace '#ID', or glasstunnel capture --conn '#ID' -w FILE".to_owned()
            }
            Self::PluggedIn => "--force, if whoever gets the file may read those connections".to_owned(),
            Self::NotTapped => {
                "start it with --tap (`up` does so unless a CA of your own is plugged in)".to_owned()
            }
            Self::BadBody { .. } => "send YAML or JSON".to_owned(),
            Self::NoSuchRecord { open: true, .. } => {
                "it is still open: `glasstunnel config connections -o wide` shows it".to_owned()
            }
            Self::NoSuchRecord { newest: None, .. } => "no connection has finished yet".to_owned(),
            Self::NoSuchRecord { newest: Some(newest), .. } => {
                format!("the newest is #{newest}, and the last 10,000 are kept")
            }
        })
    }
}

/// Why no running mesh could be picked.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// None runs.
    #[error("no mesh is running")]
    NoneRunning,
    /// The one that was asked for does not run.
    #[error("no mesh called `{wanted}` is running{}", nearest.as_deref().map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default())]
    NotRunning {
        /// What was asked for.
        wanted: String,
        /// The nearest name that runs.
        nearest: Option<String>,
        /// Every name that runs.
        running: Vec<String>,
    },
    /// Several run, and none was asked for.
    #[error("several meshes are running: {}", running.join(", "))]
    Several {
        /// Their names.
        running: Vec<String>,
    },
    /// The name cannot be part of a socket's name.
    #[error("`{found}` cannot name a mesh: expected 1 to 63 lower-case letters, digits and `-`")]
    BadName {
        /// The text, escaped.
        found: String,
    },
    /// A mesh of that name runs already.
    #[error("a mesh called `{name}` is already running")]
    Taken {
        /// The name.
        name: String,
    },
    /// The system has no such sockets, or refuses.
    #[error("cannot use the socket of mesh `{name}`")]
    Socket {
        /// The name.
        name: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The list of sockets cannot be read.
    #[error("cannot read /proc/net/unix to find running meshes")]
    Unlisted {
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The socket belongs to another user, who could be anybody.
    #[error("the socket of mesh `{name}` belongs to user {found}, expected user {expected}")]
    Foreign {
        /// The name.
        name: String,
        /// Our user id.
        expected: u32,
        /// Theirs.
        found: u32,
    },
}

impl Reason for ContextError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoneRunning => "context.none_running",
            Self::NotRunning { .. } => "context.not_running",
            Self::Several { .. } => "context.several",
            Self::BadName { .. } => "context.bad_name",
            Self::Taken { .. } => "context.taken",
            Self::Socket { .. } => "context.socket",
            Self::Unlisted { .. } => "context.unlisted",
            Self::Foreign { .. } => "context.foreign",
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoneRunning => Some("start one in another terminal: glasstunnel up".to_owned()),
            Self::NotRunning { running, wanted, .. } if running.is_empty() => {
                Some(format!("start it in another terminal: glasstunnel up --context {wanted}"))
            }
            Self::NotRunning { running, .. } => Some(format!("running: {}", running.join(", "))),
            Self::Several { running } => {
                Some(format!("pick one: --context {}", running.first().map_or("NAME", String::as_str)))
            }
            Self::BadName { .. } => Some("for example: --context staging-2".to_owned()),
            Self::Taken { .. } => {
                Some("stop it with Ctrl-C, or give this one a name: --context NAME".to_owned())
            }
            Self::Socket { .. } | Self::Unlisted { .. } => None,
            Self::Foreign { .. } => Some("ask them to stop it, or use another --context NAME".to_owned()),
        }
    }
}

/// Why a call to the running mesh brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The context's socket cannot be used.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// No connection, or it broke.
    #[error("cannot talk to {at}")]
    Unreachable {
        /// The mesh, by its context or address.
        at: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// It did not speak HTTP as expected.
    #[error("{at} broke off its answer")]
    Broken {
        /// The mesh, by its context or address.
        at: String,
        /// What the HTTP library says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It took too long.
    #[error("{at} did not answer within {} s", limit.as_secs())]
    TooSlow {
        /// The mesh, by its context or address.
        at: String,
        /// How long we waited.
        limit: Duration,
    },
    /// It answered no.
    #[error("{}", refusal.message)]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said.
        refusal: RefusalView,
    },
    /// The answer is not what this version of the program expects.
    #[error("{at} answered {path} with something that this version cannot read: {problem}")]
    Unreadable {
        /// The mesh, by its context or address.
        at: String,
        /// What was asked for.
        path: String,
        /// What the parser says.
        problem: String,
    },
}

impl Reason for ClientError {
    fn code(&self) -> &'static str {
        match self {
            Self::Context(error) => error.code(),
            Self::Unreachable { .. } => "admin.unreachable",
            Self::Broken { .. } => "admin.broken_off",
            Self::TooSlow { .. } => "admin.too_slow",
            Self::Refused { .. } => "admin.refused",
            Self::Unreadable { .. } => "admin.unreadable_answer",
        }
    }

    fn side(&self) -> Side {
        match self {
            Self::Context(error) => error.side(),
            _ => Side::Upstream,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Context(error) => error.hint(),
            Self::Refused { refusal, .. } => refusal.hint.clone(),
            Self::Unreachable { .. } | Self::Broken { .. } => {
                Some("has it stopped? start one: glasstunnel up".to_owned())
            }
            Self::TooSlow { .. } => Some("is it suspended? look at its terminal".to_owned()),
            Self::Unreadable { .. } => Some("use the same version of glasstunnel on both ends".to_owned()),
        }
    }
}
