//! What one policy decision costs: with few and many policies that have nothing to do with it, and with many that reach
//! every workload; beside it, what building the index costs, which every change of a policy pays.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use glasstunnel::addr::MeshAddr;
use glasstunnel::identity::SpiffeId;
use glasstunnel::mesh::{
    BackendKind, Controller, Mesh, MeshSpec, Name, Source, Workload, WorkloadSpec, build,
};
use glasstunnel::policy::{
    Action, AuthorizationPolicy, CheckRequest, Entry, First, Match, MtlsMode, PeerAuthentication, Permit,
    Policies, PolicySet, Rule, StringMatch, Values, authorize, peer_auth,
};

fn labels(app: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("app".to_owned(), app.to_owned())])
}

/// A mesh of `count` workloads, ten in each namespace.
fn mesh(count: usize) -> Mesh {
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

fn text(values: &[&str]) -> Values<StringMatch> {
    Values { any: values.iter().map(|text| StringMatch::read(text)).collect(), none: Vec::new() }
}

fn policy(namespace: &str, name: String, action: Action, rules: Vec<Rule>) -> AuthorizationPolicy {
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

fn from(matches: Match) -> Rule {
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

/// DENY policies that reach every workload and match nobody, `rules` each: the shape that ztunnel's own benchmark has,
/// with the same values in all of them, or with values of each rule's own.
fn global(count: usize, rules: usize, own_values: bool) -> Vec<Arc<AuthorizationPolicy>> {
    let rule = |number: usize| {
        let number = if own_values { number } else { 0 };
        from(Match {
            namespaces: text(&[&format!("random-{number}*"), &format!("*-random-{number}"), "random"]),
            principals: text(&[&format!("random-{number}*"), &format!("*-random-{number}"), "random"]),
            source_ips: Values { any: vec!["198.51.100.0/24".parse().unwrap()], none: Vec::new() },
            destination_ips: Values { any: vec!["198.51.100.0/24".parse().unwrap()], none: Vec::new() },
            ports: Values { any: vec![1], none: Vec::new() },
            ..Match::default()
        })
    };
    let rules = |place: usize| (0..rules).map(|number| rule(place * rules + number)).collect();
    let policies =
        (0..count).map(|place| policy("istio-system", format!("deny-{place}"), Action::Deny, rules(place)));
    policies.map(Arc::new).collect()
}

/// Looks at every rule of every policy, as a list without an index has to.
fn walk(policies: &[Arc<AuthorizationPolicy>], request: &CheckRequest<'_>) -> bool {
    let seen = request.seen();
    let rules = policies.iter().flat_map(|policy| &policy.rules);
    rules.flat_map(|rule| &rule.from).any(|entry| entry.matches.matches(&seen))
}

struct Asked {
    workload: Arc<Workload>,
    source: SpiffeId,
}

impl Asked {
    /// A workload that has policies of its own however few there are.
    fn new(mesh: &Mesh) -> Self {
        let workload = mesh.workload(&Name::new("ns-0", "app-3")).unwrap();
        let source = SpiffeId::new("cluster.local", "ns-0", "client").unwrap();
        Self { workload: Arc::clone(workload), source }
    }

    fn request(&self) -> CheckRequest<'_> {
        CheckRequest {
            source: Some(&self.source),
            source_addr: MeshAddr::new([10, 0, 0, 9].into(), 40_000),
            workload: &self.workload,
            port: 3000,
        }
    }

    /// Both decisions of one connection over HBONE.
    fn decide(&self, policies: &PolicySet) -> Permit {
        let admitted = peer_auth::hbone(policies, black_box(&self.workload), 3000).unwrap();
        authorize(policies, admitted, &self.request()).unwrap()
    }
}

/// Most policies concern other workloads.
fn unrelated(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decide");
    let mesh = mesh(10_000);
    let asked = Asked::new(&mesh);
    for count in [10, 1_000, 10_000, 100_000] {
        let half = count / 2;
        let policies = || Policies {
            peer_authentications: (0..half).map(strict).collect(),
            authorization_policies: (0..half).map(allow).collect(),
            ..Policies::default()
        };
        let set = PolicySet::new(&mesh, policies());
        group.bench_with_input(BenchmarkId::new("hbone_permit", count), &count, |bencher, _| {
            bencher.iter(|| asked.decide(&set));
        });
        group.bench_with_input(BenchmarkId::new("captured_permit", count), &count, |bencher, _| {
            bencher.iter(|| peer_auth::captured(&set, black_box(&asked.workload), 3000, First::Raw).unwrap());
        });
        let given = policies();
        group.bench_with_input(BenchmarkId::new("build", count), &count, |bencher, _| {
            bencher.iter(|| PolicySet::new(&mesh, given.clone()));
        });
    }
    group.finish();
}

/// All policies concern all workloads: 10 000 of 10 rules.
fn related(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decide_global");
    group.sample_size(10);
    let mesh = mesh(10);
    let asked = Asked::new(&mesh);
    for (name, own_values) in [("same_values", false), ("own_values", true)] {
        let given = global(10_000, 10, own_values);
        let policies = || Policies { authorization_policies: given.clone(), ..Policies::default() };
        let set = PolicySet::new(&mesh, policies());
        group
            .bench_function(BenchmarkId::new("indexed", name), |bencher| bencher.iter(|| asked.decide(&set)));
        group.bench_function(BenchmarkId::new("walked", name), |bencher| {
            bencher.iter(|| walk(black_box(&given), &asked.request()));
        });
        group.bench_function(BenchmarkId::new("build", name), |bencher| {
            bencher.iter(|| PolicySet::new(&mesh, policies()));
        });
    }
    group.finish();
}

criterion_group!(benches, unrelated, related);
criterion_main!(benches);
