//! Codes that Istio has.

use crate::analyze::code::Code;
use crate::analyze::level::Level::{self, Error, Warning};

const fn entry(id: &'static str, level: Level, title: &'static str) -> Code {
    Code { id, title, level, page: "" }
}

pub(in crate::analyze) const REFERENCE_NOT_FOUND: Code =
    entry("IST0101", Error, "a policy names a namespace that does not exist");
pub(in crate::analyze) const SCHEMA: Code =
    entry("IST0106", Error, "a document that the API server or istiod refuses");
pub(in crate::analyze) const MISPLACED_ANNOTATION: Code =
    entry("IST0107", Warning, "an Istio annotation on a kind that it means nothing to");
pub(in crate::analyze) const UNKNOWN_ANNOTATION: Code =
    entry("IST0108", Warning, "an annotation of Istio's that does not exist");
pub(in crate::analyze) const SEVERAL_INJECTION_LABELS: Code =
    entry("IST0123", Warning, "a namespace with labels for two data planes");
pub(in crate::analyze) const NO_MATCHING_WORKLOADS: Code =
    entry("IST0127", Warning, "an AuthorizationPolicy whose selector picks no workload");
pub(in crate::analyze) const UNVERIFIED_SERVER: Code =
    entry("IST0128", Warning, "a DestinationRule that asks for TLS and verifies nobody");
pub(in crate::analyze) const UNVERIFIED_SERVER_AT_PORT: Code =
    entry("IST0129", Warning, "the same for one port");
pub(in crate::analyze) const SCHEMA_WARNING: Code =
    entry("IST0133", Warning, "a document that istiod takes with a warning");
pub(in crate::analyze) const SELECTOR_ON_GATEWAY: Code =
    entry("IST0166", Warning, "a selector that picks a gateway's or a waypoint's pods");
pub(in crate::analyze) const NO_IMPACT: Code =
    entry("IST0167", Warning, "a Sidecar object where there are no sidecars");
pub(in crate::analyze) const NEGATIVE_CONDITION: Code =
    entry("IST0171", Warning, "a policy that istiod marks as not accepted");
pub(in crate::analyze) const EMPTY_SUBSET: Code =
    entry("IST0173", Error, "a DestinationRule's subset that picks no pod");
pub(in crate::analyze) const HOST_NOT_FOUND: Code =
    entry("IST0174", Warning, "a DestinationRule's host that no service has");
