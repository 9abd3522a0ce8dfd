//! nghttp, which speaks no proper CONNECT: an ordinary HTTP/2 client at the HBONE door.

use crate::mesh::Plan;
use crate::peers::{Papers, SYSTEMS, peer};
use crate::program::run;

#[tokio::test]
async fn nghttp_gets_http2_and_no_service() {
    let Some(nghttp) = peer(SYSTEMS, "nghttp", "nghttp_gets_http2_and_no_service") else { return };
    let lab = Plan::new().server("server", "echo").start().await;
    let papers = Papers::of(&lab.svid("curl-client").unwrap());
    let url = format!("https://{}/", lab.hbone("server").unwrap());
    let (certificate, key) = (papers.file("cert.pem"), papers.file("key.pem"));
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let check = async |more: &[&str], expect: &[&str]| {
        let common = ["-v", "-n", "-y", "--no-dep", "-t", "20", "--cert", certificate, "--key", key];
        let ran = run(nghttp.to_str().unwrap(), &[&common, more, &[url.as_str()]].concat(), "").await;
        for words in expect {
            assert!(ran.out.contains(words), "{more:?}: no {words:?} in\n{}\n{}", ran.out, ran.err);
        }
    };
    let settings = ["SETTINGS_MAX_CONCURRENT_STREAMS(0x03):200", "SETTINGS_MAX_FRAME_SIZE(0x05):1048576"];
    check(&[], &[&["The negotiated protocol: h2", ":status: 400"], &settings[..]].concat()).await;
    // Twenty at once, long headers in CONTINUATION frames, a body, small windows and a changing table.
    check(&["-m", "20"], &[":status: 400"]).await;
    check(&["--continuation"], &[":status: 400"]).await;
    check(&["-d", "/etc/passwd"], &[":status: 400"]).await;
    check(&["-w", "1", "-W", "1", "-c", "0"], &[":status: 400"]).await;
    // It sends :scheme and :path with whatever method, which RFC 9113 §8.5 forbids for CONNECT.
    check(&["-H:method: CONNECT"], &["RST_STREAM", "error_code=PROTOCOL_ERROR"]).await;
    lab.record(|record| record.code() == Some("hbone.method")).await;
}
