//! TLS that the proxy speaks for the application, because a DestinationRule says so.

use glasstunnel::ca::app_certificate;
use glasstunnel::identity::encode_certificates;
use glasstunnel::lab::{Lab, LabOptions};
use glasstunnel::sniff::{Protocol, SniffLimits, detect};
use glasstunnel::tls::AppTls;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant};

use crate::client_modes::{Folder, ask, destination_rule, namespace, pod, service};
use crate::destination_rules::{start, wire};

/// An application's TLS server of the test's own, which tells the names that clients ask for.
async fn tls_server(folder: &Folder, name: &str) -> (String, mpsc::UnboundedReceiver<Option<String>>) {
    let (certificate, key) = app_certificate(vec![name.to_owned()]).unwrap();
    folder.put("ca.pem", &encode_certificates(std::slice::from_ref(&certificate)));
    let tls = AppTls::new(&certificate, &key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let (sender, names) = mpsc::unbounded_channel();
    #[expect(clippy::disallowed_methods, reason = "a test's own server is no task of the proxy")]
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let soon = Instant::now() + Duration::from_secs(10);
            let Ok(sniffed) = detect(&mut stream, &SniffLimits::new(soon, soon)).await else { continue };
            let sni = match &sniffed.protocol {
                Protocol::Tls(hello) => hello.server_name.as_ref().map(ToString::to_string),
                _ => None,
            };
            let _ = sender.send(sni);
            let stream = glasstunnel::io::Prefixed::new(stream, sniffed.bytes);
            let Ok(mut stream) = tls.accept(stream, soon).await else { continue };
            let mut request = [0; 4];
            let _ = stream.read_exact(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nok\n").await;
            let _ = stream.shutdown().await;
        }
    });
    (addr, names)
}

#[tokio::test]
async fn originated_tls_says_and_checks_names() {
    let roots = |folder: &Folder| format!("caCertificates: {}", folder.path("ca.pem"));
    for (fields, sni, expect) in [
        ("", "server.foo.svc.cluster.local", "ALLOW -"),
        ("sni: sni.example", "sni.example", "ALLOW -"),
        ("subjectAltNames: [other.example, app.example]", "server.foo.svc.cluster.local", "ALLOW -"),
        (
            "subjectAltNames: [example]",
            "server.foo.svc.cluster.local",
            "FAIL TLS_FAILURE tls.wrong_name at tls",
        ),
    ] {
        for verified in [false, true] {
            let folder = Folder::new();
            let (addr, mut names) = tls_server(&folder, "app.example").await;
            let roots = if verified { roots(&folder) } else { String::new() };
            let all: Vec<&str> =
                ["mode: SIMPLE", fields, &roots].into_iter().filter(|text| !text.is_empty()).collect();
            let spec = format!("host: server, trafficPolicy: {{tls: {{{}}}}}", all.join(", "));
            let lab = start(&format!("'{addr}'"), &destination_rule("foo", "r", &spec)).await;
            let seen = ask(&lab, "foo/client", "server", 80).await;
            assert_eq!((seen.ok, &*seen.concludes), (expect == "ALLOW -", expect), "{fields} {verified}");
            assert_eq!(names.recv().await.unwrap().as_deref(), Some(sni));
            let record = lab.running().recorder().recent(1).remove(0);
            let tls = record
                .facts()
                .find(|fact| fact.stage().name() == "tls")
                .map(glasstunnel::telemetry::Fact::says);
            if let Some(says) = tls {
                assert_eq!(says.contains("not verified: no caCertificates"), !verified, "{says}");
            }
        }
    }
}

/// TLS inside a tunnel is over with its close_notify, the tunnel's stream only with the server's FIN, which this server
/// sends last of all. A source that did not wait for it would reset a good exchange.
#[tokio::test]
async fn tls_that_ends_before_its_tunnel_is_no_reset() {
    let (certificate, key) = app_certificate(vec!["app.example".to_owned()]).unwrap();
    let tls = AppTls::new(&certificate, &key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let yaml = namespace("foo", "istio.io/dataplane-mode: ambient")
        + &pod("foo", "client", ("http", &[]), "")
        + &pod("foo", "server", (&format!("'{}'", listener.local_addr().unwrap()), &[3000]), "")
        + &service("foo", "server", "app: server")
        + &destination_rule("foo", "r", "host: server, trafficPolicy: {tls: {mode: SIMPLE}}");
    let lab = Lab::start(&yaml, LabOptions::default()).await.unwrap();
    let serving = async {
        let (mut from_client, mut to_client) = listener.accept().await.unwrap().0.into_split();
        let (near, far) = tokio::io::duplex(1 << 16);
        let (mut from_tls, mut to_tls) = tokio::io::split(far);
        let answering = async {
            let mut stream = tls.accept(near, Instant::now() + Duration::from_secs(10)).await.unwrap();
            stream.read_exact(&mut [0; 4]).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nok\n").await.unwrap();
            stream.shutdown().await.unwrap();
        };
        let hearing = async {
            tokio::io::copy(&mut from_client, &mut to_tls).await.unwrap();
        };
        // Its end is the end of TLS, and no FIN: that is sent when the socket is dropped, after the client's.
        let said = tokio::join!(answering, hearing, tokio::io::copy(&mut from_tls, &mut to_client)).2;
        said.unwrap();
    };
    let (seen, ()) = tokio::join!(ask(&lab, "foo/client", "server", 80), serving);
    assert_eq!((seen.ok, wire(&seen), &*seen.concludes), (true, "hbone", "ALLOW -"));
}

#[tokio::test]
async fn a_foreign_root_and_absent_files_are_told_apart() {
    let folder = Folder::new();
    let (addr, _names) = tls_server(&folder, "app.example").await;
    let (foreign, _) = app_certificate(vec!["other.example".to_owned()]).unwrap();
    folder.put("foreign.pem", &encode_certificates(&[foreign]));
    for (file, expect) in [("foreign.pem", "tls.unknown_issuer"), ("absent.pem", "tls.own_certificate")] {
        let spec = format!(
            "host: server, trafficPolicy: {{tls: {{mode: SIMPLE, caCertificates: {}}}}}",
            folder.path(file)
        );
        let lab = start(&format!("'{addr}'"), &destination_rule("foo", "r", &spec)).await;
        let seen = ask(&lab, "foo/client", "server", 80).await;
        assert_eq!(seen.concludes, format!("FAIL TLS_FAILURE {expect} at tls"), "{file}");
    }
}
