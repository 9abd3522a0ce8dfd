//! Target ports by name: whether any pod behind the service has a port of that name.

use std::collections::HashMap;

use crate::mesh::{MeshSpec, ServiceSpec, WorkloadSpec, nearest};
use crate::resources::object::NamedTarget;
use crate::resources::parse::Problem;

/// The services' workloads by one label each: a service is compared with those of its rarest label only.
pub(crate) struct Selected<'a> {
    by_label: HashMap<[&'a str; 3], Vec<&'a WorkloadSpec>>,
}

impl<'a> Selected<'a> {
    pub(crate) fn index(spec: &'a MeshSpec) -> Self {
        let mut by_label: HashMap<[&str; 3], Vec<&WorkloadSpec>> = HashMap::new();
        for workload in &spec.workloads {
            for (key, value) in &workload.labels {
                by_label.entry([&workload.name.namespace, key, value]).or_default().push(workload);
            }
        }
        Self { by_label }
    }

    /// What is wrong with `target` of `service`.
    ///
    /// A service with no pods at all is in order: they may come later.
    pub(crate) fn dangling(&self, service: &'a ServiceSpec, target: &NamedTarget) -> Option<Problem> {
        let mut ports = Vec::new();
        let mut pods = 0_usize;
        for workload in self.of(service) {
            pods += 1;
            for name in workload.ports.iter().filter_map(|port| port.name.as_deref()) {
                if name == target.port {
                    return None;
                }
                ports.push(name);
            }
        }
        (pods > 0).then(|| problem(target, &ports))
    }

    fn of(&self, service: &'a ServiceSpec) -> impl Iterator<Item = &'a WorkloadSpec> + use<'a> {
        let namespace = &*service.name.namespace;
        let with = |(key, value): (&'a String, &'a String)| {
            self.by_label.get(&[namespace, key.as_str(), value.as_str()])
        };
        let lists: Option<Vec<_>> = service.selector.iter().map(with).collect();
        let rarest = lists.unwrap_or_default().into_iter().min_by_key(|list| list.len());
        let candidates: Vec<&WorkloadSpec> = rarest.cloned().unwrap_or_default();
        candidates.into_iter().filter(|workload| {
            service.selector.iter().all(|(key, value)| workload.labels.get(key) == Some(value))
        })
    }
}

fn problem(target: &NamedTarget, ports: &[&str]) -> Problem {
    let near = nearest(&target.port, ports.iter().copied()).map(|near| format!("did you mean `{near}`?"));
    Problem {
        at: target.at,
        code: "resources.dangling_port",
        message: format!(
            "expected a port name of the pods behind this service, found `{}`",
            target.port.escape_debug()
        ),
        help: near.or_else(|| Some("name the container port, or give its number".to_owned())),
    }
}
