//! What one policy decision costs: with few and many policies that have nothing to do with it, and with many that reach
//! every workload; beside it, what building the index costs, which every change of a policy pays.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "work/policies.rs"]
mod policies;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use glasstunnel::policy::{
    Action, AuthorizationPolicy, CheckRequest, First, Match, Policies, PolicySet, Values, peer_auth,
};

use policies::{Asked, from, mesh, policy, text};

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

/// Most policies concern other workloads.
fn unrelated(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decide");
    let mesh = mesh(10_000);
    let asked = Asked::new(&mesh);
    for count in [10, 1_000, 10_000, 100_000] {
        let given = policies::unrelated(count);
        let set = PolicySet::new(&mesh, given.clone());
        group.bench_with_input(BenchmarkId::new("hbone_permit", count), &count, |bencher, _| {
            bencher.iter(|| asked.decide(&set));
        });
        group.bench_with_input(BenchmarkId::new("captured_permit", count), &count, |bencher, _| {
            bencher.iter(|| peer_auth::captured(&set, black_box(&asked.workload), 3000, First::Raw).unwrap());
        });
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
