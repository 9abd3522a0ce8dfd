//! Who may call: AuthorizationPolicy at layer 4.

use crate::knowledge::commands;
use crate::knowledge::row::By::{Envoy, Glasstunnel, Istio, Ztunnel};
use crate::knowledge::row::{Area, Row, only, rarely, shared};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "F87",
        name: "authz-denied-principal",
        area: Area::Authorization,
        title: "An AuthorizationPolicy refuses the caller",
        story: "A DENY rule fits, or there are ALLOW rules and none of them does.",
        confusing: "The source knows 401 and the app a reset; the rule's name is in the destination's log alone.",
        seen: &[
            only(Ztunnel, "explicitly denied by"),
            shared(Ztunnel, "allow policies exist, but none allowed"),
            only(Envoy, "rbac_access_denied_matched_policy"),
            only(Envoy, "RBAC: access denied"),
            shared(Ztunnel, "http status: 401 Unauthorized"),
            shared(Ztunnel, "http status: 403 Forbidden"),
        ],
        flags: &["DENY"],
        codes: &["authz.denied_by_policy", "authz.none_allowed"],
        looks_like: &["D64"],
        words: "authorizationpolicy rbac denied",
        tells_apart: "The destination's line names the policy and has a src.identity. Without src.identity it is \
            F88; if it is the waypoint's, F89.",
        fix: "The rule.",
        next: &[commands::EXPLAIN, commands::FORESEE, "glasstunnel get ap -A"],
        sources: &["istio/ztunnel#691", "istio/istio#46057", "istio/istio#44256"],
        ..Row::EMPTY
    },
    Row {
        id: "F88",
        name: "authz-caller-has-no-identity",
        area: Area::Authorization,
        title: "The policy lists the caller, and the caller has no identity",
        story: "It is on the host's network or not in the mesh: it arrives as plaintext, so that principals \
            and namespaces are both empty.",
        confusing: "\"none allowed\", though the policy clearly lists that service account.",
        seen: &[
            shared(Ztunnel, "allow policies exist, but none allowed"),
            shared(Ztunnel, "http status: 401 Unauthorized"),
        ],
        flags: &["DENY"],
        codes: &["authz.no_principal", "authz.none_allowed"],
        words: "hostnetwork principal",
        tells_apart: "The destination's line has no src.identity.",
        fix: "Enrol the caller, or a rule on its address.",
        next: &[commands::EXPLAIN, commands::FORESEE],
        sources: &["istio/ztunnel#1901", "istio/istio.io#12781"],
        ..Row::EMPTY
    },
    Row {
        id: "F89",
        name: "authz-sees-waypoint-identity",
        area: Area::Authorization,
        title: "The destination sees the waypoint instead of the caller",
        story: "Behind a waypoint the peer is the waypoint, with its own SPIFFE ID.",
        confusing: "Everything through the waypoint is 503 as soon as the workload has a policy.",
        seen: &[
            shared(Ztunnel, "allow policies exist, but none allowed"),
            shared(Ztunnel, "http status: 401 Unauthorized"),
        ],
        codes: &["authz.none_allowed"],
        looks_like: &["D64"],
        words: "waypoint",
        tells_apart: "src.identity in the destination's line is the waypoint's.",
        fix: "Allow the waypoint's principal; put rules about callers on the waypoint (targetRefs).",
        next: &[commands::EXPLAIN, commands::ANALYZE],
        sources: &["siutsin/otaru#3129", "istio/istio.io#16586", "istio/istio.io#16091", "istio/istio#50475"],
        ..Row::EMPTY
    },
    Row {
        id: "F90",
        name: "l7-rule-without-waypoint",
        area: Area::Authorization,
        title: "A rule about HTTP where only layer 4 is enforced",
        story: "ztunnel leaves HTTP attributes out: an ALLOW rule goes whole, a DENY rule loses its condition.",
        confusing: "ALLOW refuses everybody, and a DENY that is only about HTTP refuses nobody.",
        seen: &[
            shared(Ztunnel, "allow policies exist, but none allowed"),
            only(Istio, "ztunnel does not support HTTP attributes"),
            only(Istio, "has no enforceable rules at ztunnel"),
            rarely(Istio, "UnsupportedValue"),
        ],
        codes: &["authz.none_allowed"],
        looks_like: &["D64"],
        words: "methods paths l7 waypoint",
        tells_apart: "`analyze` says which rule became empty.",
        fix: "targetRefs to a waypoint.",
        next: &[commands::ANALYZE, commands::FORESEE],
        sources: &[
            "istio/istio#61126",
            "istio/istio#54275",
            "istio/istio#58316",
            "istio/istio#54335",
            "istio/ztunnel src/rbac.rs",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "F91",
        name: "principal-written-with-spiffe-prefix",
        area: Area::Authorization,
        title: "A principal that is written with spiffe://",
        story: "The prefix is taken off the peer's identity and not off the policy's text, so that the rule \
            never fits.",
        seen: &[shared(Ztunnel, "allow policies exist, but none allowed")],
        codes: &["authz.none_allowed"],
        looks_like: &["D64"],
        words: "prefix principals spiffe",
        tells_apart: "`analyze` finds it.",
        fix: "Leave the prefix out: cluster.local/ns/NAMESPACE/sa/SERVICE_ACCOUNT.",
        next: &[commands::ANALYZE],
        sources: &["istio/ztunnel src/rbac.rs", "istio/ztunnel#1901"],
        ..Row::EMPTY
    },
    Row {
        id: "F92",
        name: "policy-change-kills-live-connection",
        area: Area::Authorization,
        title: "An open connection is cut by a policy change",
        story: "Open connections are asked again when policies change, and whoever would no longer be let in \
            is cut.",
        confusing: "The connection was fine for hours.",
        seen: &[
            only(Ztunnel, "connection closed due to policy change"),
            only(Glasstunnel, "a policy changed while it was open"),
        ],
        codes: &["relay.policy_changed"],
        looks_like: &["E80"],
        tells_apart: "The record names the policy that cut it.",
        fix: "As it should be; look first with `strict --dry-run` or `apply --dry-run`.",
        next: &[commands::EXPLAIN, commands::DRY_RUN],
        sources: &["istio/ztunnel#772", "istio/ztunnel src/proxy/connection_manager.rs"],
        ..Row::EMPTY
    },
];
