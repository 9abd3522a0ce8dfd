//! What istiod makes of PeerAuthentication for an ambient workload, bug for bug (reference/policy.md 1.3 and 1.4).
//!
//! A ztunnel has no PeerAuthentication: istiod turns STRICT into DENY policies against clients without a principal, and
//! lists on each workload which of them holds. The list and the policies are made by two pieces of code that disagree in
//! 12 of 525 combinations; then an exception is lost, or the workload refers to a policy that nobody ever made, which a
//! ztunnel skips with a warning.

use std::collections::BTreeSet;
use std::fmt;

use crate::mesh::Name;
use crate::policy::mode::MtlsMode;
use crate::policy::peer_authentication::PeerAuthentication;

/// The policy that a workload's list refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Converted {
    /// None: plaintext is let in.
    Nothing,
    /// The one static DENY of the mesh: no plaintext on any port.
    Static,
    /// One made from the workload's own PeerAuthentication.
    Own(Name, Form),
}

/// What that policy refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Form {
    /// Plaintext on all ports but these.
    Except(BTreeSet<u16>),
    /// Plaintext on these ports.
    Only(BTreeSet<u16>),
    /// It was never made, so nothing is refused.
    Dangling,
}

/// Where what istiod made is not what was declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// The port was declared open, and is closed.
    ExceptionLost,
    /// The port was declared STRICT, and is open: the workload refers to this policy, which was never made.
    Dangling(String),
    /// The port was declared STRICT, and is open: the mesh-wide policy with `selector: {}` never reaches a ztunnel.
    NotFetched,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExceptionLost => f.write_str(
                "in ambient the exception is lost: under an UNSET workload mode istiod looks for PERMISSIVE ports only",
            ),
            Self::Dangling(key) => write!(
                f,
                "in ambient this fails open: the workload refers to {key}, which istiod never makes, and ztunnel skips it"
            ),
            Self::NotFetched => f.write_str(
                "in ambient this fails open: istiod does not read a root namespace policy with `selector: {}`",
            ),
        }
    }
}

/// The policies that may hold for one workload, each the oldest of its scope.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::policy) struct Candidates<'a> {
    /// Of the root namespace, without a selector.
    pub(in crate::policy) mesh: Option<&'a PeerAuthentication>,
    /// Of the workload's namespace, without a selector or with an empty one.
    pub(in crate::policy) namespace: Option<&'a PeerAuthentication>,
    /// With a selector that picks the workload.
    pub(in crate::policy) workload: Option<&'a PeerAuthentication>,
}

/// Converts as istiod does.
pub(in crate::policy) fn convert(candidates: Candidates<'_>) -> Converted {
    let mesh_is_strict = mode(candidates.mesh) == Some(MtlsMode::Strict);
    let parent_is_strict = match mode(candidates.namespace) {
        Some(mode) => mode == MtlsMode::Strict,
        None => mesh_is_strict,
    };
    let fallback = |is_strict| if is_strict { Converted::Static } else { Converted::Nothing };
    let Some(workload) = candidates.workload else { return fallback(parent_is_strict) };
    let is_strict = workload.mode.map_or(parent_is_strict, |mode| mode == MtlsMode::Strict);
    let strict = ports(workload, |mode| mode == MtlsMode::Strict);
    let open = ports(workload, |mode| mode != MtlsMode::Strict);
    let permissive = ports(workload, |mode| mode == MtlsMode::Permissive);
    let has_its_own = match (workload.mode, is_strict) {
        (Some(MtlsMode::Strict), _) => !open.is_empty(),
        // Here a DISABLE port is forgotten.
        (None, true) => !permissive.is_empty(),
        (Some(_), _) | (None, false) => !strict.is_empty(),
    };
    if !has_its_own {
        return fallback(is_strict);
    }
    // The code that makes the policy sees the parents in its own way: a namespace policy with an empty selector not at
    // all, and one that says UNSET as an end of the search.
    let seen = candidates.namespace.filter(|policy| policy.selector.is_none());
    let sees_strict_parent =
        seen.map_or(mesh_is_strict, |namespace| namespace.mode == Some(MtlsMode::Strict));
    let believes_mesh_covers = mesh_is_strict && seen.is_none_or(|namespace| namespace.mode.is_none());
    let form = match workload.mode {
        Some(MtlsMode::Strict) => Form::Except(open),
        None if sees_strict_parent => Form::Except(open),
        _ if believes_mesh_covers || strict.is_empty() => Form::Dangling,
        _ => Form::Only(strict),
    };
    let key = format!("converted_peer_authentication_{}", workload.name.name);
    Converted::Own(Name::new(&*workload.name.namespace, key), form)
}

impl Converted {
    /// Whether a client without a principal is refused at `port`.
    pub(in crate::policy) fn refuses_plaintext(&self, port: u16) -> bool {
        match self {
            Self::Nothing | Self::Own(_, Form::Dangling) => false,
            Self::Static => true,
            Self::Own(_, Form::Except(open)) => !open.contains(&port),
            Self::Own(_, Form::Only(strict)) => strict.contains(&port),
        }
    }

    /// `NAMESPACE/NAME` as the workload's list has it.
    pub(in crate::policy) fn key(&self, root_namespace: &str) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Static => Some(static_key(root_namespace)),
            Self::Own(name, _) => Some(name.to_string()),
        }
    }
}

/// The one DENY that istiod makes as soon as any PeerAuthentication exists.
pub(in crate::policy) fn static_key(root_namespace: &str) -> String {
    format!("{root_namespace}/istio_converted_static_strict")
}

fn mode(policy: Option<&PeerAuthentication>) -> Option<MtlsMode> {
    policy.and_then(|policy| policy.mode)
}

fn ports(policy: &PeerAuthentication, wanted: impl Fn(MtlsMode) -> bool) -> BTreeSet<u16> {
    policy.ports.iter().filter(|(_, mode)| mode.is_some_and(&wanted)).map(|(port, _)| *port).collect()
}

#[cfg(test)]
mod tests;
