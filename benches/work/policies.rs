//! Meshes with many policies, and the one workload that is asked about.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use glasstunnel::addr::MeshAddr;
use glasstunnel::identity::SpiffeId;
use glasstunnel::mesh::{
    BackendKind, Controller, Mesh, MeshSpec, Name, Source, Workload, WorkloadSpec, build,
};
use glasstunnel::policy::{
    Action, AuthorizationPolicy, CheckRequest, Entry, Match, MtlsMode, PeerAuthentication, Permit, Policies,
    PolicySet, Rule, StringMatch, Values, authorize, peer_auth,
};

fn labels(app: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("app".to_owned(), app.to_owned())])
}

/// A mesh of `count` workloads, ten in each namespace.
pub(crate) fn mesh(count: usize) -> Mesh {
    let workload = |number: usize| WorkloadSpec {
        name: Name::new(format!("ns-{}", number / 10), format!("app-{number}")),
        service_account: "app".to_owned(),
        labels: labels(&format!("app-{number}")),
        addresses: Vec::new(),
        host_network: false,
        ports: Vec::new(),
        backend: BackendKind::Http,
        controller: Controller { kind: "pod", name: "app".to_owned() },
        node: None,
        source: Source::new("bench", 1),
    };
    build(MeshSpec { workloads: (0..count).map(workload).collect(), ..MeshSpec::default() }).unwrap()
}

/// A STRICT policy with a port exception for a workload that may or may not exist.
fn strict(number: usize) -> Arc<PeerAuthentication> {
    Arc::new(PeerAuthentication {
        name: Name::new(format!("ns-{}", number / 10), format!("app-{number}")),
        selector: Some(labels(&format!("app-{number}"))),
        mode: Some(MtlsMode::Strict),
        ports: BTreeMap::from([(3000, Some(MtlsMode::Permissive))]),
        created: None,
        source: Source::new("bench", 1),
    })
}

pub(crate) fn text(values: &[&str]) -> Values<StringMatch> {
    Values { any: values.iter().map(|text| StringMatch::read(text)).collect(), none: Vec::new() }
}

pub(crate) fn policy(namespace: &str, name: String, action: Action, rules: Vec<Rule>) -> AuthorizationPolicy {
    AuthorizationPolicy {
        name: Name::new(namespace, name),
        selector: None,
        target_refs: Vec::new(),
        action,
        dry_run: false,
        rules,
        source: Source::new("bench", 1),
    }
}

pub(crate) fn from(matches: Match) -> Rule {
    Rule { from: vec![Entry { matches, layer7: Vec::new() }], ..Rule::default() }
}

/// An ALLOW for the workload of that number, which lets its own namespace in.
fn allow(number: usize) -> Arc<AuthorizationPolicy> {
    let namespace = format!("ns-{}", number / 10);
    let rule = from(Match { namespaces: text(&[&namespace]), ..Match::default() });
    Arc::new(AuthorizationPolicy {
        selector: Some(labels(&format!("app-{number}"))),
        ..policy(&namespace, format!("app-{number}"), Action::Allow, vec![rule])
    })
}

/// That many policies, half of either kind, most of which concern other workloads.
pub(crate) fn unrelated(count: usize) -> Policies {
    let half = count / 2;
    Policies {
        peer_authentications: (0..half).map(strict).collect(),
        authorization_policies: (0..half).map(allow).collect(),
        ..Policies::default()
    }
}

pub(crate) struct Asked {
    pub(crate) workload: Arc<Workload>,
    source: SpiffeId,
}

impl Asked {
    /// A workload that has policies of its own however few there are.
    pub(crate) fn new(mesh: &Mesh) -> Self {
        let workload = mesh.workload(&Name::new("ns-0", "app-3")).unwrap();
        let source = SpiffeId::new("cluster.local", "ns-0", "client").unwrap();
        Self { workload: Arc::clone(workload), source }
    }

    pub(crate) fn request(&self) -> CheckRequest<'_> {
        CheckRequest {
            source: Some(&self.source),
            source_addr: MeshAddr::new([10, 0, 0, 9].into(), 40_000),
            workload: &self.workload,
            port: 3000,
        }
    }

    /// Both decisions of one connection over HBONE.
    pub(crate) fn decide(&self, policies: &PolicySet) -> Permit {
        let admitted = peer_auth::hbone(policies, black_box(&self.workload), 3000).unwrap();
        authorize(policies, admitted, &self.request()).unwrap()
    }
}
