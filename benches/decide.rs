//! What one policy decision costs, with few and many policies that have nothing to do with it.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use glasstunnel::addr::MeshAddr;
use glasstunnel::mesh::{BackendKind, Controller, Mesh, MeshSpec, Name, Source, WorkloadSpec, build};
use glasstunnel::policy::{CheckRequest, MtlsMode, PeerAuthentication, PolicySet, authorize, peer_auth};
use glasstunnel::sniff::{Verdict, classify};

fn labels(app: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("app".to_owned(), app.to_owned())])
}

/// A mesh of `count` workloads, each in a namespace of its own.
fn mesh(count: usize) -> Mesh {
    let workload = |number: usize| WorkloadSpec {
        name: Name::new(format!("ns-{number}"), "app"),
        service_account: "app".to_owned(),
        labels: labels("app"),
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

/// One STRICT policy with a port exception for each workload.
fn policies(mesh: &Mesh, count: usize) -> PolicySet {
    let policy = |number: usize| {
        Arc::new(PeerAuthentication {
            name: Name::new(format!("ns-{number}"), "app"),
            selector: Some(labels("app")),
            mode: Some(MtlsMode::Strict),
            ports: BTreeMap::from([(3000, Some(MtlsMode::Permissive))]),
            created: None,
            source: Source::new("bench", 1),
        })
    };
    PolicySet::new(mesh, (0..count).map(policy).collect())
}

fn decide(criterion: &mut Criterion) {
    let Verdict::Known(protocol) = classify(b"GET / HTTP/1.1\r\n\r\n") else { return };
    let mut group = criterion.benchmark_group("decide");
    for count in [10, 1_000, 10_000] {
        let mesh = mesh(count);
        let policies = policies(&mesh, count);
        let workload = Name::new("ns-7", "app");
        let request = CheckRequest {
            source: None,
            source_addr: MeshAddr::new([10, 0, 0, 9].into(), 40_000),
            workload: &workload,
            port: 3000,
        };
        group.bench_with_input(BenchmarkId::new("captured_permit", count), &count, |bencher, _| {
            bencher.iter(|| {
                let admitted = peer_auth::captured(&policies, black_box(&workload), 3000, &protocol).unwrap();
                authorize(admitted, &request).unwrap()
            });
        });
        group.bench_with_input(BenchmarkId::new("resolve_all", count), &count, |bencher, count| {
            bencher.iter(|| self::policies(&mesh, *count));
        });
    }
    group.finish();
}

criterion_group!(benches, decide);
criterion_main!(benches);
