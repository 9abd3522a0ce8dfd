//! A small mesh, hand-made halves of the connections that it can have, and golden files of every face.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::*;
use crate::addr::MeshAddr;
use crate::mesh::{
    BackendKind, ContainerPort, Controller, Mesh, MeshSpec, Name, NamespaceSpec, ServicePort, ServiceSpec,
    Source, TargetPort, Workload, WorkloadSpec, build,
};
use crate::policy::{
    CheckRequest, First, MtlsMode, PeerAuthentication, Permit, Policies, PolicySet, authorize, peer_auth,
};
use crate::reason::Side;
use crate::sniff::{self, Protocol, classify};
use crate::trace_context::TraceId;

/// Compares with a file below `tests/golden/telemetry`, or writes it under `UPDATE_EXPECT=1`.
#[expect(clippy::disallowed_methods, reason = "the only way to tell a test to rewrite what it expects")]
pub(super) fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/telemetry").join(name);
    if std::env::var("UPDATE_EXPECT").is_ok() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
    }
    let expect = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expect, "differs from {}; UPDATE_EXPECT=1 rewrites it", path.display());
}

/// 2026-11-21T03:31:07.619119Z.
pub(super) fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(1_795_231_867_619_119)
}

fn labels<const N: usize>(pairs: [(&str, &str); N]) -> std::collections::BTreeMap<String, String> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn pod(namespace: &str, name: &str, ip: [u8; 4]) -> WorkloadSpec {
    WorkloadSpec {
        name: Name::new(namespace, name),
        service_account: name.to_owned(),
        labels: labels([("app", name)]),
        addresses: vec![ip.into()],
        host_network: false,
        ports: vec![ContainerPort { number: 3000, name: None }],
        backend: BackendKind::Http,
        controller: Controller { kind: "deployment", name: name.to_owned() },
        node: None,
        source: Source::new("mesh.yaml", 7),
    }
}

/// `webapp` and `customers` in the mesh, `curl-client` outside.
pub(super) fn mesh() -> Mesh {
    build(MeshSpec {
        namespaces: vec![NamespaceSpec {
            name: "default".to_owned(),
            labels: labels([("istio.io/dataplane-mode", "ambient")]),
            source: Source::new("mesh.yaml", 1),
        }],
        workloads: vec![
            pod("default", "webapp", [10, 0, 0, 1]),
            pod("default", "customers", [10, 0, 0, 2]),
            pod("outside", "curl-client", [10, 0, 9, 1]),
        ],
        services: vec![ServiceSpec {
            name: Name::new("default", "customers"),
            vips: vec![[10, 96, 0, 2].into()],
            headless: false,
            ports: vec![ServicePort { number: 80, name: None, target: TargetPort::Number(3000) }],
            selector: labels([("app", "customers")]),
            labels: labels([]),
            source: Source::new("mesh.yaml", 30),
        }],
        ..MeshSpec::default()
    })
    .unwrap()
}

pub(super) fn workload(namespace: &str, name: &str) -> Arc<Workload> {
    Arc::clone(mesh().workload(&Name::new(namespace, name)).unwrap())
}

/// `mode` for `customers` from `mesh.yaml:12`, or no policy at all.
fn policies(mode: Option<MtlsMode>) -> PolicySet {
    let policies = mode.map(|mode| PeerAuthentication {
        name: Name::new("default", "customers"),
        selector: Some(labels([("app", "customers")])),
        mode: Some(mode),
        ports: std::collections::BTreeMap::new(),
        created: None,
        source: Source::new("mesh.yaml", 12),
    });
    let peer_authentications = policies.into_iter().map(Arc::new).collect();
    PolicySet::new(&mesh(), Policies { peer_authentications, ..Policies::default() })
}

/// What a plaintext request begins with.
fn get() -> Protocol {
    match classify(b"GET / HTTP/1.1\r\nhost: customers\r\n\r\n") {
        sniff::Verdict::Known(protocol) => protocol,
        sniff::Verdict::NeedMore => panic!("a whole request is enough"),
    }
}

/// The permit of `customers:3000` under these policies.
fn permit(mode: Option<MtlsMode>, source: &Workload, is_mutual: bool) -> Permit {
    let set = policies(mode);
    let customers = workload("default", "customers");
    let request = CheckRequest {
        source: is_mutual.then_some(&source.identity),
        source_addr: source.address(40000),
        workload: &customers,
        port: 3000,
    };
    authorize(&set, peer_auth::hbone(&set, &customers, 3000).unwrap(), &request).unwrap()
}

fn party(workload: &Arc<Workload>, port: u16, is_mutual: bool) -> Party {
    Party {
        addr: Some(workload.address(port).0),
        workload: Some(Arc::clone(workload)),
        identity: is_mutual.then(|| workload.identity.clone()),
        service: None,
    }
}

fn half(reporter: Reporter, wire: Wire, (source, destination): (Party, Party)) -> Half {
    Half {
        reporter,
        join: Join { trace: Some(TraceId([7; 16])), socket: None, expects_other: true },
        started: noon(),
        took: Duration::from_micros(1_900),
        source,
        destination,
        hbone_addr: None,
        wire: Some(wire),
        steps: Vec::new(),
        outcome: Outcome::Delivered,
        to_backend: 74,
        to_client: 63,
        early: false,
        since: std::time::Instant::now(),
        taps: Taps::default(),
    }
}

fn step(at: u64, fact: Fact) -> Step {
    Step { at: Duration::from_micros(at), fact }
}

fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// webapp → customers over HBONE, by the service; STRICT from mesh.yaml:12.
pub(super) fn hbone() -> (Half, Half) {
    let (webapp, customers) = (workload("default", "webapp"), workload("default", "customers"));
    let ends = || (party(&webapp, 40000, true), party(&customers, 15008, true));
    let authority: Arc<str> = "10.0.0.2:3000".into();
    let service = mesh().service(&Name::new("default", "customers")).cloned();
    let peer = |workload: &Workload| Fact::Handshaken {
        peer: workload.identity.clone(),
        version: "TLSv1.3",
        suite: "TLS_AES_128_GCM_SHA256",
        alpn: Some("h2".into()),
    };
    let mut source = half(Reporter::Source, Wire::Hbone, ends());
    source.hbone_addr = Some(Arc::clone(&authority));
    source.destination.service = service.clone();
    source.steps = vec![
        step(0, Fact::Accepted { door: "outbound", from: webapp.address(40000) }),
        step(12, Fact::Asked { through: "socks5", target: "customers:80".into() }),
        step(
            20,
            Fact::Routed {
                wire: Wire::Hbone,
                service,
                workload: Some(Arc::clone(&customers)),
                to: customers.address(3000),
                because: "both are in the mesh".into(),
            },
        ),
        step(900, peer(&customers)),
        step(910, Fact::Connect { authority: Arc::clone(&authority) }),
        step(1_300, Fact::Answered { status: 200 }),
        step(1_900, Fact::Relayed { to_backend: 74, to_client: 63 }),
    ];
    let mut destination = half(Reporter::Destination, Wire::Hbone, ends());
    destination.hbone_addr = Some(Arc::clone(&authority));
    destination.source.addr = Some(webapp.address(45001).0);
    destination.started = noon() + Duration::from_micros(950);
    destination.took = Duration::from_micros(930);
    let permit = permit(Some(MtlsMode::Strict), &webapp, true);
    destination.steps = vec![
        step(0, Fact::Accepted { door: "hbone", from: webapp.address(45001) }),
        step(1, peer(&webapp)),
        step(4, Fact::Connect { authority }),
        step(5, Fact::Mode(permit.effective().clone())),
        step(8, Fact::Permitted(Box::new(permit))),
        step(120, Fact::Dialed { to: customers.address(3000) }),
        step(122, Fact::Answered { status: 200 }),
        step(930, Fact::Relayed { to_backend: 74, to_client: 63 }),
    ];
    (source, destination)
}

/// curl-client → customers in plaintext; nobody says anything about modes.
pub(super) fn plaintext() -> (Half, Half) {
    let (curl, customers) = (workload("outside", "curl-client"), workload("default", "customers"));
    let ends = || (party(&curl, 40001, false), party(&customers, 3000, false));
    let join = Join { trace: None, socket: Some(socket("127.7.0.9:51000")), expects_other: true };
    let mut source = half(Reporter::Source, Wire::Raw, ends());
    source.steps = vec![
        step(0, Fact::Accepted { door: "outbound", from: curl.address(40001) }),
        step(9, Fact::Asked { through: "own-address", target: "10.0.0.2:3000".into() }),
        step(80, Fact::Dialed { to: customers.address(3000) }),
    ];
    let mut destination = half(Reporter::Destination, Wire::Raw, ends());
    let permit = permit(None, &curl, false);
    destination.steps = vec![
        step(0, Fact::Accepted { door: "captured", from: curl.address(40001) }),
        step(30, Fact::Sniffed { protocol: get(), first: sniff::FirstBytes::of(b"GET / HTTP/1.1") }),
        step(31, Fact::Mode(permit.effective().clone())),
        step(33, Fact::Permitted(Box::new(permit))),
        step(60, Fact::Dialed { to: customers.address(3000) }),
    ];
    destination.join = Join { socket: Some(socket("[::ffff:127.7.0.9]:51000")), ..join };
    source.join = join;
    (source, destination)
}

/// A failure of no code in particular.
pub(super) fn failure(verdict: Verdict, stage: Stage, flag: Flag, (error, why): (&str, &str)) -> Failure {
    Failure {
        verdict,
        stage,
        code: "tests.failure",
        flag,
        side: Side::Policy,
        error: error.to_owned(),
        why: why.to_owned(),
        hint: Some("glasstunnel config policies".to_owned()),
        policy: None,
        hearsay: false,
    }
}

fn fails(half: Half, failure: Failure) -> Half {
    Half { outcome: Outcome::Failed(Box::new(failure)), to_backend: 0, to_client: 0, ..half }
}

/// The same, refused by STRICT: the caller only sees a reset.
pub(super) fn denied() -> (Half, Half) {
    let (source, destination) = plaintext();
    let set = policies(Some(MtlsMode::Strict));
    let denial = peer_auth::captured(&set, &workload("default", "customers"), 3000, First::Raw).unwrap_err();
    let reset = ("receive: Connection reset by peer (os error 104)", "the backend reset the connection");
    let mut destination = fails(destination, Failure::denied(Stage::PeerAuth, &denial));
    let effective = set.effective(&Name::new("default", "customers"), 3000).clone();
    destination.steps.truncate(2);
    destination.steps.push(step(31, Fact::Mode(effective)));
    (fails(source, failure(Verdict::Fail, Stage::Relay, Flag::Connect, reset)), destination)
}

/// The callee's certificate has expired: the caller says so, the callee gets an alert.
pub(super) fn expired() -> (Half, Half) {
    let (mut source, mut destination) = hbone();
    let cause = (
        "tls handshake error: InvalidCertificate(Expired)",
        "the peer's certificate expired 2m ago (at 03:29:07)",
    );
    let alert =
        ("tls handshake error: AlertReceived(CertificateExpired)", "the client refused our certificate");
    source.steps.truncate(3);
    destination.steps.truncate(1);
    destination.early = true;
    destination.source.identity = None;
    let alert = failure(Verdict::Fail, Stage::Tls, Flag::TlsFailure, alert).told_by_peer();
    (fails(source, failure(Verdict::Fail, Stage::Tls, Flag::TlsFailure, cause)), fails(destination, alert))
}

/// A name that a hostile client asks for.
const FORGED: &str = "evil\r\n03:31:07  #9 ALLOW\t\u{1b}[2J\" dst.workload=\"admin\u{202e}";

/// A caller alone, who asked for nonsense.
pub(super) fn hostile() -> Half {
    let (source, _) = plaintext();
    let cause = format!("no service or workload for hostname: {FORGED}");
    let mut half = fails(source, failure(Verdict::Fail, Stage::OrigDst, Flag::Connect, (&cause, &cause)));
    half.steps = vec![step(3, Fact::Asked { through: "socks5", target: FORGED.into() })];
    half.early = true;
    (half.destination, half.hbone_addr, half.wire) = (Party::default(), Some(FORGED.into()), None);
    half
}

/// An unknown caller to a place outside the mesh.
pub(super) fn outside() -> Half {
    let (mut half, _) = plaintext();
    half.source = Party { addr: Some(socket("192.0.2.7:50000")), ..Party::default() };
    half.destination = Party { addr: Some(socket("[2001:db8::1]:443")), ..Party::default() };
    half.steps = vec![step(
        5,
        Fact::Routed {
            wire: Wire::Raw,
            service: None,
            workload: None,
            to: MeshAddr(socket("[2001:db8::1]:443")),
            because: "outside the mesh: as it is".into(),
        },
    )];
    half.join = Join::default();
    half
}

pub(super) fn record(id: u64, (source, destination): (Half, Half)) -> Record {
    Record { id, source: Some(Box::new(source)), destination: Some(Box::new(destination)) }
}

pub(super) fn alone(id: u64, half: Half) -> Record {
    Record { id, source: Some(Box::new(half)), destination: None }
}

fn records() -> Vec<Record> {
    vec![
        record(1, hbone()),
        record(2, plaintext()),
        record(3, denied()),
        record(4, expired()),
        alone(5, hostile()),
        alone(1234, outside()),
    ]
}

fn tail(look: Look) -> String {
    let lines = records().into_iter().map(|record| live_line::line(&record, look));
    std::iter::once(live_line::header(look)).chain(lines).map(|line| line + "\n").collect()
}

#[test]
fn live_lines() {
    golden("live_line.txt", &tail(Look::default()));
    golden("live_line_colour.txt", &tail(Look { colour: true, unicode: true }));
}

#[test]
fn explanations() {
    let texts: Vec<String> = records().iter().map(explain_text).collect();
    golden("explain.txt", &texts.join("\n————\n\n"));
}

#[test]
fn no_peer_moves_the_cursor() {
    let hostile = alone(5, hostile());
    let texts = [live_line::line(&hostile, Look::default()), explain_text(&hostile)];
    for text in &texts {
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(!text.contains("\n03:31:07") && !text.contains('\u{202e}'), "{text:?}");
    }
    assert!(!texts[0].contains('\n'));
}
