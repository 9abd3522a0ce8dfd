//! What a mesh is started with.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::mesh::Semantics;
use crate::policy::Snapshot;
use crate::proxy::Config;
use crate::resources::Objects;
use crate::telemetry::AccessLog;

/// How long a workload's certificate lives unless it is asked otherwise; istiod's is 24 h.
pub const CERTIFICATE_TTL: Duration = Duration::from_secs(24 * 3600);

/// Where the CA lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CaAt {
    /// In memory: nothing is written, and the next start has another root.
    #[default]
    Memory,
    /// In a folder, which is created once and reopened later.
    Dir(PathBuf),
}

/// Where the admin API listens, beside its unix socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AdminAt {
    /// On the mesh's own loopback address, port 15000.
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
    /// Where the CA lives.
    pub ca: CaAt,
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
    /// Where access logs go.
    pub access_log: Option<AccessLog>,
}
