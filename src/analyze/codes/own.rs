//! Codes that Istio has not.

use crate::analyze::code::Code;
use crate::analyze::level::Level::{self, Error, Info, Warning};

const fn entry(id: &'static str, level: Level, title: &'static str, page: &'static str) -> Code {
    Code { id, title, level, page }
}

pub(in crate::analyze) const UNKNOWN_LABEL: Code = entry(
    "GT1001",
    Warning,
    "a label that is one letter away from one of Istio's",
    "istio.io/latest/docs/reference/config/labels/",
);
pub(in crate::analyze) const LABEL_VALUE: Code = entry(
    "GT1002",
    Warning,
    "a label of Istio's with a value that means nothing",
    "istio.io/latest/docs/reference/config/labels/",
);
pub(in crate::analyze) const SELECTOR_IN_ROOT: Code = entry(
    "GT1101",
    Error,
    "a PeerAuthentication with a selector in the root namespace is ignored",
    "github.com/istio/istio/issues/61023",
);
pub(in crate::analyze) const NO_MATCHING_PEERS: Code = entry(
    "GT1102",
    Warning,
    "a PeerAuthentication whose selector picks no workload",
    "github.com/istio/istio/issues/35871",
);
pub(in crate::analyze) const MTLS_SERVICE_PORT: Code = entry(
    "GT1104",
    Error,
    "portLevelMtls names a service's port, not the workload's",
    "github.com/istio/istio/issues/49098",
);
pub(in crate::analyze) const MTLS_UNDECLARED_PORT: Code = entry(
    "GT1105",
    Info,
    "portLevelMtls names a port that no container declares",
    "github.com/istio/istio/issues/15633",
);
pub(in crate::analyze) const DUPLICATE_IN_SCOPE: Code = entry(
    "GT1106",
    Warning,
    "of two PeerAuthentications in one scope the younger is ignored whole",
    "istio.io/latest/docs/reference/config/security/peer_authentication/",
);
pub(in crate::analyze) const DISABLE_IN_AMBIENT: Code = entry(
    "GT1107",
    Warning,
    "DISABLE means PERMISSIVE in ambient",
    "istio.io/latest/docs/reference/config/security/peer_authentication/",
);
pub(in crate::analyze) const OUTSIDE_THE_MESH: Code = entry(
    "GT1108",
    Warning,
    "a policy for workloads that are not in the mesh, so that nobody enforces it",
    "istio.io/latest/docs/ambient/usage/add-workloads/",
);
pub(in crate::analyze) const EMPTY_NAMESPACE: Code = entry(
    "GT1109",
    Info,
    "a policy in a namespace without workloads",
    "istio.io/latest/docs/reference/config/security/peer_authentication/",
);
pub(in crate::analyze) const WRONG_NAMESPACE: Code = entry(
    "GT1110",
    Warning,
    "a selector that would pick workloads of another namespace",
    "istio.io/latest/docs/reference/config/security/peer_authentication/",
);
pub(in crate::analyze) const ROOT_EMPTY_SELECTOR: Code = entry(
    "GT1111",
    Error,
    "a mesh-wide PeerAuthentication with `selector: {}` never reaches a ztunnel",
    "istio.io/latest/docs/reference/config/security/peer_authentication/",
);
pub(in crate::analyze) const EXCEPTION_LOST: Code = entry(
    "GT1112",
    Warning,
    "a port is declared open, and ztunnel refuses plaintext there",
    "github.com/istio/istio/issues/53884",
);
pub(in crate::analyze) const FAILS_OPEN: Code = entry(
    "GT1113",
    Error,
    "a port is declared STRICT, and ztunnel lets plaintext in",
    "github.com/istio/istio/issues/46570",
);
pub(in crate::analyze) const EMPTY_SELECTOR: Code = entry(
    "GT1201",
    Error,
    "an AuthorizationPolicy with `selector: {}` is attached to nothing in ambient",
    "istio.io/latest/docs/ambient/usage/l4-policy/",
);
pub(in crate::analyze) const SERVICE_PORT: Code = entry(
    "GT1202",
    Error,
    "`ports` names a service's port, not the workload's",
    "istio.io/latest/docs/ambient/usage/l4-policy/",
);
pub(in crate::analyze) const UNDECLARED_PORT: Code = entry(
    "GT1203",
    Info,
    "`ports` names a port that no container declares",
    "istio.io/latest/docs/reference/config/security/authorization-policy/",
);
pub(in crate::analyze) const LAYER7_IN_ALLOW: Code = entry(
    "GT1204",
    Warning,
    "an ALLOW rule with HTTP attributes is dropped by ztunnel",
    "istio.io/latest/docs/ambient/usage/l4-policy/",
);
pub(in crate::analyze) const LAYER7_DENY_DEAD: Code = entry(
    "GT1205",
    Error,
    "a DENY rule that needs HTTP denies nothing at ztunnel",
    "github.com/istio/istio/issues/61126",
);
pub(in crate::analyze) const LAYER7_DENY_WIDER: Code = entry(
    "GT1206",
    Warning,
    "a DENY rule denies more without its HTTP attributes",
    "istio.io/latest/docs/ambient/usage/l4-policy/",
);
pub(in crate::analyze) const SPIFFE_PREFIX: Code = entry(
    "GT1207",
    Error,
    "a principal with `spiffe://` never matches",
    "istio.io/latest/docs/reference/config/security/authorization-policy/#Source",
);
pub(in crate::analyze) const OTHER_TRUST_DOMAIN: Code = entry(
    "GT1208",
    Error,
    "a principal of a trust domain that no peer here has",
    "github.com/istio/ztunnel/issues/1260",
);
pub(in crate::analyze) const PLAINTEXT_PEER: Code = entry(
    "GT1209",
    Warning,
    "a rule asks for the identity of workloads that have none",
    "github.com/istio/ztunnel/issues/1901",
);
pub(in crate::analyze) const UNKNOWN_ACCOUNT: Code = entry(
    "GT1210",
    Warning,
    "a service account that no workload of its namespace runs as",
    "istio.io/latest/docs/reference/config/security/authorization-policy/#Source",
);
pub(in crate::analyze) const DENY_BLIND: Code = entry(
    "GT1211",
    Error,
    "a DENY by identity cannot see clients outside the mesh",
    "istio.io/latest/docs/ops/best-practices/security/#understand-traffic-capture-limitations",
);
pub(in crate::analyze) const NEGATIVE_ALLOW: Code = entry(
    "GT1212",
    Warning,
    "an ALLOW by `not…` lets every plaintext client in",
    "istio.io/latest/docs/reference/config/security/authorization-policy/#Source",
);
pub(in crate::analyze) const TRUST_DOMAINS_DROPPED: Code = entry(
    "GT1213",
    Warning,
    "`trustDomains` never reaches a ztunnel",
    "istio.io/latest/docs/reference/config/security/authorization-policy/#Source",
);
pub(in crate::analyze) const WAYPOINT_POLICY: Code = entry(
    "GT1215",
    Info,
    "a policy for a waypoint, which is not simulated here",
    "istio.io/latest/docs/ambient/usage/l7-features/",
);
pub(in crate::analyze) const ALLOW_NOTHING: Code = entry(
    "GT1216",
    Info,
    "an allow-nothing policy of the root namespace, and workloads that nothing else allows",
    "istio.io/latest/docs/ambient/usage/l4-policy/",
);
pub(in crate::analyze) const ALLOW_AND_DENY: Code = entry(
    "GT1217",
    Warning,
    "a DENY takes back what an equal ALLOW gives",
    "istio.io/latest/docs/reference/config/security/authorization-policy/",
);
pub(in crate::analyze) const NEVER_MATCHES: Code = entry(
    "GT1218",
    Error,
    "a rule whose values exclude each other",
    "istio.io/latest/docs/reference/config/security/authorization-policy/",
);
pub(in crate::analyze) const VIRTUAL_ADDRESS: Code = entry(
    "GT1219",
    Error,
    "`destination.ip` names a service's address, and is compared with the pod's",
    "istio.io/latest/docs/reference/config/security/conditions/",
);
pub(in crate::analyze) const PLAINTEXT_TO_STRICT: Code = entry(
    "GT1301",
    Error,
    "a DestinationRule sends plaintext to a STRICT port",
    "github.com/istio/istio/issues/31425",
);
pub(in crate::analyze) const OTHER_TLS_TO_STRICT: Code = entry(
    "GT1302",
    Error,
    "a DestinationRule sends TLS of its own to a STRICT port",
    "github.com/istio/istio/issues/29107",
);
pub(in crate::analyze) const MUTUAL_TO_PLAINTEXT: Code = entry(
    "GT1303",
    Error,
    "a DestinationRule sends mesh TLS to workloads outside the mesh",
    "github.com/istio/istio/issues/23673",
);
pub(in crate::analyze) const TLS_WITHOUT_MODE: Code = entry(
    "GT1304",
    Warning,
    "`tls` without a mode is DISABLE, not automatic",
    "istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings",
);
pub(in crate::analyze) const REQUEST_AUTHENTICATION: Code = entry(
    "GT1401",
    Warning,
    "a RequestAuthentication that no waypoint enforces",
    "istio.io/latest/docs/ambient/usage/l7-features/",
);
