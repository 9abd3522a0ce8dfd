//! `up --netns`, as a person uses it: any program in a pod is captured, names resolve, and nothing is left behind. As root,
//! and as a user who is nobody.

use tokio::io::AsyncBufReadExt;
use tokio::io::BufReader;

use crate::netns::bridge;
use crate::netns_remains::{eventually, is_gone, witness};
use crate::program::{Ran, run};
use crate::up::Up;

const MESH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/pods/mesh.yaml");
const STRICT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/pods/strict.yaml");
const LATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/pods/late.yaml");

/// A mesh of pods, unless this machine or user can have none.
async fn up(test: &str) -> Option<Up> {
    drop(bridge(test)?);
    Some(Up::start(&["--netns", "-f", MESH]).await)
}

async fn curl_from(up: &Up, pod: &str, arguments: &[&str]) -> Ran {
    let all: Vec<&str> =
        [pod, "--", "curl", "-sS", "--max-time", "20"].iter().chain(arguments).copied().collect();
    up.ask(&["exec"], &all).await
}

/// What the app says of who called it.
#[track_caller]
fn called_by(ran: &Ran, caller: &str, wire: &str) {
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains(&format!("caller   {caller}\nwire     {wire}\n")), "{ran:?}");
}

const CLIENT: &str = "default/client (spiffe://cluster.local/ns/default/sa/client)";

/// By name and address, of each family; in the mesh over HBONE, from outside as plaintext, which STRICT refuses.
async fn speaks_all_ways(up: &Up) {
    for url in ["http://server/", "http://server.default.svc.cluster.local/", "http://10.244.0.2:8080/"] {
        called_by(&curl_from(up, "client", &[url]).await, CLIENT, "hbone");
    }
    for arguments in
        [&["-6", "http://server/"][..], &["http://[fd00:244::2]:8080/"], &["http://[fd00:96::2]/"]]
    {
        called_by(&curl_from(up, "client", arguments).await, CLIENT, "hbone");
    }
    let outside = "outside/legacy (no identity)";
    called_by(&curl_from(up, "legacy.outside", &["http://server.default/"]).await, outside, "raw");
    called_by(&curl_from(up, "legacy.outside", &["-6", "http://server.default/"]).await, outside, "raw");
    assert_eq!(up.ask(&["apply"], &["-f", STRICT]).await.code, 0);
    for arguments in [&["http://server.default/"][..], &["http://[fd00:244::2]:8080/"]] {
        let ran = curl_from(up, "legacy.outside", arguments).await;
        assert_eq!(ran.code, 56, "{ran:?}");
    }
    called_by(&curl_from(up, "client", &["http://server/"]).await, CLIENT, "hbone");
}

#[tokio::test]
async fn any_program_in_a_pod_is_captured() {
    let Some(mut up) = up("any_program_in_a_pod_is_captured").await else { return };
    assert!(up.banner.contains("in each pod's network namespace"), "{}", up.banner);
    speaks_all_ways(&up).await;
    let line = up.line().await;
    assert!(line.contains("server:8080") && line.contains("hbone ALLOW"), "{line}");
    let ran = up.ask(&["exec"], &["client", "--", "env"]).await;
    assert!(!ran.out.to_lowercase().contains("_proxy="), "no proxy settings at all: {ran:?}");
    let (code, talk) = up.stop("-INT").await;
    assert_eq!(code, 0, "{talk}");
}

/// A user without any privilege has the same, in a user namespace.
#[tokio::test]
async fn nobody_has_pods_too() {
    if bridge("nobody_has_pods_too").is_none() {
        return;
    }
    let up = Up::as_nobody(&["--netns", "-f", MESH]).await;
    speaks_all_ways(&up).await;
    let (code, talk) = up.stop("-TERM").await;
    assert_eq!(code, 0, "{talk}");
}

#[tokio::test]
async fn names_mean_what_they_mean_in_a_pod() {
    let Some(up) = up("names_mean_what_they_mean_in_a_pod").await else { return };
    let script =
        "getent ahostsv4 server; getent ahostsv6 server.default; getent hosts nobody.example || echo none";
    let ran = up.ask(&["exec"], &["client", "--", "sh", "-c", script]).await;
    let says: Vec<&str> = ran.out.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(says.contains(&"10.96.0.2") && says.contains(&"fd00:96::2"), "{ran:?}");
    assert_eq!(says.last(), Some(&"none"), "{ran:?}");
    let ran = up.ask(&["exec"], &["legacy.outside", "--", "getent", "hosts", "server"]).await;
    assert_eq!(ran.code, 2, "a short name is of the pod's own namespace: {ran:?}");
}

/// A pod's own program serves, too, on a port that nobody declared, and sees the caller's own address.
#[tokio::test]
async fn a_program_serves_in_its_pod_and_sees_who_calls() {
    let Some(up) = up("a_program_serves_in_its_pod_and_sees_who_calls").await else { return };
    let server = "import http.server, sys
class Who(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(self.client_address[0].encode())
    def log_message(self, *words): pass
server = http.server.HTTPServer(('0.0.0.0', 7070), Who)
print('listening', flush=True)
server.serve_forever()";
    let mut child = up.spawn(&["exec"], &["server", "--", "python3", "-c", server]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("listening"));
    for (from, address) in [("client", "10.244.0.1"), ("legacy.outside", "10.244.0.3")] {
        let ran = curl_from(&up, from, &["http://10.244.0.2:7070/"]).await;
        assert_eq!((ran.code, ran.out.as_str()), (0, address), "{ran:?}");
    }
    // SIGTERM is passed on to the program; SIGKILL could not be.
    let pid = child.id().unwrap().to_string();
    assert_eq!(run("kill", &["-TERM", &pid], "").await.code, 0);
    child.wait().await.unwrap();
}

#[tokio::test]
async fn pods_come_and_go_while_the_mesh_runs() {
    let Some(up) = up("pods_come_and_go_while_the_mesh_runs").await else { return };
    assert_eq!(up.ask(&["apply"], &["-f", LATE]).await.code, 0);
    called_by(&curl_from(&up, "client", &["http://10.244.0.9:9090/"]).await, CLIENT, "hbone");
    let ran = curl_from(&up, "late", &["http://server/"]).await;
    called_by(&ran, "default/late (spiffe://cluster.local/ns/default/sa/late)", "hbone");
    // Somebody stays connected to it, which keeps its network; whoever comes after it has its address all the same.
    let hold = "exec 3<>/dev/tcp/10.244.0.9/9090; echo connected; cat <&3";
    let mut holder = up.spawn(&["exec"], &["client", "--", "bash", "-c", hold]);
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("connected"));
    assert_eq!(up.ask(&["delete"], &["-f", LATE]).await.code, 0);
    let ran = up.ask(&["exec"], &["late", "--", "true"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(up.ask(&["apply"], &["-f", LATE]).await.code, 0);
    let outside = "outside/legacy (no identity)";
    called_by(&curl_from(&up, "legacy.outside", &["http://10.244.0.9:9090/"]).await, outside, "raw");
    // Pods with `hostNetwork` share an address, and neither loses its network for it.
    let shared = |name: &str| {
        format!(
            "apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: outside}}
spec: {{hostNetwork: true}}
status: {{podIP: 10.244.0.77, podIPs: [{{ip: 10.244.0.77}}]}}
"
        )
    };
    assert_eq!(up.apply(&format!("{}---\n{}", shared("one"), shared("two"))).await.code, 0);
    for name in ["one.outside", "two.outside"] {
        let ran = up.ask(&["exec"], &[name, "--", "ip", "-br", "link", "show", "eth0"]).await;
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

/// `server` of the mesh, with one more line of metadata.
fn server_with(metadata: &str) -> String {
    format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: server, namespace: default, {metadata}}}
spec: {{serviceAccountName: server, containers: [{{name: app, ports: [{{containerPort: 8080}}]}}]}}
status: {{podIP: 10.244.0.2, podIPs: [{{ip: 10.244.0.2}}, {{ip: \"fd00:244::2\"}}]}}
"
    )
}

/// What is taken where changes, and the pod's network stays, with what runs in it. A pod that has other addresses has another
/// network, and its doors and its app are there.
#[tokio::test]
async fn a_pod_leaves_the_mesh_and_comes_back() {
    let Some(up) = up("a_pod_leaves_the_mesh_and_comes_back").await else { return };
    let address = ["http://10.244.0.2:8080/"];
    called_by(&curl_from(&up, "client", &address).await, CLIENT, "hbone");
    called_by(&curl_from(&up, "legacy.outside", &address).await, "outside/legacy (no identity)", "raw");
    let network = namespaces(&up).await;
    let inside = server_with("labels: {app: server}");
    let outside = server_with("labels: {app: server, istio.io/dataplane-mode: none}");
    let moved = inside.replace(", {ip: \"fd00:244::2\"}", "");
    for (pod, caller, wire, stays) in [
        (&outside, "client", "straight to the app", true),
        (&inside, "client", "hbone", true),
        // Who has a tunnel to the old network learns at its first use that it is gone.
        (&moved, "legacy.outside", "raw", false),
        (&outside, "legacy.outside", "straight to the app", false),
    ] {
        let ran = up.apply(pod).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let ran = curl_from(&up, caller, &address).await;
        assert!(ran.out.contains(&format!("wire     {wire}")), "{pod}: {ran:?}");
        // Its own way out is there, too.
        let ran = curl_from(&up, "server", &["http://server/"]).await;
        assert_eq!(ran.code, 0, "{pod}: {ran:?}");
        assert_eq!(namespaces(&up).await == network, stays, "{pod}");
    }
}

/// Another app behind a port that stays: the listener goes on, and leads to it.
#[tokio::test]
async fn a_pods_app_becomes_another() {
    let Some(up) = up("a_pods_app_becomes_another").await else { return };
    for (metadata, code) in [
        ("labels: {app: server}, annotations: {glasstunnel.dev/backend: reset}", 56),
        ("labels: {app: server}", 0),
    ] {
        let ran = up.apply(&server_with(metadata)).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let ran = curl_from(&up, "client", &["http://10.244.0.2:8080/"]).await;
        assert_eq!(ran.code, code, "{metadata}: {ran:?}");
    }
}

/// The namespaces of all pods, as paths.
async fn namespaces(up: &Up) -> Vec<String> {
    let ran = up.ask(&["config", "workloads"], &["-o", "json"]).await;
    let value =
        |line: &str| Some(line.split_once("\"networkNamespace\": \"")?.1.split_once('"')?.0.to_owned());
    let paths: Vec<String> = ran.out.lines().filter_map(value).collect();
    assert_eq!(paths.len(), 3, "{ran:?}");
    paths
}

#[tokio::test]
async fn nothing_is_left_whatever_ends_it() {
    for signal in ["-INT", "-KILL"] {
        let Some(up) = up("nothing_is_left_whatever_ends_it").await else { return };
        called_by(&curl_from(&up, "client", &["http://server/"]).await, CLIENT, "hbone");
        let witnesses: Vec<_> = namespaces(&up).await.iter().map(|path| witness(path)).collect();
        assert!(!witnesses.iter().any(is_gone));
        up.end(signal).await;
        eventually("no namespace", || witnesses.iter().all(is_gone));
    }
    // The next one starts as if nothing had been.
    let up = up("nothing_is_left_whatever_ends_it").await.unwrap();
    called_by(&curl_from(&up, "client", &["http://server/"]).await, CLIENT, "hbone");
}

/// Where neither root nor a user namespace is to be had, one sentence says what stands in the way.
#[tokio::test]
async fn without_a_way_it_says_so() {
    if bridge("without_a_way_it_says_so").is_none() {
        return;
    }
    // A user namespace in which nobody may make another: whoever made it sets the limit (user_namespaces(7)).
    let script = format!(
        "echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all {} up --netns",
        env!("CARGO_BIN_EXE_glasstunnel")
    );
    let ran = run("unshare", &["--user", "--map-root-user", "sh", "-c", &script], "").await;
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.err.contains("user.max_user_namespaces") && ran.err.contains("help:"), "{ran:?}");
}
