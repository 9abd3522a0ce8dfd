//! What a mesh is started with.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::app::ca_faults::CaFaults;
use crate::app::ground::Ground;
use crate::ca::{Authority, CaFiles};
use crate::identity::Issuer;
use crate::mesh::Semantics;
use crate::policy::Snapshot;
use crate::proxy::{Config, Tapping};
use crate::resources::Objects;
use crate::telemetry::AccessLog;

/// How long a workload's certificate lives unless it is asked otherwise; istiod's is 24 h.
pub const CERTIFICATE_TTL: Duration = Duration::from_secs(24 * 3600);

/// Where the CA lives.
#[derive(Clone, Default)]
pub enum CaAt {
    /// In memory: nothing is written, and the next start has another root.
    #[default]
    Memory,
    /// In a folder, which is created once and reopened later. What changes there is read again.
    Dir(PathBuf),
    /// In files that somebody else made, as in Istio's `cacerts` secret. What changes there is read again.
    Files(CaFiles),
    /// An authority that is there already; [`Options::intermediate`] and [`Options::certificate_ttl`] are its own affair.
    Authority(Arc<Authority>),
    /// Somewhere else: whoever this is issues. [`Options::intermediate`] and [`Options::certificate_ttl`] are its own affair.
    Custom(Arc<dyn Issuer>),
}

impl fmt::Debug for CaAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("Memory"),
            Self::Dir(folder) => write!(f, "Dir({})", folder.display()),
            Self::Files(files) => write!(f, "Files({})", files.cert.display()),
            Self::Authority(_) => f.write_str("Authority"),
            Self::Custom(_) => f.write_str("Custom"),
        }
    }
}

/// Where the admin API listens, beside its unix socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AdminAt {
    /// Port 15000 of the mesh's own loopback address, or of 127.0.0.1 where it has none.
    #[default]
    Node,
    /// Somewhere else.
    At(SocketAddr),
    /// Only on the unix socket.
    Nowhere,
}

/// What to start.
pub struct Options {
    /// The documents of the mesh.
    pub objects: Objects,
    /// What they mean together.
    pub snapshot: Snapshot,
    /// Whose rules decide, whatever the documents say; live edits keep it.
    pub semantics: Option<Semantics>,
    /// Where that came from, for people: `demo mesh`, or the files.
    pub mesh_source: String,
    /// The name that other commands find this mesh by; `None` picks one.
    pub context: Option<String>,
    /// Where the mesh stands on this machine.
    pub ground: Ground,
    /// Where the CA lives.
    pub ca: CaAt,
    /// What the CA does to whom, on purpose.
    pub ca_faults: CaFaults,
    /// Whether an intermediate stands between root and workloads.
    pub intermediate: bool,
    /// The file of revocation lists, which is watched; `None` revokes nobody.
    pub crl: Option<PathBuf>,
    /// How long certificates live.
    pub certificate_ttl: Duration,
    /// Threads of the data plane, at least 1.
    pub workers: usize,
    /// Where the admin API listens.
    pub admin: AdminAt,
    /// Deadlines and limits.
    pub proxy: Config,
    /// Whether connections are looked into: what `trace` and `capture` show.
    pub tapping: Tapping,
    /// Where access logs go.
    pub access_log: Option<AccessLog>,
}
