//! Istio's labels and annotations, and whom they are for (istio/api, annotation and label lists).

/// What an annotation may stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::analyze) enum For {
    Pod,
    Service,
    AuthorizationPolicy,
    WorkloadEntry,
    /// Several kinds, or kinds that are not read here.
    Any,
}

impl For {
    /// The kind as messages name it; `None` where nothing is said.
    pub(in crate::analyze) fn kind(self) -> Option<&'static str> {
        match self {
            Self::Pod => Some("Pod"),
            Self::Service => Some("Service"),
            Self::AuthorizationPolicy => Some("AuthorizationPolicy"),
            Self::WorkloadEntry => Some("WorkloadEntry"),
            Self::Any => None,
        }
    }
}

/// The annotations that some later version may know too are no concern of ours: only a slip of one of these is told.
pub(in crate::analyze) const ANNOTATIONS: [(&str, For); 48] = [
    ("ambient.istio.io/bypass-inbound-capture", For::Pod),
    ("ambient.istio.io/dns-capture", For::Pod),
    ("ambient.istio.io/redirection", For::Pod),
    ("galley.istio.io/analyze-suppress", For::Any),
    ("inject.istio.io/templates", For::Pod),
    ("istio.io/autoRegistrationGroup", For::WorkloadEntry),
    ("istio.io/connectedAt", For::WorkloadEntry),
    ("istio.io/disconnectedAt", For::WorkloadEntry),
    ("istio.io/dry-run", For::AuthorizationPolicy),
    ("istio.io/reroute-virtual-interfaces", For::Pod),
    ("istio.io/workloadController", For::WorkloadEntry),
    ("networking.istio.io/address-type", For::Any),
    ("networking.istio.io/exportTo", For::Service),
    ("networking.istio.io/service-type", For::Any),
    ("networking.istio.io/traffic-distribution", For::Any),
    ("prometheus.istio.io/merge-metrics", For::Pod),
    ("proxy.istio.io/config", For::Pod),
    ("proxy.istio.io/overrides", For::Pod),
    ("readiness.status.sidecar.istio.io/applicationPorts", For::Pod),
    ("readiness.status.sidecar.istio.io/failureThreshold", For::Pod),
    ("readiness.status.sidecar.istio.io/initialDelaySeconds", For::Pod),
    ("readiness.status.sidecar.istio.io/periodSeconds", For::Pod),
    ("sidecar.istio.io/agentLogLevel", For::Pod),
    ("sidecar.istio.io/bootstrapOverride", For::Pod),
    ("sidecar.istio.io/componentLogLevel", For::Pod),
    ("sidecar.istio.io/enableCoreDump", For::Pod),
    ("sidecar.istio.io/extraStatTags", For::Pod),
    ("sidecar.istio.io/inject", For::Pod),
    ("sidecar.istio.io/interceptionMode", For::Pod),
    ("sidecar.istio.io/logLevel", For::Pod),
    ("sidecar.istio.io/nativeSidecar", For::Pod),
    ("sidecar.istio.io/proxyCPU", For::Pod),
    ("sidecar.istio.io/proxyCPULimit", For::Pod),
    ("sidecar.istio.io/proxyImage", For::Pod),
    ("sidecar.istio.io/proxyMemory", For::Pod),
    ("sidecar.istio.io/proxyMemoryLimit", For::Pod),
    ("sidecar.istio.io/rewriteAppHTTPProbers", For::Pod),
    ("sidecar.istio.io/status", For::Pod),
    ("sidecar.istio.io/userVolume", For::Pod),
    ("sidecar.istio.io/userVolumeMount", For::Pod),
    ("status.sidecar.istio.io/port", For::Pod),
    ("traffic.sidecar.istio.io/excludeInboundPorts", For::Pod),
    ("traffic.sidecar.istio.io/excludeOutboundIPRanges", For::Pod),
    ("traffic.sidecar.istio.io/excludeOutboundPorts", For::Pod),
    ("traffic.sidecar.istio.io/includeInboundPorts", For::Pod),
    ("traffic.sidecar.istio.io/includeOutboundIPRanges", For::Pod),
    ("traffic.sidecar.istio.io/includeOutboundPorts", For::Pod),
    ("traffic.sidecar.istio.io/kubevirtInterfaces", For::Pod),
];

/// Istio's labels.
pub(in crate::analyze) const LABELS: [&str; 20] = [
    "gateway.istio.io/managed",
    "istio-injection",
    "istio.io/dataplane-mode",
    "istio.io/global",
    "istio.io/ingress-use-waypoint",
    "istio.io/rev",
    "istio.io/tag",
    "istio.io/use-waypoint",
    "istio.io/use-waypoint-namespace",
    "istio.io/waypoint-for",
    "networking.istio.io/gatewayPort",
    "networking.istio.io/tunnel",
    "security.istio.io/tlsMode",
    "service.istio.io/canonical-name",
    "service.istio.io/canonical-revision",
    "service.istio.io/workload-name",
    "sidecar.istio.io/inject",
    "topology.istio.io/cluster",
    "topology.istio.io/network",
    "topology.istio.io/subzone",
];
