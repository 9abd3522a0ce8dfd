//! Everything that `config` lists, as one document.

use serde::{Deserialize, Serialize};

use crate::admin::view::certificate::CertificateView;
use crate::admin::view::connection::ConnectionView;
use crate::admin::view::document::Kind;
use crate::admin::view::policy::PolicyView;
use crate::admin::view::service::ServiceView;
use crate::admin::view::workload::WorkloadView;

/// The lists side by side, under the keys of ztunnel's own dump where it has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigView {
    /// All workloads.
    pub workloads: Vec<WorkloadView>,
    /// All services.
    pub services: Vec<ServiceView>,
    /// All policies.
    pub policies: Vec<PolicyView>,
    /// All certificates.
    pub certificates: Vec<CertificateView>,
    /// The open connections.
    pub connections: Vec<ConnectionView>,
}

impl Kind for ConfigView {
    const KIND: &'static str = "Config";
}
