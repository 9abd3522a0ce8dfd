//! Python's ssl and h2 as the client of our HBONE door: what is legal works, what is not has its one answer.

use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::mesh::Plan;
use crate::peers::ends::{Backend, serve};
use crate::peers::stand::{DENIED, OURS, OURS_SIX, Stand};
use crate::peers::{KEPT, Papers, peer};
use crate::program::run;

/// What each case of `hbone_client.py` must show.
const EXPECT: [(&str, &str); 32] = [
    ("request and response", "200 5 same END"),
    (
        "the server's settings",
        "MAX_CONCURRENT_STREAMS=200 INITIAL_WINDOW_SIZE=4194304 MAX_FRAME_SIZE=1048576 MAX_HEADER_LIST_SIZE=65536",
    ),
    ("a backend that speaks while we do", "200 11 same END"),
    ("windows of 100 bytes", "200 20000 same END"),
    ("a window of nothing, then of something", "200 1000 same END"),
    ("a window that shrinks below zero", "200 61000 same END"),
    ("frames of a megabyte", "200 3145728 same END"),
    ("padding", "200 1000 same END"),
    ("trailers", "200 13 same END"),
    ("fifty interleaved", "same END"),
    ("data before the 200", "200 5 same END"),
    ("no data at all", "200 END"),
    ("a reset in the middle", "200 11 same END"),
    ("resets before the 200", "200 11 same END"),
    ("GOAWAY with a stream open", "200 12 same END"),
    ("PING", "200 11 same END"),
    ("unknown frames and PRIORITY", "200 10 same END"),
    ("no header table", "200 11 same END"),
    ("CONTINUATION", "200 12 same END"),
    ("headers beyond the limit", "431 END RST(PROTOCOL_ERROR), then 200 11 same END"),
    (":scheme and :path", "RST(PROTOCOL_ERROR), then 200 11 same END"),
    ("extended CONNECT", "RST(PROTOCOL_ERROR), then 200 11 same END"),
    ("no authority", "400 END RST(NO_ERROR), then 200 11 same END"),
    ("an empty authority", "RST(PROTOCOL_ERROR), then 200 11 same END"),
    ("an authority without a port", "400 END RST(NO_ERROR), then 200 11 same END"),
    ("an authority of somebody else", "400 END RST(NO_ERROR), then 200 11 same END"),
    // As a ztunnel does (reference/hbone.md 2.6): an address has one spelling, and nothing is made of another.
    ("an IPv4-mapped authority", "400 END RST(NO_ERROR), then 200 11 same END"),
    ("an ordinary GET", "400 END RST(NO_ERROR), then 200 11 same END"),
    ("a port that a policy denies", "401 END RST(NO_ERROR), then 200 11 same END"),
    ("a port where nobody listens", "503 END RST(NO_ERROR), then 200 11 same END"),
    ("no certificate", "TLSV13_ALERT_CERTIFICATE_REQUIRED"),
    ("TLS 1.2", "TLSV1_ALERT_PROTOCOL_VERSION"),
];

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/peers/hbone_client.py");

const DENY_3001: &str = "
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: closed}
spec: {action: DENY, selector: {matchLabels: {app: server}}, rules: [{to: [{operation: {ports: ['3001']}}]}]}
";

/// Runs the cases, by `program` and its first arguments, at the door and with the authorities in `more`.
async fn check(program: &str, more: &[&str]) {
    let ran = run(program, more, "").await;
    let mut expect = String::new();
    EXPECT.iter().for_each(|(name, seen)| writeln!(expect, "{name}\t{seen}").unwrap());
    assert!(ran.code == 0 && ran.out == expect, "expected\n{expect}\nfound\n{}\n{}", ran.out, ran.err);
}

#[tokio::test]
async fn pythons_h2_speaks_hbone_in_every_legal_way_and_some_others() {
    let Some(python) = peer(KEPT, "python3", "pythons_h2_speaks_hbone_in_every_legal_way_and_some_others")
    else {
        return;
    };
    let lab = Plan::new().server("server", "echo").yaml(DENY_3001).start().await;
    let papers = Papers::of(&lab.svid("curl-client").unwrap());
    let door = lab.hbone("server").unwrap();
    let at = |port| lab.workload("server").unwrap().address(port).to_string();
    let (host, port) = (door.ip().to_string(), door.port().to_string());
    let (authority, denied, unreachable) = (at(3000), at(3001), at(3002));
    let mapped = format!("[::ffff:{}]:3000", lab.workload("server").unwrap().address(3000).ip());
    let arguments = [SCRIPT, &host, &port, papers.path(), &authority, &denied, &unreachable, &mapped];
    check(python.to_str().unwrap(), &arguments).await;
    for code in
        ["hbone.method", "hbone.no_authority", "hbone.authority", "hbone.ip_mismatch", "dial.no_backend"]
    {
        lab.record(|record| record.code() == Some(code)).await;
    }
}

#[tokio::test]
async fn pythons_h2_speaks_hbone_by_ipv6() {
    let test = "pythons_h2_speaks_hbone_by_ipv6";
    let Some(python) = peer(KEPT, "python3", test) else { return };
    let Some(stand) = Stand::start(test, &[]).await else { return };
    serve(&stand.ours, OURS_SIX, 8080, Backend::Echo);
    let network = format!("--net={}", stand.theirs.namespace().path());
    let (host, at) = (OURS_SIX.to_string(), |port| SocketAddr::new(OURS_SIX, port).to_string());
    let (authority, denied, unreachable) = (at(8080), at(DENIED), at(8081));
    let mapped = format!("[::ffff:{OURS}]:8080");
    let program = [&network, python.to_str().unwrap(), SCRIPT, &host, "15008", stand.papers.path()];
    check("nsenter", &[&program[..], &[&authority, &denied, &unreachable, &mapped]].concat()).await;
    for code in ["authz.denied_by_policy", "hbone.authority", "hbone.ip_mismatch", "dial.refused"] {
        stand.record(|record| record.code() == Some(code)).await;
    }
}
