//! All codes. GT10… metadata, GT11… PeerAuthentication, GT12… AuthorizationPolicy, GT13… DestinationRule, GT14… other
//! kinds. A number that is given up stays unused.

use crate::analyze::code::Code;
use crate::analyze::level::Level::{self, Error, Info, Warning};

/// Every code, in order.
pub const CODES: [&Code; 51] = [
    &REFERENCE_NOT_FOUND,
    &SCHEMA,
    &MISPLACED_ANNOTATION,
    &UNKNOWN_ANNOTATION,
    &SEVERAL_INJECTION_LABELS,
    &NO_MATCHING_WORKLOADS,
    &UNVERIFIED_SERVER,
    &UNVERIFIED_SERVER_AT_PORT,
    &SCHEMA_WARNING,
    &SELECTOR_ON_GATEWAY,
    &NO_IMPACT,
    &NEGATIVE_CONDITION,
    &EMPTY_SUBSET,
    &HOST_NOT_FOUND,
    &UNKNOWN_LABEL,
    &LABEL_VALUE,
    &SELECTOR_IN_ROOT,
    &NO_MATCHING_PEERS,
    &MTLS_SERVICE_PORT,
    &MTLS_UNDECLARED_PORT,
    &DUPLICATE_IN_SCOPE,
    &DISABLE_IN_AMBIENT,
    &OUTSIDE_THE_MESH,
    &EMPTY_NAMESPACE,
    &WRONG_NAMESPACE,
    &ROOT_EMPTY_SELECTOR,
    &EXCEPTION_LOST,
    &FAILS_OPEN,
    &EMPTY_SELECTOR,
    &SERVICE_PORT,
    &UNDECLARED_PORT,
    &LAYER7_IN_ALLOW,
    &LAYER7_DENY_DEAD,
    &LAYER7_DENY_WIDER,
    &SPIFFE_PREFIX,
    &OTHER_TRUST_DOMAIN,
    &PLAINTEXT_PEER,
    &UNKNOWN_ACCOUNT,
    &DENY_BLIND,
    &NEGATIVE_ALLOW,
    &TRUST_DOMAINS_DROPPED,
    &WAYPOINT_POLICY,
    &ALLOW_NOTHING,
    &ALLOW_AND_DENY,
    &NEVER_MATCHES,
    &VIRTUAL_ADDRESS,
    &PLAINTEXT_TO_STRICT,
    &OTHER_TLS_TO_STRICT,
    &MUTUAL_TO_PLAINTEXT,
    &TLS_WITHOUT_MODE,
    &REQUEST_AUTHENTICATION,
];

const fn istio(id: &'static str, level: Level, title: &'static str) -> Code {
    Code { id, title, level, page: "" }
}

const fn ours(id: &'static str, level: Level, title: &'static str, page: &'static str) -> Code {
    Code { id, title, level, page }
}

pub(in crate::analyze) const REFERENCE_NOT_FOUND: Code =
    istio("IST0101", Error, "a policy names a namespace that does not exist");
pub(in crate::analyze) const SCHEMA: Code =
    istio("IST0106", Error, "a document that the API server or istiod refuses");
pub(in crate::analyze) const MISPLACED_ANNOTATION: Code =
    istio("IST0107", Warning, "an Istio annotation on a kind that it means nothing to");
pub(in crate::analyze) const UNKNOWN_ANNOTATION: Code =
    istio("IST0108", Warning, "an annotation of Istio's that does not exist");
pub(in crate::analyze) const SEVERAL_INJECTION_LABELS: Code =
    istio("IST0123", Warning, "a namespace with labels for two data planes");
pub(in crate::analyze) const NO_MATCHING_WORKLOADS: Code =
    istio("IST0127", Warning, "an AuthorizationPolicy whose selector picks no workload");
pub(in crate::analyze) const UNVERIFIED_SERVER: Code =
    istio("IST0128", Warning, "a DestinationRule that asks for TLS and verifies nobody");
pub(in crate::analyze) const UNVERIFIED_SERVER_AT_PORT: Code =
    istio("IST0129", Warning, "the same for one port");
pub(in crate::analyze) const SCHEMA_WARNING: Code =
    istio("IST0133", Warning, "a document that istiod takes with a warning");
pub(in crate::analyze) const SELECTOR_ON_GATEWAY: Code =
    istio("IST0166", Warning, "a selector that picks a gateway's or a waypoint's pods");
pub(in crate::analyze) const NO_IMPACT: Code =
    istio("IST0167", Warning, "a Sidecar object where there are no sidecars");
pub(in crate::analyze) const NEGATIVE_CONDITION: Code =
    istio("IST0171", Warning, "a policy that istiod marks as not accepted");
pub(in crate::analyze) const EMPTY_SUBSET: Code =
    istio("IST0173", Error, "a DestinationRule's subset that picks no pod");
pub(in crate::analyze) const HOST_NOT_FOUND: Code =
    istio("IST0174", Warning, "a DestinationRule's host that no service has");
pub(in crate::analyze) const UNKNOWN_LABEL: Code = ours(
    "GT1001",
    Warning,
    "a label that is one letter away from one of Istio's",
    "istio.io/latest/docs/reference/config/labels/",
);
pub(in crate::analyze) const LABEL_VALUE: Code = ours(
    "GT1002",
    Warning,
    "a label of Istio's with a value that means nothing",
    "istio.io/latest/docs/reference/config/labels/",
);
pub(in crate::analyze) const SELECTOR_IN_ROOT: Code = ours(
    "GT1101",
    Error,
    "a PeerAuthentication with a selector in the root namespace is ignored",
    "github.com/istio/istio/issues/61023",
);
pub(in crate::analyze) const NO_MATCHING_PEERS: Code = ours(
    "GT1102",
    Warning,
    "a PeerAuthentication whose selector picks no workload",
    "github.com/istio/istio/issues/35871",
);
pub(in crate::analyze) const MTLS_SERVICE_PORT: Code = ours(
    "GT1104",
    Error,
    "portLevelMtls names a service's port, not the workload's",
    "github.com/istio/istio/issues/49098",
);
pub(in crate::analyze) const MTLS_UNDECLARED_PORT: Code = ours(
    "GT1105",
    Info,
    "portLevelMtls names a port that no container declares",
    "github.com/istio/istio/issues/15633",
);
pub(in crate::analyze) const DUPLICATE_IN_SCOPE: Code = ours(
    "GT1106",
    Warning,
    "of two PeerAuthentications in one scope the younger is ignored whole",
    "istio.io/latest/docs/reference/config/security/peer_authentication/",
);
pub(in crate::analyze) const DISABLE_IN_AMBIENT: Code = ours(
    "GT1107",
    Warning,
    "DISABLE means PERMISSIVE in ambient",
    "istio.io/latest/docs/reference/config/security/peer_authentication/",
);
pub(in crate::analyze) const OUTSIDE_THE_MESH: Code = ours(
    "GT1108",
    Warning,
    "a policy for workloads that are not in the mesh, so that nobody enforces it",
    "istio.io/latest/docs/ambient/usage/add-workloads/",
);
pub(in crate::analyze) const EMPTY_NAMESPACE: Code = ours(
    "GT1109",
    Info,
    "a policy in a namespace without workloads",
    "istio.io/latest/docs/reference/config/security/peer_authentication/",
);
pub(in crate::analyze) const WRONG_NAMESPACE: Code = ours(
    "GT1110",
    Warning,
    "a selector that would pick workloads of another namespace",
    "istio.io/latest/docs/reference/config/security/peer_authentication/",
);
pub(in crate::analyze) const ROOT_EMPTY_SELECTOR: Code = ours(
    "GT1111",
    Error,
    "a mesh-wide PeerAuthentication with `selector: {}` never reaches a ztunnel",
    "istio.io/latest/docs/reference/config/security/peer_authentication/",
);
pub(in crate::analyze) const EXCEPTION_LOST: Code = ours(
    "GT1112",
    Warning,
    "a port is declared open, and ztunnel refuses plaintext there",
    "github.com/istio/istio/issues/53884",
);
pub(in crate::analyze) const FAILS_OPEN: Code = ours(
    "GT1113",
    Error,
    "a port is declared STRICT, and ztunnel lets plaintext in",
    "github.com/istio/istio/issues/46570",
);
pub(in crate::analyze) const EMPTY_SELECTOR: Code = ours(
    "GT1201",
    Error,
    "an AuthorizationPolicy with `selector: {}` is attached to nothing in ambient",
    "istio.io/latest/docs/ambient/usage/l4-policy/",
);
pub(in crate::analyze) const SERVICE_PORT: Code = ours(
    "GT1202",
    Error,
    "`ports` names a service's port, not the workload's",
    "istio.io/latest/docs/ambient/usage/l4-policy/",
);
pub(in crate::analyze) const UNDECLARED_PORT: Code = ours(
    "GT1203",
    Info,
    "`ports` names a port that no container declares",
    "istio.io/latest/docs/reference/config/security/authorization-policy/",
);
pub(in crate::analyze) const LAYER7_IN_ALLOW: Code = ours(
    "GT1204",
    Warning,
    "an ALLOW rule with HTTP attributes is dropped by ztunnel",
    "istio.io/latest/docs/ambient/usage/l4-policy/",
);
pub(in crate::analyze) const LAYER7_DENY_DEAD: Code = ours(
    "GT1205",
    Error,
    "a DENY rule that needs HTTP denies nothing at ztunnel",
    "github.com/istio/istio/issues/61126",
);
pub(in crate::analyze) const LAYER7_DENY_WIDER: Code = ours(
    "GT1206",
    Warning,
    "a DENY rule denies more without its HTTP attributes",
    "istio.io/latest/docs/ambient/usage/l4-policy/",
);
pub(in crate::analyze) const SPIFFE_PREFIX: Code = ours(
    "GT1207",
    Error,
    "a principal with `spiffe://` never matches",
    "istio.io/latest/docs/reference/config/security/authorization-policy/#Source",
);
pub(in crate::analyze) const OTHER_TRUST_DOMAIN: Code = ours(
    "GT1208",
    Error,
    "a principal of a trust domain that no peer here has",
    "github.com/istio/ztunnel/issues/1260",
);
pub(in crate::analyze) const PLAINTEXT_PEER: Code = ours(
    "GT1209",
    Warning,
    "a rule asks for the identity of workloads that have none",
    "github.com/istio/ztunnel/issues/1901",
);
pub(in crate::analyze) const UNKNOWN_ACCOUNT: Code = ours(
    "GT1210",
    Warning,
    "a service account that no workload of its namespace runs as",
    "istio.io/latest/docs/reference/config/security/authorization-policy/#Source",
);
pub(in crate::analyze) const DENY_BLIND: Code = ours(
    "GT1211",
    Error,
    "a DENY by identity cannot see clients outside the mesh",
    "istio.io/latest/docs/ops/best-practices/security/#understand-traffic-capture-limitations",
);
pub(in crate::analyze) const NEGATIVE_ALLOW: Code = ours(
    "GT1212",
    Warning,
    "an ALLOW by `not…` lets every plaintext client in",
    "istio.io/latest/docs/reference/config/security/authorization-policy/#Source",
);
pub(in crate::analyze) const TRUST_DOMAINS_DROPPED: Code = ours(
    "GT1213",
    Warning,
    "`trustDomains` never reaches a ztunnel",
    "istio.io/latest/docs/reference/config/security/authorization-policy/#Source",
);
pub(in crate::analyze) const WAYPOINT_POLICY: Code = ours(
    "GT1215",
    Info,
    "a policy for a waypoint, which is not simulated here",
    "istio.io/latest/docs/ambient/usage/l7-features/",
);
pub(in crate::analyze) const ALLOW_NOTHING: Code = ours(
    "GT1216",
    Info,
    "an allow-nothing policy of the root namespace, and workloads that nothing else allows",
    "istio.io/latest/docs/ambient/usage/l4-policy/",
);
pub(in crate::analyze) const ALLOW_AND_DENY: Code = ours(
    "GT1217",
    Warning,
    "a DENY takes back what an equal ALLOW gives",
    "istio.io/latest/docs/reference/config/security/authorization-policy/",
);
pub(in crate::analyze) const NEVER_MATCHES: Code = ours(
    "GT1218",
    Error,
    "a rule whose values exclude each other",
    "istio.io/latest/docs/reference/config/security/authorization-policy/",
);
pub(in crate::analyze) const VIRTUAL_ADDRESS: Code = ours(
    "GT1219",
    Error,
    "`destination.ip` names a service's address, and is compared with the pod's",
    "istio.io/latest/docs/reference/config/security/conditions/",
);
pub(in crate::analyze) const PLAINTEXT_TO_STRICT: Code = ours(
    "GT1301",
    Error,
    "a DestinationRule sends plaintext to a STRICT port",
    "github.com/istio/istio/issues/31425",
);
pub(in crate::analyze) const OTHER_TLS_TO_STRICT: Code = ours(
    "GT1302",
    Error,
    "a DestinationRule sends TLS of its own to a STRICT port",
    "github.com/istio/istio/issues/29107",
);
pub(in crate::analyze) const MUTUAL_TO_PLAINTEXT: Code = ours(
    "GT1303",
    Error,
    "a DestinationRule sends mesh TLS to workloads outside the mesh",
    "github.com/istio/istio/issues/23673",
);
pub(in crate::analyze) const TLS_WITHOUT_MODE: Code = ours(
    "GT1304",
    Warning,
    "`tls` without a mode is DISABLE, not automatic",
    "istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings",
);
pub(in crate::analyze) const REQUEST_AUTHENTICATION: Code = ours(
    "GT1401",
    Warning,
    "a RequestAuthentication that no waypoint enforces",
    "istio.io/latest/docs/ambient/usage/l7-features/",
);
