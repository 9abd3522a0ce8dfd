//! The workloads that a policy reaches, found by label and worked out once for all policies that reach the same.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use crate::mesh::{Mesh, Name, Reach, Service, Workload, nearest};
use crate::policy::{MtlsMode, PolicySet};

type Labels = BTreeMap<String, String>;
/// A service in front of a workload, and its ports as workload ports.
type Fronting<'a> = (&'a Service, &'a BTreeMap<u16, u16>);

/// Which workloads are asked for; `None` asks for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::analyze) struct Query<'a> {
    pub(in crate::analyze) namespace: Option<&'a str>,
    pub(in crate::analyze) labels: Option<&'a Labels>,
}

/// Some workloads, and what is common knowledge about them.
#[derive(Debug, Default)]
pub(in crate::analyze) struct Reached<'a> {
    pub(in crate::analyze) workloads: Vec<&'a Arc<Workload>>,
    /// How many are in the mesh.
    pub(in crate::analyze) meshed: usize,
    /// How many have a ztunnel.
    pub(in crate::analyze) ambient: usize,
    /// Whether each of them declares a port.
    pub(in crate::analyze) all_declare: bool,
    /// The ports that containers declare, or that services point at.
    pub(in crate::analyze) ports: BTreeSet<u16>,
    /// For each service port in front of them: the workload ports behind it, and the first such service.
    pub(in crate::analyze) service_ports: BTreeMap<u16, (BTreeSet<u16>, &'a Name)>,
    /// A pod of a gateway among them, and the gateway's name.
    pub(in crate::analyze) gateway: Option<(&'a Name, &'a str)>,
    /// A workload in the mesh and a port of it that takes plaintext; the port is `None` for any.
    pub(in crate::analyze) open: Option<(&'a Name, Option<u16>)>,
}

/// Finds them.
pub(in crate::analyze) struct Workloads<'a> {
    mesh: &'a Mesh,
    policies: &'a PolicySet,
    by_label: HashMap<(&'a str, &'a str), Vec<&'a Arc<Workload>>>,
    services: HashMap<&'a Name, Vec<Fronting<'a>>>,
    asked: RefCell<HashMap<Query<'a>, Rc<Reached<'a>>>>,
    values: RefCell<HashMap<(String, String), BTreeSet<&'a str>>>,
}

/// The label that istiod gives to the pods of a Gateway.
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";
/// Merged metrics, readiness and Envoy's own metrics, which no container of the user's declares.
const ISTIO_PORTS: [u16; 3] = [15020, 15021, 15090];
/// Among more values than this, the nearest one is no longer looked for.
const MOST_VALUES: usize = 200;

impl Reached<'_> {
    /// Whether `port` is one that somebody listens on, as far as that is declared.
    pub(in crate::analyze) fn has_port(&self, port: u16) -> bool {
        self.ports.contains(&port) || ISTIO_PORTS.contains(&port)
    }

    /// Whether a ztunnel would enforce the policy, as far as anybody can know.
    pub(in crate::analyze) fn may_be_ambient(&self) -> bool {
        self.workloads.is_empty() || self.ambient > 0
    }
}

impl<'a> Workloads<'a> {
    pub(in crate::analyze) fn index(mesh: &'a Mesh, policies: &'a PolicySet) -> Self {
        let mut by_label: HashMap<_, Vec<_>> = HashMap::new();
        for workload in mesh.workloads() {
            for (key, value) in &workload.labels {
                by_label.entry((key.as_str(), value.as_str())).or_default().push(workload);
            }
        }
        let mut services: HashMap<_, Vec<_>> = HashMap::new();
        for service in mesh.services() {
            for endpoint in &service.endpoints {
                services.entry(&endpoint.workload.name).or_default().push((&**service, &endpoint.ports));
            }
        }
        Self { mesh, policies, by_label, services, asked: RefCell::default(), values: RefCell::default() }
    }

    /// Whether there is any workload at all: without one, nothing can be said about selectors and ports.
    pub(in crate::analyze) fn any(&self) -> bool {
        self.mesh.workloads().len() > 0
    }

    /// The workloads of one namespace.
    pub(in crate::analyze) fn of_namespace(&self, namespace: &'a str) -> Rc<Reached<'a>> {
        self.reached(Query { namespace: Some(namespace), labels: None })
    }

    /// The workloads that fit `query`; labels must all be there, and empty ones ask for nothing.
    pub(in crate::analyze) fn reached(&self, query: Query<'a>) -> Rc<Reached<'a>> {
        if let Some(known) = self.asked.borrow().get(&query) {
            return Rc::clone(known);
        }
        let reached = Rc::new(self.gather(self.find(query)));
        self.asked.borrow_mut().insert(query, Rc::clone(&reached));
        reached
    }

    /// The value of the label `key` in `namespace` that `typed` may be a slip of.
    pub(in crate::analyze) fn similar(&self, namespace: &str, key: &str, typed: &str) -> Option<&'a str> {
        let mut known = self.values.borrow_mut();
        let values = known.entry((namespace.to_owned(), key.to_owned())).or_insert_with(|| {
            let there = self.mesh.workloads_in(namespace);
            there.filter_map(|workload| workload.labels.get(key).map(String::as_str)).collect()
        });
        let few = values.len() <= MOST_VALUES;
        few.then(|| nearest(typed, values.iter().copied())).flatten()
    }

    fn find(&self, query: Query<'a>) -> Vec<&'a Arc<Workload>> {
        let there = |workload: &&Arc<Workload>| {
            query.namespace.is_none_or(|namespace| *workload.name.namespace == *namespace)
        };
        let Some(labels) = query.labels.filter(|labels| !labels.is_empty()) else {
            return match query.namespace {
                Some(namespace) => self.mesh.workloads_in(namespace).collect(),
                None => self.mesh.workloads().collect(),
            };
        };
        let with = |(key, value): (&'a String, &'a String)| {
            self.by_label.get(&(key.as_str(), value.as_str())).map(Vec::as_slice).unwrap_or_default()
        };
        let rarest = labels.iter().map(with).min_by_key(|list| list.len()).unwrap_or_default();
        rarest.iter().copied().filter(|workload| workload.matches(labels)).filter(there).collect()
    }

    fn gather(&self, workloads: Vec<&'a Arc<Workload>>) -> Reached<'a> {
        let mut reached = Reached { all_declare: !workloads.is_empty(), ..Reached::default() };
        for workload in &workloads {
            reached.meshed += usize::from(workload.reach.in_mesh());
            reached.ambient += usize::from(workload.reach == Reach::Hbone);
            reached.all_declare &= !workload.ports.is_empty();
            reached.ports.extend(workload.ports.iter().map(|port| port.number));
            for (service, ports) in self.services.get(&workload.name).into_iter().flatten() {
                reached.ports.extend(ports.values());
                for (port, target) in *ports {
                    let entry = reached.service_ports.entry(*port);
                    entry.or_insert_with(|| (BTreeSet::new(), &service.name)).0.insert(*target);
                }
            }
            let gateway = workload.labels.get(GATEWAY_NAME).map(|gateway| (&workload.name, gateway.as_str()));
            reached.gateway = reached.gateway.or(gateway);
            reached.open = reached.open.or_else(|| self.open(workload));
        }
        reached.workloads = workloads;
        reached
    }

    fn open(&self, workload: &'a Workload) -> Option<(&'a Name, Option<u16>)> {
        let (base, mut ports) = self.policies.effective_of(&workload.name);
        let is_open = |mode| mode != MtlsMode::Strict;
        let mut port = || ports.find(|(_, effective)| is_open(effective.mode)).map(|(port, _)| Some(port));
        let open = if is_open(base.mode) { Some(None) } else { port() };
        open.filter(|_| workload.reach.in_mesh()).map(|port| (&workload.name, port))
    }
}
