//! What the API answers from. Everything else reaches this room as values and closures.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::admin::dialler::Dialler;
use crate::admin::editor::Editor;
use crate::admin::readiness::Readiness;
use crate::admin::view::{CertificateView, MeshInfo};
use crate::policy::Snapshots;
use crate::telemetry::RecorderHandle;

/// What the API answers from; clones share it.
#[derive(Clone)]
pub struct State {
    /// The mesh and its policies.
    pub snapshots: Snapshots,
    /// The connections.
    pub recorder: RecorderHandle,
    /// The mesh as a whole, and its doors.
    pub info: Arc<ArcSwap<MeshInfo>>,
    /// Who holds its documents.
    pub editor: Arc<dyn Editor>,
    /// Who makes connections that somebody wants to see.
    pub dialler: Arc<dyn Dialler>,
    /// What is still to be done before the mesh may be used.
    pub readiness: Readiness,
    /// Every certificate that is held now.
    pub certificates: Arc<dyn Fn() -> Vec<CertificateView> + Send + Sync>,
    /// The metrics in OpenMetrics' text form.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Asks the mesh to drain and stop; returns at once.
    pub shutdown: Arc<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("context", &self.info.load().context).finish_non_exhaustive()
    }
}
