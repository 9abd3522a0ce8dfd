//! A real connection's capture, with tshark as the referee: it opens the file without options, and finds everything.

use glasstunnel::glass::capture;
use glasstunnel::telemetry::Record;

use super::{made, show_a_strangers_certificate, tapped};
use crate::mesh::Plan;
use crate::peers::peer;
use crate::program::run;

/// What tshark says of a capture of `record`: `fields` of each packet, between bars.
async fn seen(tshark: &str, record: &Record, fields: &[&str]) -> String {
    let file = std::env::temp_dir().join(format!("glasstunnel-{:016x}.pcapng", rand::random::<u64>()));
    std::fs::write(&file, capture([record]).file).unwrap();
    let mut arguments = vec!["-r", file.to_str().unwrap(), "-T", "fields", "-E", "separator=|"];
    arguments.extend(fields.iter().flat_map(|field| ["-e", field]));
    let ran = run(tshark, &arguments, "").await;
    std::fs::remove_file(&file).unwrap();
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.out
}

#[tokio::test]
async fn tshark_finds_the_connect_and_both_identities() {
    let test = "tshark_finds_the_connect_and_both_identities";
    let Some(tshark) = peer("/usr/bin", "tshark", test) else { return };
    let tshark = tshark.to_str().unwrap();
    let lab = tapped(Plan::new().server("server", "http")).start().await;
    let record = made(&lab, "curl-client", "server:80", None, false).await;
    let fields = [
        "http2.headers.method",
        "http2.headers.status",
        "x509ce.uniformResourceIdentifier",
        "tls.handshake.type",
    ];
    let said = seen(tshark, &record, &fields).await;
    for wanted in ["CONNECT", "200", "ns/default/sa/curl-client", "ns/default/sa/server", "8,13,11,15,20"] {
        assert!(said.contains(wanted), "no {wanted} in\n{said}");
    }
    let comments = seen(tshark, &record, &["frame.comment"]).await;
    for wanted in ["ALLOW", "source identity: spiffe://", "destination identity: spiffe://", "policy: none"] {
        assert!(comments.contains(wanted), "no {wanted} in\n{comments}");
    }
    // The legs to the applications are in the clear, and nothing about the packets is odd.
    let plain = seen(tshark, &record, &["http.request.method", "http.response.code"]).await;
    assert_eq!((plain.matches("GET").count(), plain.matches("200").count()), (2, 2), "{plain}");
    let odd = seen(tshark, &record, &["tcp.analysis.flags", "_ws.malformed"]).await;
    assert_eq!(odd.replace(['|', '\n'], ""), "");
}

#[tokio::test]
async fn tshark_finds_the_alert() {
    let Some(tshark) = peer("/usr/bin", "tshark", "tshark_finds_the_alert") else { return };
    let tshark = tshark.to_str().unwrap();
    let lab = tapped(Plan::new().server("server", "http")).start().await;
    show_a_strangers_certificate(&lab);
    let record = made(&lab, "curl-client", "server:80", None, false).await;
    let alerts = seen(tshark, &record, &["tls.alert_message.desc"]).await;
    // unknown_ca (RFC 8446 §6).
    assert!(alerts.lines().any(|line| line == "48"), "{alerts}");
    let comments = seen(tshark, &record, &["frame.comment"]).await;
    assert!(comments.contains("FAIL flag TLS_FAILURE"), "{comments}");
}
