//! Whole paths: out of one workload and into another, with both halves in one record.

use std::time::Duration;

use glasstunnel::lab::{Attempt, Lab, LabOptions};
use glasstunnel::resources::DEMO;
use glasstunnel::telemetry::{Fact, Wire};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::mesh::{Plan, conclusion, record_to};
use crate::program::{curl, run};
use crate::sink::Sink;

async fn demo() -> Lab {
    Lab::start(DEMO, LabOptions::default()).await.unwrap()
}

/// curl as a program in `workload` would run it, through that workload's outbound door.
async fn curl_as(lab: &Lab, workload: &str, arguments: &[&str]) -> crate::program::Ran {
    let proxy = format!("socks5h://{}", lab.outbound(workload).unwrap());
    let all: Vec<&str> = ["--proxy", &proxy].iter().chain(arguments).copied().collect();
    curl(&all).await
}

/// The seeds' matrix: plain HTTP from outside, plain HTTP from inside, HTTPS; STRICT, PERMISSIVE, DISABLE.
#[tokio::test]
async fn the_seeds_test_matrix() {
    let lab = demo().await;
    let strict = "http://webhook.default.svc.cluster.local:8080/health";
    let permissive = "http://webhook.default.svc.cluster.local:3000/health";
    let disable = "http://legacy.default/health";
    for (from, url, code, wire) in [
        ("outside/curl-client", strict, 56, "raw"),
        ("outside/curl-client", permissive, 0, "raw"),
        ("outside/curl-client", disable, 0, "raw"),
        ("default/curl-client", strict, 0, "hbone"),
        ("default/curl-client", permissive, 0, "hbone"),
        ("default/curl-client", disable, 0, "raw"),
        ("default/curl-client", "http://webhook:3000/health", 0, "hbone"),
    ] {
        let before = lab.running().recorder().recent(usize::MAX).len();
        let ran = curl_as(&lab, from, &["-i", url]).await;
        assert_eq!(ran.code, code, "{from} {url}: {ran:?}");
        if code == 0 {
            assert!(ran.out.starts_with("HTTP/1.1 200"), "{ran:?}");
        } else {
            assert!(ran.err.contains("reset by peer"), "{ran:?}");
        }
        let record = lab.record(|record| record.id > before as u64).await;
        assert_eq!(record.wire().map(Wire::name), Some(wire), "{from} {url}");
        assert!(record.lanes().0.is_some() && record.lanes().1.is_some(), "{from} {url}: one end is missing");
    }
}

#[tokio::test]
async fn https_is_carried_or_refused_by_mode() {
    let lab = demo().await;
    let secure = ["-k", "https://secure.default.svc.cluster.local/health"];
    for from in ["outside/curl-client", "default/curl-client"] {
        let ran = curl_as(&lab, from, &secure).await;
        assert_eq!((ran.code, ran.out.trim()), (0, "ok"), "{from}: {ran:?}");
    }
    // HTTPS to a port that speaks HTTP: inside it travels to the app, which answers no TLS.
    let ran = curl_as(&lab, "default/curl-client", &["-k", "https://webhook:8080/health"]).await;
    assert_eq!(ran.code, 35, "{ran:?}");
    // From outside, STRICT terminates it and asks for a mesh certificate.
    let ran = curl_as(&lab, "outside/curl-client", &["-k", "https://webhook.default:8080/health"]).await;
    assert_eq!(ran.code, 56, "{ran:?}");
    assert!(ran.err.contains("certificate required"), "{ran:?}");
}

#[tokio::test]
async fn openssl_against_each_mode() {
    let lab = demo().await;
    let s_client = |addr: std::net::SocketAddr| async move {
        let addr = addr.to_string();
        let arguments = ["s_client", "-connect", &addr, "-alpn", "istio", "-brief", "-ign_eof"];
        run("openssl", &arguments, "GET / HTTP/1.0\r\n\r\n").await
    };
    let strict = s_client(lab.captured("webhook", 8080).unwrap()).await;
    assert!(strict.err.contains("certificate required"), "{strict:?}");
    let permissive = s_client(lab.captured("webhook", 3000).unwrap()).await;
    assert!(permissive.err.contains("certificate required"), "{permissive:?}");
    let disable = s_client(lab.captured("legacy", 5000).unwrap()).await;
    assert_ne!(disable.code, 0, "{disable:?}");
    let record = lab.record(|record| record.code() == Some("peer_auth.disable_refuses_mtls")).await;
    assert_eq!(conclusion(&record), "DENY DENY peer_auth.disable_refuses_mtls at peer_auth");
    let hbone = s_client(lab.hbone("webhook").unwrap()).await;
    assert!(hbone.err.contains("no application protocol"), "{hbone:?}");
}

#[tokio::test]
async fn names_and_addresses_all_lead_there() {
    let lab = demo().await;
    let customers = lab.workload("customers").unwrap();
    let service = lab.running().snapshots().load().mesh.resolve_ip("customers", "default").unwrap();
    let urls = [
        "http://customers/health".to_owned(),
        "http://customers.default/health".to_owned(),
        "http://customers.default.svc.cluster.local/health".to_owned(),
        format!("http://{service}/health"),
        format!("http://{}/health", customers.address(3000)),
    ];
    for url in &urls {
        let ran = curl_as(&lab, "default/curl-client", &[url]).await;
        assert_eq!((ran.code, ran.out.trim()), (0, "ok"), "{url}: {ran:?}");
    }
    let ran = curl_as(&lab, "default/curl-client", &["http://customer.default/"]).await;
    assert_eq!(ran.code, 97, "an unknown name is SOCKS' host unreachable: {ran:?}");
    let record = lab.record(|record| record.code() == Some("orig_dst.unknown_host")).await;
    assert_eq!(record.hint(), Some("did you mean `customers.default`?"));
    let ran = curl_as(&lab, "default/curl-client", &["http://customers:81/"]).await;
    assert_eq!(ran.code, 56, "{ran:?}");
    let record = lab.record(|record| record.code() == Some("route.no_healthy_upstream")).await;
    assert!(record.failure().unwrap().error.starts_with("no healthy upstream: "));
}

#[tokio::test]
async fn the_shared_door_takes_the_workload_as_user_name() {
    let lab = demo().await;
    let socks = lab.running().info().socks.unwrap();
    let ask =
        |proxy: String| async move { curl(&["--proxy", &proxy, "http://webhook.default:8080/health"]).await };
    assert_eq!(ask(format!("socks5h://curl-client.default@{socks}")).await.code, 0);
    assert_eq!(ask(format!("socks5h://curl-client.outside@{socks}")).await.code, 56);
    assert_eq!(ask(format!("socks5h://{socks}")).await.code, 97);
    assert_eq!(ask(format!("socks5h://nobody@{socks}")).await.code, 97);
    let connect = |user: &'static str| async move {
        let proxy = format!("http://{user}{socks}");
        curl(&["--proxytunnel", "--proxy", &proxy, "http://webhook.default:8080/health"]).await
    };
    assert_eq!(connect("curl-client.default@").await.code, 0);
    let refused = connect("").await;
    assert!(refused.err.contains("407"), "{refused:?}");
}

#[tokio::test]
async fn one_record_has_both_ends_and_every_step() {
    let lab = demo().await;
    assert_eq!(curl_as(&lab, "default/curl-client", &["http://customers/"]).await.code, 0);
    let record = record_to(&lab, "customers").await;
    let stages = |half: &glasstunnel::telemetry::Half| -> Vec<&str> {
        half.steps.iter().map(|step| step.fact.stage().name()).collect()
    };
    let (source, destination) = record.lanes();
    assert_eq!(
        stages(source.unwrap()),
        ["accept", "orig_dst", "route", "dial", "tls", "hbone", "hbone", "relay"]
    );
    assert_eq!(
        stages(destination.unwrap()),
        ["accept", "tls", "hbone", "peer_auth", "authz", "dial", "hbone", "relay"]
    );
    assert_eq!(source.unwrap().to_backend, destination.unwrap().to_backend);
    let second = curl_as(&lab, "default/curl-client", &["http://customers/"]).await;
    assert_eq!(second.code, 0);
    let record = lab.record(|record| record.id > record_id(&record_list(&lab))).await;
    let reused = record.facts().any(|fact| matches!(fact, Fact::Reused { .. }));
    let dialled = record.facts().filter(|fact| matches!(fact, Fact::Handshaken { .. })).count() > 1;
    assert!(reused || dialled, "a second connection either reuses a tunnel, or came to the other worker");
}

fn record_list(lab: &Lab) -> Vec<u64> {
    lab.running().recorder().recent(usize::MAX).iter().map(|record| record.id).collect()
}

fn record_id(ids: &[u64]) -> u64 {
    ids.iter().min().copied().unwrap_or_default()
}

#[tokio::test]
async fn a_sidecar_is_reached_over_direct_mtls() {
    let mut sink = Sink::start(b"answer").await;
    let pod = format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: old, labels: {{app: old, sidecar.istio.io/inject: 'true'}}, annotations: {{glasstunnel.dev/backend: '{}'}}}}
spec: {{serviceAccountName: old, containers: [{{name: c, ports: [{{containerPort: 3000}}]}}]}}
",
        sink.addr()
    );
    let lab = Plan::new().yaml(&pod).mode("old", "STRICT").start().await;
    let address = lab.workload("old").unwrap().address(3000).ip().to_string();
    let seen = lab.send("default/curl-client", &address, 3000, b"request").await.unwrap();
    assert_eq!(seen, Attempt::Answered(b"answer".to_vec()));
    assert_eq!(sink.bytes().await, b"request");
    let record = record_to(&lab, "old").await;
    assert_eq!((record.wire(), conclusion(&record).as_str()), (Some(Wire::Mtls), "ALLOW -"));
}

#[tokio::test]
async fn half_close_in_either_order() {
    let mut sink = Sink::start(b"a late answer").await;
    let lab = Plan::new().server("server", &sink.addr()).start().await;
    // The sink answers only after the client's FIN: it must arrive, and the other direction must stay open.
    let seen = lab.send("default/curl-client", "server", 80, b"request").await.unwrap();
    assert_eq!(seen, Attempt::Answered(b"a late answer".to_vec()));
    assert_eq!(sink.bytes().await, b"request");

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let lab = Plan::new().server("server", &addr).start().await;
    let mut client = lab.dial("default/curl-client", "server", 80).await.unwrap().unwrap();
    client.write_all(b"one").await.unwrap();
    let (mut backend, _) = listener.accept().await.unwrap();
    let mut three = [0; 3];
    backend.read_exact(&mut three).await.unwrap();
    backend.shutdown().await.unwrap();
    assert_eq!(client.read(&mut three).await.unwrap(), 0, "the backend's FIN arrives first");
    client.write_all(b"two").await.unwrap();
    client.shutdown().await.unwrap();
    let mut rest = Vec::new();
    backend.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"two");
}

#[tokio::test]
async fn a_reset_stays_a_reset_through_the_tunnel() {
    let lab = Plan::new().server("server", "reset").start().await;
    let seen = lab.send("default/curl-client", "server", 80, b"request").await.unwrap();
    assert_eq!(seen, Attempt::Reset(Vec::new()), "a truncated answer must not look whole");

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let lab = Plan::new().server("server", &addr).start().await;
    let mut client = lab.dial("default/curl-client", "server", 80).await.unwrap().unwrap();
    client.write_all(b"half an upload").await.unwrap();
    let (mut backend, _) = listener.accept().await.unwrap();
    let mut bytes = [0; 14];
    backend.read_exact(&mut bytes).await.unwrap();
    client.set_zero_linger().unwrap();
    drop(client);
    let error = backend.read(&mut bytes).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "a cut-off upload must not look whole");
}

#[tokio::test]
async fn certificates_rotate_under_traffic() {
    let mut plan = Plan::new().server("server", "http");
    plan.options.certificate_ttl = Some(Duration::from_secs(4));
    plan.options.intermediate = true;
    let lab = plan.start().await;
    let serial = lab.svid("server").unwrap().serial.clone();
    let mut requests = 0;
    while lab.svid("server").unwrap().serial == serial {
        let seen =
            lab.send("default/curl-client", "server", 80, b"GET /health HTTP/1.0\r\n\r\n").await.unwrap();
        assert!(matches!(&seen, Attempt::Answered(bytes) if bytes.ends_with(b"ok\n")), "{seen:?}");
        requests += 1;
    }
    assert!(requests > 0);
}
