//! Golden traces. Times, sizes that differ from run to run, ports and random bytes are masked; lines that two proxies write
//! at the same moment may change places, so files are compared line by line without regard to order, and the order that
//! matters is asserted by name.

use std::path::Path;

use glasstunnel::cli::trace_text;
use glasstunnel::explain::Manner;
use glasstunnel::glass::{Sequence, Tone, trace};

use super::{drawn, show_a_strangers_certificate, tapped};
use crate::mesh::{Plan, record_to};
use crate::peers::Papers;
use crate::program::run;

/// Holds the drawing of `sequence` against `tests/golden/trace/NAME.txt`, and asserts that `order` stands in it in order.
#[track_caller]
fn check(name: &str, sequence: &Sequence, order: &[&str]) {
    let text = masked(&anstream::adapter::strip_str(&trace_text(&still(sequence), 120)).to_string());
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/trace").join(name).with_extension("txt");
    let lines = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    #[expect(clippy::disallowed_methods, reason = "how a person asks for new golden files")]
    let is_asked = std::env::var_os("UPDATE_EXPECT").is_some();
    // Another order alone is no other drawing.
    if is_asked && lines(&kept) != lines(&text) {
        std::fs::write(&path, &text).unwrap();
    }
    let expect = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        lines(&expect) == lines(&text),
        "{} differs; UPDATE_EXPECT=1 writes it anew.\n--- expected\n{expect}\n--- found\n{text}",
        path.display()
    );
    let mut names = sequence.events.iter().map(|event| event.name.as_str());
    for wanted in order {
        assert!(names.any(|name| name == *wanted), "{wanted} in its place among {order:?}:\n{text}");
    }
}

/// The sequence as if nothing took any time.
fn still(sequence: &Sequence) -> Sequence {
    let mut still = sequence.clone();
    still.took_ns = 0;
    still.phases.iter_mut().for_each(|phase| phase.took_ns = 0);
    for event in &mut still.events {
        event.at_ns = 0;
        // Signatures and packed headers are not of the same length each time.
        if event.encrypted {
            event.bytes = event.bytes.map(|_| 0);
        }
    }
    still
}

/// Random bytes, ports and counts that depend on the scheduler, masked.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    for word in text.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let body = word.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        let is_port = masked.ends_with(':') && body.len() == 5 && body.chars().all(|c| c.is_ascii_digit());
        let is_own = ["15006", "15008", "15080"].contains(&body);
        match body.len() >= 16 || is_port && !is_own {
            true => masked.push_str(&word.replacen(body, "…", 1)),
            false => masked.push_str(word),
        }
    }
    let masked =
        masked.replace("    0.000   ", "            ").replace(": 0 B · ", ": ").replace(": 0 B\n", "\n");
    masked.lines().map(|line| format!("{}\n", uncounted(line))).collect()
}

/// How many records there are, and how long they are together, depends on what was ready at one moment.
fn uncounted(line: &str) -> String {
    let Some((before, after)) = line.split_once(" of encrypted bytes from the ") else {
        return line.to_owned();
    };
    let who = after.split(',').next().unwrap_or_default();
    let start = before.find("sees ").map_or(0, |at| at + 5);
    format!("{}records of encrypted bytes from the {who}: when, and how long", &before[..start])
}

const HANDSHAKE: [&str; 9] = [
    "ClientHello",
    "ServerHello",
    "EncryptedExtensions",
    "CertificateRequest",
    "Certificate",
    "CertificateVerify",
    "Finished",
    "Certificate",
    "TLS 1.3",
];

#[tokio::test]
async fn a_good_connection_over_hbone_then_one_in_the_same_tunnel() {
    let lab = tapped(Plan::new().server("server", "http")).start().await;
    let first = drawn(&lab, "curl-client", "server:80", None, false).await;
    let order: Vec<&str> =
        HANDSHAKE.into_iter().chain(["CONNECT", "authz", "TCP", "status 200", "DATA", "FIN"]).collect();
    check("hbone", &first, &order);
    let second = drawn(&lab, "curl-client", "server:80", None, false).await;
    assert_eq!(second.reused_tunnel, Some(true));
    check("pooled", &second, &["reused", "CONNECT", "authz", "status 200"]);
    let third = drawn(&lab, "curl-client", "server:80", None, true).await;
    assert_eq!(third.reused_tunnel, Some(false));
    assert!(third.events.iter().any(|event| event.name == "ClientHello"), "a fresh tunnel has a handshake");
}

#[tokio::test]
async fn a_refused_client_certificate() {
    let lab = tapped(Plan::new().server("server", "http")).start().await;
    show_a_strangers_certificate(&lab);
    let sequence = drawn(&lab, "curl-client", "server:80", None, false).await;
    assert_eq!((sequence.verdict.as_str(), sequence.flag.as_str()), ("fail", "TLS_FAILURE"));
    let order: Vec<&str> = HANDSHAKE.into_iter().chain(["Alert"]).collect();
    check("refused_client_certificate", &sequence, &order);
    let alert = sequence.events.iter().find(|event| event.name == "Alert").unwrap();
    assert!(
        alert.encrypted && alert.tone == Tone::Bad && alert.says.contains("unknown_ca (48)"),
        "{alert:?}"
    );
}

#[tokio::test]
async fn the_applications_tls_to_a_strict_port() {
    let lab = tapped(Plan::new().server("server", "tls").mode("server", "STRICT")).start().await;
    let mut sequence = drawn(&lab, "outside/curl-client", "server:3000", None, false).await;
    // The source proxy may be told of the refusal before it reads that the client has nothing more to say.
    sequence.events.retain(|event| event.name != "FIN");
    check("plaintext_to_strict", &sequence, &["sniff", "peer_auth", "RST"]);
    let sequence = drawn(&lab, "outside/curl-client", "server:3000", Some(Manner::Tls), false).await;
    let order = [
        "sniff",
        "peer_auth",
        "ClientHello",
        "ServerHello",
        "CertificateRequest",
        "Certificate",
        "Finished",
        "Alert",
    ];
    check("app_tls_to_strict", &sequence, &order);
}

#[tokio::test]
async fn a_hello_retry_request() {
    let lab = tapped(Plan::new().server("server", "http").mode("server", "STRICT")).start().await;
    let papers = Papers::of(&lab.svid("curl-client").unwrap());
    let address = lab.captured("server", 3000).unwrap().to_string();
    let (cert, key, root) = (papers.file("cert.pem"), papers.file("key.pem"), papers.file("root.pem"));
    let arguments = [
        "s_client",
        "-connect",
        &address,
        "-alpn",
        "istio",
        "-tls1_3",
        "-quiet",
        "-no_ign_eof",
        // The first group is guessed, and the mesh does not have it.
        "-groups",
        "X448:P-256",
        "-cert",
        cert.to_str().unwrap(),
        "-key",
        key.to_str().unwrap(),
        "-CAfile",
        root.to_str().unwrap(),
    ];
    let ran = run("openssl", &arguments, "GET / HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n").await;
    let record = record_to(&lab, "server").await;
    let sequence = trace(&record, false);
    assert!(sequence.handshake.as_ref().is_some_and(|it| it.was_retried), "{ran:?}");
    let order = ["ClientHello", "HelloRetryRequest", "ClientHello", "ServerHello", "Certificate", "Finished"];
    check("hello_retry_request", &sequence, &order);
}
