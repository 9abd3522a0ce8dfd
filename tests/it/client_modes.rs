//! What a client's proxy intends against what a server's demands, on real sockets: each client mode × each server mode ×
//! what the application speaks, with what the client saw and what the record concludes (reference/policy.md 3.4).

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use glasstunnel::identity::{Svid, encode_certificates, encode_key, write_new};
use glasstunnel::lab::{Attempt, Lab, LabOptions};
use glasstunnel::telemetry::Wire;
use glasstunnel::tls::{ClientOffer, ClientTls, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::mesh::conclusion;

pub(crate) const REQUEST: &[u8] = b"GET /health HTTP/1.0\r\n\r\n";

/// A folder for the files that DestinationRules name, removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("glasstunnel-it-{:016x}", rand::random::<u64>()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    pub(crate) fn put(&self, name: &str, text: &str) {
        write_new(&self.0.join(name), text.as_bytes(), 0o600).unwrap();
    }

    pub(crate) fn put_svid(&self, svid: &Svid) {
        self.put("cert.pem", &encode_certificates(&svid.chain));
        self.put("key.pem", &encode_key(&svid.key));
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn namespace(name: &str, label: &str) -> String {
    format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{{label}}}}}\n")
}

/// A pod with `labels` beside `app: NAME`.
pub(crate) fn pod(namespace: &str, name: &str, (backend, ports): (&str, &[u16]), labels: &str) -> String {
    let ports: Vec<String> = ports.iter().map(|port| format!("{{containerPort: {port}}}")).collect();
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{namespace: {namespace}, name: {name}, labels: {{app: {name}{labels}}}, annotations: {{glasstunnel.dev/backend: {backend}}}}}\nspec: {{serviceAccountName: {name}, containers: [{{name: c, ports: [{}]}}]}}\n",
        ports.join(", ")
    )
}

/// A service `name` in front of the pods that `selector` picks.
pub(crate) fn service(namespace: &str, name: &str, selector: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{namespace: {namespace}, name: {name}}}\nspec: {{selector: {{{selector}}}, ports: [{{port: 80, name: http, targetPort: 3000}}, {{port: 81, name: other, targetPort: 3000}}]}}\n"
    )
}

pub(crate) fn peer_authentication(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{namespace: {namespace}, name: {name}}}\nspec: {{{spec}}}\n"
    )
}

pub(crate) fn destination_rule(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{namespace: {namespace}, name: {name}}}\nspec: {{{spec}}}\n"
    )
}

/// What a client saw, over which wire, and what the record concludes.
pub(crate) struct Seen {
    pub(crate) ok: bool,
    pub(crate) wire: Option<Wire>,
    pub(crate) concludes: String,
    pub(crate) route: String,
}

/// Sends a request from `client` to port `port` of `host`, and finds its record: the one that ended after `before`.
pub(crate) async fn ask(lab: &Lab, client: &str, host: &str, port: u16) -> Seen {
    let ids = || lab.running().recorder().recent(usize::MAX).iter().map(|record| record.id).max();
    let before = ids().unwrap_or(0);
    let seen = lab.send(client, host, port, REQUEST).await.unwrap();
    let record = lab.record(|record| record.id > before).await;
    let ok = matches!(&seen, Attempt::Answered(bytes) if bytes.starts_with(b"HTTP/1.1 200") && bytes.ends_with(b"ok\n"));
    let route = record.facts().find(|fact| fact.stage().name() == "route");
    let route = route.map(glasstunnel::telemetry::Fact::says).unwrap_or_default();
    Seen { ok, wire: record.wire(), concludes: conclusion(&record), route }
}

const MODES: [(&str, &str); 3] = [("p", "PERMISSIVE"), ("s", "STRICT"), ("d", "DISABLE")];

/// Servers with each mode, and a client for each DestinationRule: the rules select clients, so that one mesh has them all.
fn matrix(folder: &Folder, clients: &str) -> String {
    let mut yaml = namespace("clients", clients) + &namespace("outside", "");
    for (server, label) in
        [("sidecar", "istio-injection: enabled"), ("ambient", "istio.io/dataplane-mode: ambient")]
    {
        yaml += &namespace(server, label);
        for (letter, mode) in MODES {
            for backend in ["http", "tls"] {
                let name = format!("{letter}-{backend}");
                yaml += &pod(server, &name, (backend, &[3000]), "");
                yaml += &service(server, &name, &format!("app: {name}"));
                yaml += &peer_authentication(
                    server,
                    &name,
                    &format!("selector: {{matchLabels: {{app: {name}}}}}, mtls: {{mode: {mode}}}"),
                );
            }
        }
    }
    for backend in ["http", "tls"] {
        yaml += &pod("outside", &format!("u-{backend}"), (backend, &[3000]), "");
        yaml += &service("outside", &format!("u-{backend}"), &format!("app: u-{backend}"));
    }
    let mutual = format!(
        "MUTUAL, clientCertificate: {}, privateKey: {}",
        folder.path("cert.pem"),
        folder.path("key.pem")
    );
    yaml += &pod("outside", "naked", ("http", &[]), "");
    yaml += &pod("clients", "auto", ("http", &[]), "");
    for (client, mode) in
        [("istio-mutual", "ISTIO_MUTUAL"), ("disable", "DISABLE"), ("simple", "SIMPLE"), ("mutual", &mutual)]
    {
        yaml += &pod("clients", client, ("http", &[]), "");
        let spec = format!(
            "host: '*', workloadSelector: {{matchLabels: {{app: {client}}}}}, trafficPolicy: {{tls: {{mode: {mode}}}}}"
        );
        yaml += &destination_rule("clients", client, &spec);
    }
    yaml
}

/// The outcome does not depend on whether the client has a sidecar or is ambient. `failed` beside `ALLOW` was delivered to
/// an application that made nothing of it: plaintext to one that speaks TLS.
const TABLE: &str = include_str!("../golden/client_modes.txt");

async fn table(clients: &str) -> String {
    let folder = Folder::new();
    let lab = Lab::start(&matrix(&folder, clients), LabOptions::default()).await.unwrap();
    folder.put_svid(&lab.svid("clients/mutual").unwrap());
    let mut table = String::new();
    let servers = [("sidecar", "psd"), ("ambient", "psd"), ("outside", "u")];
    for (namespace, letter) in
        servers.iter().flat_map(|(name, all)| all.chars().map(move |letter| (name, letter)))
    {
        for backend in ["http", "tls"] {
            writeln!(table, "{namespace}/{letter}-{backend}").unwrap();
            for client in ["auto", "istio-mutual", "disable", "simple", "mutual", "naked"] {
                let from =
                    if client == "naked" { "outside/naked".to_owned() } else { format!("clients/{client}") };
                let seen = ask(&lab, &from, &format!("{letter}-{backend}.{namespace}"), 80).await;
                let (saw, wire) = (if seen.ok { "ok" } else { "failed" }, seen.wire.map_or("-", Wire::name));
                writeln!(table, "  {client:<12} {saw:<6} {wire:<5} {}", seen.concludes).unwrap();
            }
        }
    }
    table
}

#[track_caller]
fn same(found: &str, golden: &str) {
    let wrong: Vec<String> = found
        .lines()
        .zip(golden.lines())
        .filter(|(found, golden)| found != golden)
        .map(|(found, golden)| format!("- {golden}\n+ {found}"))
        .collect();
    assert!(
        wrong.is_empty() && found.lines().count() == golden.lines().count(),
        "{}\n{found}",
        wrong.join("\n")
    );
}

#[tokio::test]
async fn a_sidecar_client_against_every_server() {
    same(&table("istio-injection: enabled").await, TABLE);
}

#[tokio::test]
async fn an_ambient_client_against_every_server() {
    same(&table("istio.io/dataplane-mode: ambient").await, TABLE);
}

/// The nine tables of Istio's TestPassThroughFilterChain: the mode of all ports, that of 19092, and what each port does
/// with plaintext and with mesh mTLS.
#[tokio::test]
async fn a_sidecars_ports_by_mode() {
    for (all, port, expect) in [
        ("DISABLE", None, [[true, false], [true, false]]),
        ("STRICT", None, [[false, true], [false, true]]),
        ("PERMISSIVE", None, [[true, true], [true, true]]),
        ("DISABLE", Some("STRICT"), [[false, true], [true, false]]),
        ("STRICT", Some("DISABLE"), [[true, false], [false, true]]),
        ("PERMISSIVE", Some("STRICT"), [[false, true], [true, true]]),
        ("STRICT", Some("PERMISSIVE"), [[true, true], [false, true]]),
        ("PERMISSIVE", Some("DISABLE"), [[true, false], [true, true]]),
        ("DISABLE", Some("PERMISSIVE"), [[true, true], [true, false]]),
    ] {
        let spec = match port {
            None => format!("mtls: {{mode: {all}}}"),
            Some(port) => format!(
                "selector: {{matchLabels: {{app: a}}}}, mtls: {{mode: {all}}}, portLevelMtls: {{19092: {{mode: {port}}}}}"
            ),
        };
        let yaml = namespace("foo", "istio-injection: enabled")
            + &pod("foo", "a", ("http", &[19092, 18083]), "")
            + &peer_authentication("foo", "mtls", &spec);
        let lab = Lab::start(&yaml, LabOptions::default()).await.unwrap();
        for (number, expect) in [19092, 18083].into_iter().zip(expect) {
            let raw = lab.send_raw(lab.captured("a", number).unwrap(), REQUEST).await.unwrap();
            let plaintext = matches!(raw, Attempt::Answered(bytes) if bytes.ends_with(b"ok\n"));
            assert_eq!([plaintext, mesh_tls(&lab, number).await], expect, "{all} {port:?} {number}");
        }
    }
}

/// Whether a sidecar's mTLS to `port` of `a` gets an answer.
async fn mesh_tls(lab: &Lab, port: u16) -> bool {
    let tls = ClientTls::new(&lab.svid("a").unwrap()).unwrap();
    let expected = [lab.workload("a").unwrap().identity.clone()];
    let stream = TcpStream::connect(lab.captured("a", port).unwrap()).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    let Ok((mut stream, _)) = connect(stream, &tls, &expected, ClientOffer::Istio, deadline).await else {
        return false;
    };
    let mut answer = Vec::new();
    let sent = stream.write_all(REQUEST).await.is_ok() && stream.flush().await.is_ok();
    sent && stream.read_to_end(&mut answer).await.is_ok() && answer.ends_with(b"ok\n")
}

/// The twelve rows of Istio's TestReachability: the policies, and whether mesh → mesh, mesh → unmeshed and unmeshed → mesh
/// get through; then whether mesh → mesh is mTLS. `a` is in the mesh and `u` is not; `both` is in front of the two.
#[tokio::test]
async fn istios_reachability_matrix() {
    let mode = |mode: &str| format!("mtls: {{mode: {mode}}}");
    let mesh = |text: &str| peer_authentication("istio-system", "default", &mode(text));
    let workload = |ports: &str| {
        let spec = format!("selector: {{matchLabels: {{app: a}}}}, mtls: {{mode: STRICT}}{ports}");
        peer_authentication("foo", "a", &spec)
    };
    let namespace = |text: &str| peer_authentication("foo", "default", &mode(text));
    let client = |text: &str| {
        let spec = format!("host: '*.foo.svc.cluster.local', trafficPolicy: {{tls: {{mode: {text}}}}}");
        destination_rule("foo", "client", &spec)
    };
    let mutual = || client("ISTIO_MUTUAL");
    let disable = || client("DISABLE");
    let port_disabled = ", portLevelMtls: {3000: {mode: DISABLE}}";
    for (name, policies, service, expect) in [
        ("strict-istio-mutual", mesh("STRICT") + &mutual(), "", [true, false, false, true]),
        ("permissive-istio-mutual", mesh("PERMISSIVE") + &mutual(), "", [true, false, true, true]),
        ("none-istio-mutual", mutual(), "", [true, false, true, true]),
        ("disable-disable", mesh("DISABLE") + &disable(), "", [true, true, true, false]),
        ("permissive-disable", mesh("PERMISSIVE") + &disable(), "", [true, true, true, false]),
        ("strict-auto", mesh("STRICT"), "", [true, true, false, true]),
        ("disable-auto", mesh("DISABLE"), "", [true, true, true, false]),
        ("workload-strict-istio-mutual", workload("") + &mutual(), "", [true, false, false, true]),
        ("workload-strict-port-disable-auto", workload(port_disabled), "", [true, true, true, false]),
        ("migration-auto", namespace("STRICT"), "both", [true, true, false, true]),
        ("migration-disable", namespace("STRICT") + &disable(), "both", [false, true, false, false]),
        ("migration-istio-mutual", namespace("STRICT") + &mutual(), "both", [true, false, false, true]),
    ] {
        let found = reachability(&policies, service).await;
        assert_eq!(found, expect, "{name}");
    }
}

/// One row; with a `service` in front of both servers, two calls to it in place of one to each.
async fn reachability(policies: &str, both: &str) -> [bool; 4] {
    let yaml = namespace("foo", "istio-injection: enabled")
        + &pod("foo", "c", ("http", &[]), "")
        + &pod("foo", "a", ("http", &[3000]), ", behind: both")
        + &pod("foo", "u", ("http", &[3000]), ", behind: both, sidecar.istio.io/inject: 'false'")
        + &pod("naked", "naked", ("http", &[]), "")
        + &service("foo", "a", "app: a")
        + &service("foo", "u", "app: u")
        + &service("foo", "both", "behind: both")
        + policies;
    let lab = Lab::start(&yaml, LabOptions::default()).await.unwrap();
    // One worker takes the endpoints in turn, and their order is that of their names.
    let (first, second) = if both.is_empty() { ("a", "u") } else { (both, both) };
    let mesh = ask(&lab, "foo/c", first, 80).await;
    let unmeshed = ask(&lab, "foo/c", second, 80).await;
    let naked = ask(&lab, "naked/naked", "a.foo", 80).await;
    [mesh.ok, unmeshed.ok, naked.ok, mesh.wire == Some(Wire::Mtls)]
}
