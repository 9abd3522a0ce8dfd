//! Kinds as people type them: kubectl's plurals and short names.

use crate::mesh::nearest;
use crate::reason::{Reason, Side};

/// A kind with its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindNames {
    /// `PeerAuthentication`.
    pub kind: &'static str,
    /// `peerauthentication`, as kubectl prints it.
    pub singular: &'static str,
    /// `peerauthentications`.
    pub plural: &'static str,
    /// `pa`, and what else kubectl or istioctl know it by.
    pub short: &'static [&'static str],
    /// `security.istio.io`; empty for Kubernetes' own.
    pub group: &'static str,
    /// Whether its objects live in namespaces.
    pub is_namespaced: bool,
}

const fn names(
    kind: &'static str,
    singular: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    group: &'static str,
) -> KindNames {
    KindNames { kind, singular, plural, short, group, is_namespaced: true }
}

const SECURITY: &str = "security.istio.io";
const NETWORKING: &str = "networking.istio.io";

/// Every kind that has a name here, in the order of `get all`.
pub const KIND_NAMES: [KindNames; 13] = [
    names("PeerAuthentication", "peerauthentication", "peerauthentications", &["pa"], SECURITY),
    names("AuthorizationPolicy", "authorizationpolicy", "authorizationpolicies", &["ap"], SECURITY),
    names("RequestAuthentication", "requestauthentication", "requestauthentications", &["ra"], SECURITY),
    names("DestinationRule", "destinationrule", "destinationrules", &["dr"], NETWORKING),
    names("VirtualService", "virtualservice", "virtualservices", &["vs"], NETWORKING),
    names("ServiceEntry", "serviceentry", "serviceentries", &["se"], NETWORKING),
    names("WorkloadEntry", "workloadentry", "workloadentries", &["we"], NETWORKING),
    names("Service", "service", "services", &["svc"], ""),
    names("Pod", "pod", "pods", &["po"], ""),
    names("Deployment", "deployment", "deployments", &["deploy"], "apps"),
    names("ServiceAccount", "serviceaccount", "serviceaccounts", &["sa"], ""),
    names("Gateway", "gateway", "gateways", &["gtw"], "gateway.networking.k8s.io"),
    KindNames { is_namespaced: false, ..names("Namespace", "namespace", "namespaces", &["ns"], "") },
];

/// A word that is no kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kind is called `{typed}`{}", nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default())]
pub struct UnknownKind {
    /// What was typed, escaped.
    pub typed: String,
    /// The nearest name.
    pub nearest: Option<&'static str>,
}

impl Reason for UnknownKind {
    fn code(&self) -> &'static str {
        "resources.no_such_kind"
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        let short: Vec<&str> = KIND_NAMES.iter().flat_map(|names| names.short).copied().collect();
        Some(format!("the short names are {}", short.join(", ")))
    }
}

impl KindNames {
    /// `peerauthentication.security.istio.io`, or `service`: how kubectl calls an object of this kind.
    pub fn qualified(&self) -> String {
        match self.group {
            "" => self.singular.to_owned(),
            group => format!("{}.{group}", self.singular),
        }
    }
}

/// The kind that `text` means: `pa`, `peerauthentication`, `PeerAuthentications`, `peerauthentication.security.istio.io`.
///
/// # Errors
///
/// [`UnknownKind`] with the nearest name.
pub fn kind_named(text: &str) -> Result<&'static KindNames, UnknownKind> {
    let typed = text.to_ascii_lowercase();
    let (name, group) =
        typed.split_once('.').map_or((typed.as_str(), None), |(name, group)| (name, Some(group)));
    let is_it = |names: &&KindNames| {
        let named = names.singular == name || names.plural == name || names.short.contains(&name);
        // kubectl takes a version before the group, too: `deployments.v1.apps`.
        let fits = |group: &str| group == names.group || group.ends_with(&format!(".{}", names.group));
        named && group.is_none_or(fits)
    };
    KIND_NAMES.iter().find(is_it).ok_or_else(|| UnknownKind {
        typed: text.escape_debug().to_string(),
        nearest: nearest(name, KIND_NAMES.iter().flat_map(|names| [names.singular, names.plural])),
    })
}

/// The names of `kind`, if it has any here.
pub fn names_of(kind: &str) -> Option<&'static KindNames> {
    KIND_NAMES.iter().find(|names| names.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubectls_names_are_understood() {
        let check = |typed: &str, expect: Option<&str>| {
            assert_eq!(kind_named(typed).ok().map(|names| names.kind), expect, "{typed}");
        };
        check("pa", Some("PeerAuthentication"));
        check("PeerAuthentication", Some("PeerAuthentication"));
        check("peerauthentications", Some("PeerAuthentication"));
        check("peerauthentication.security.istio.io", Some("PeerAuthentication"));
        check("ap", Some("AuthorizationPolicy"));
        check("svc", Some("Service"));
        check("po", Some("Pod"));
        check("deploy.apps", Some("Deployment"));
        check("service.serving.knative.dev", None);
        check("peerauthn", None);
        assert_eq!(kind_named("peerauthentcation").unwrap_err().nearest, Some("peerauthentication"));
    }
}
