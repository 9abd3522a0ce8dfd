//! `trace` and `capture` as a person types them, against the real program.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::certs::Folder;
use crate::netns::bridge;
use crate::peers::peer;
use crate::program::run;
use crate::up::Up;

const MESH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/pods/mesh.yaml");

#[tokio::test]
async fn a_connection_is_traced_and_captured() {
    // Each worker has tunnels of its own, and which one accepts is the kernel's choice.
    let up = Up::start(&["--workers", "1"]).await;
    let made = up.ask(&["trace"], &["--from", "curl-client", "--to", "customers:80"]).await;
    assert_eq!(made.code, 0, "{made:?}");
    for word in
        ["{Certificate}", "{CONNECT}", "status 200", "sa/customers", "glasstunnel capture --conn '#1'"]
    {
        assert!(made.out.contains(word), "no {word} in\n{}", made.out);
    }
    let again = up.ask(&["trace"], &["--from", "curl-client", "--to", "customers:80"]).await;
    assert!(again.out.contains("a tunnel that was there"), "{}", again.out);
    let fresh =
        up.ask(&["trace"], &["--from", "curl-client", "--to", "customers:80", "--fresh-tunnel"]).await;
    assert!(fresh.out.contains("a tunnel of its own"), "{}", fresh.out);
    // By its number it is the same; the answer is then not an exit code.
    let recalled = up.ask(&["trace"], &["#1", "--bytes"]).await;
    assert!(recalled.code == 0 && recalled.out.contains("legacy_session_id"), "{recalled:?}");
    let refused = up.ask(&["trace"], &["--from", "curl-client.outside", "--to", "webhook:8080"]).await;
    assert!(refused.code == 1 && refused.out.contains("glasstunnel why A01"), "{refused:?}");
    for (form, beginning) in
        [("svg", "<svg"), ("mermaid", "sequenceDiagram"), ("json", "{"), ("yaml", "apiVersion")]
    {
        let drawn = up.ask(&["trace"], &["1", "-o", form]).await;
        assert!(drawn.code == 0 && drawn.out.starts_with(beginning), "{form}: {drawn:?}");
    }
    captures(&up).await;
}

async fn captures(up: &Up) {
    let folder = Folder::new();
    let file = folder.path("one.pcapng");
    let wrote = up.ask(&["capture"], &["--conn", "#1", "-w", &file]).await;
    assert!(wrote.code == 0 && wrote.err.contains("holds the keys"), "{wrote:?}");
    let mode = Path::new(&file).metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = up.ask(&["capture"], &["--conn", "#1", "-w", &file]).await;
    assert!(again.code == 5 && again.err.contains("--force"), "{again:?}");
    let window = folder.path("window.pcapng");
    let wrote = up.ask(&["capture"], &["--last", "1h", "-w", &window]).await;
    assert_eq!(wrote.code, 0, "{wrote:?}");
    let unknown = up.ask(&["capture"], &["--conn", "#999", "-w", &folder.path("none.pcapng")]).await;
    assert!(unknown.code == 1 && !Path::new(&folder.path("none.pcapng")).exists(), "{unknown:?}");
    let Some(tshark) = peer("/usr/bin", "tshark", "a_connection_is_traced_and_captured") else { return };
    // Two tunnels were made, one for the first two connections and a fresh one, and both are there once.
    let said = run(tshark.to_str().unwrap(), &["-r", &window, "-Y", "tls.handshake.type == 1"], "").await;
    assert_eq!(said.out.matches("Client Hello").count(), 2, "{}", said.out);
}

#[tokio::test]
async fn what_is_not_kept_is_not_told() {
    let up = Up::start(&["--no-tap"]).await;
    let refused = up.ask(&["trace"], &["--from", "curl-client", "--to", "customers:80"]).await;
    assert!(refused.code == 1 && refused.err.contains("--tap"), "{refused:?}");
    let called = up.ask(&["exec"], &["curl-client", "--", "curl", "-sS", "http://customers/"]).await;
    assert_eq!(called.code, 0, "{called:?}");
    // The record's own steps are there all the same.
    let recalled = up.ask(&["trace"], &["1"]).await;
    assert!(recalled.out.contains("the mesh runs without --tap"), "{recalled:?}");
    assert!(recalled.out.contains("peer is spiffe://"), "{recalled:?}");
}

#[tokio::test]
async fn keys_of_a_plugged_in_ca_are_told_to_nobody_who_does_not_insist() {
    let folder = Folder::new();
    let (cert, key) = folder.plugged_ca().await;
    let keys = folder.path("keys.log");
    let up = Up::with_keys(&keys, &["--ca-cert", &cert, "--ca-key", &key]).await;
    let refused = up.ask(&["trace"], &["--from", "curl-client", "--to", "customers:80"]).await;
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(!Path::new(&keys).exists(), "SSLKEYLOGFILE is not heeded");
    drop(up);
    let up = Up::with_keys(&keys, &["--ca-cert", &cert, "--ca-key", &key, "--tap"]).await;
    let made = up.ask(&["trace"], &["--from", "curl-client", "--to", "customers:80"]).await;
    assert_eq!(made.code, 0, "{made:?}");
    let file = folder.path("one.pcapng");
    let refused = up.ask(&["capture"], &["--conn", "1", "-w", &file]).await;
    assert!(refused.code == 1 && refused.err.contains("plugged in"), "{refused:?}");
    let forced = up.ask(&["capture"], &["--conn", "1", "-w", &file, "--force"]).await;
    assert_eq!(forced.code, 0, "{forced:?}");
    let kept = std::fs::read_to_string(&keys).unwrap();
    assert!(kept.contains("CLIENT_TRAFFIC_SECRET_0 "), "{kept}");
    assert_eq!(Path::new(&keys).metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn contents_and_keys_are_not_told_over_tcp() {
    let up = Up::start(&["--admin", "127.0.0.1:0"]).await;
    let made = up.ask(&["trace"], &["--from", "curl-client", "--to", "customers:80"]).await;
    assert_eq!(made.code, 0, "{made:?}");
    let admin = up.banner.split("admin ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    for path in ["api/v1/trace/1", "api/v1/capture?id=1"] {
        let answer = run("curl", &["-sS", "--noproxy", "*", &format!("{admin}{path}")], "").await;
        assert!(answer.out.contains("admin.tells_contents"), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn a_pod_is_traced_as_a_program_in_it() {
    if bridge("a_pod_is_traced_as_a_program_in_it").is_none() {
        return;
    }
    let up = Up::start(&["--netns", "-f", MESH]).await;
    let made = up.ask(&["trace"], &["--from", "client", "--to", "server:80"]).await;
    assert!(made.code == 0 && made.out.contains("wire hbone") && made.out.contains("{CONNECT}"), "{made:?}");
    let raw = up.ask(&["trace"], &["--from", "client", "--to", "server:80", "--as", "raw"]).await;
    assert!(raw.code == 0 && raw.out.contains("wire raw"), "{raw:?}");
    let tunnel = up.ask(&["trace"], &["--from", "client", "--to", "server:80", "--as", "hbone"]).await;
    assert!(tunnel.code == 0 && tunnel.out.contains("wire hbone"), "{tunnel:?}");
}
