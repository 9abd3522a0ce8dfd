//! The PeerAuthentication modes that a client's proxy can see: of namespaces and of the mesh, never of single workloads
//! (reference/policy.md 3.3).

use std::collections::HashMap;
use std::sync::Arc;

use crate::policy::mode::MtlsMode;
use crate::policy::peer_authentication::PeerAuthentication;

/// The mode of each namespace beyond the exceptions of its workloads.
#[derive(Clone, Debug)]
pub struct NamespaceModes {
    namespaces: HashMap<Arc<str>, MtlsMode>,
    mesh: MtlsMode,
}

impl NamespaceModes {
    /// From all policies, oldest first: the first of a scope is the only one that counts.
    pub fn new(root_namespace: &str, policies: &[Arc<PeerAuthentication>]) -> Self {
        let mut first: HashMap<Arc<str>, Option<MtlsMode>> = HashMap::new();
        for policy in policies.iter().filter(|policy| policy.labels().is_none()) {
            first.entry(Arc::clone(&policy.name.namespace)).or_insert(policy.mode);
        }
        let mesh = first.remove(root_namespace).flatten().unwrap_or(MtlsMode::Permissive);
        let set = first.into_iter().filter_map(|(namespace, mode)| Some((namespace, mode?)));
        Self { namespaces: set.collect(), mesh }
    }

    /// The mode of a service in `namespace`, as its clients infer it.
    pub fn of(&self, namespace: &str) -> MtlsMode {
        self.namespaces.get(namespace).copied().unwrap_or(self.mesh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::{Name, Source};

    #[test]
    fn namespace_then_mesh_then_permissive() {
        let policy = |namespace: &str, selector: bool, mode| {
            let labels = || [("app".to_owned(), "a".to_owned())].into();
            Arc::new(PeerAuthentication {
                name: Name::new(namespace, "p"),
                selector: selector.then(labels),
                mode,
                ports: [].into(),
                created: None,
                source: Source::new("f", 1),
            })
        };
        let modes = NamespaceModes::new("root", &[]);
        assert_eq!(modes.of("foo"), MtlsMode::Permissive);
        let modes = NamespaceModes::new(
            "root",
            &[
                policy("root", false, Some(MtlsMode::Strict)),
                policy("foo", true, Some(MtlsMode::Strict)),
                policy("foo", false, Some(MtlsMode::Disable)),
                policy("foo", false, Some(MtlsMode::Strict)),
                policy("bar", false, None),
            ],
        );
        assert_eq!(
            [modes.of("foo"), modes.of("bar"), modes.of("root")],
            [MtlsMode::Disable, MtlsMode::Strict, MtlsMode::Strict]
        );
    }
}
