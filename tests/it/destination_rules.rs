//! Which DestinationRule holds, on real sockets: port-level and subset-level settings, hosts in every spelling, `sni`,
//! `subjectAltNames`, `caCertificates` and client certificates.

use glasstunnel::lab::{Lab, LabOptions};
use glasstunnel::mesh::Semantics;
use glasstunnel::telemetry::Wire;
use glasstunnel::tls::{ClientFiles, Origination};

use crate::client_modes::{
    Folder, Seen, ask, destination_rule, namespace, peer_authentication, pod, service,
};
use crate::program::run;

/// A client and a server with sidecars, and `more`.
pub(crate) async fn start(backend: &str, more: &str) -> Lab {
    let yaml = namespace("foo", "istio-injection: enabled")
        + &namespace("bar", "istio-injection: enabled")
        + &pod("foo", "client", ("http", &[]), "")
        + &pod("bar", "client", ("http", &[]), "")
        + &pod("foo", "server", (backend, &[3000]), ", version: v1")
        + &service("foo", "server", "app: server")
        + more;
    Lab::start(&yaml, LabOptions::default()).await.unwrap()
}

pub(crate) fn wire(seen: &Seen) -> &'static str {
    seen.wire.map_or("-", Wire::name)
}

#[tokio::test]
async fn port_level_settings_are_by_service_port() {
    let spec = "host: server, trafficPolicy: {tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 81}, tls: {mode: ISTIO_MUTUAL}}, {port: {number: 3000}, tls: {mode: SIMPLE}}]}";
    let lab = start("http", &destination_rule("foo", "r", spec)).await;
    let (top, port) =
        (ask(&lab, "foo/client", "server", 80).await, ask(&lab, "foo/client", "server", 81).await);
    assert_eq!([(top.ok, wire(&top)), (port.ok, wire(&port))], [(true, "raw"), (true, "mtls")]);
    assert!(
        port.route.contains("DestinationRule foo/r says ISTIO_MUTUAL for port 81 at lab.yaml:"),
        "{}",
        port.route
    );

    let spec = "host: server, trafficPolicy: {tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]}";
    let lab = start("http", &destination_rule("foo", "r", spec)).await;
    let silent = ask(&lab, "foo/client", "server", 80).await;
    assert_eq!(
        (silent.ok, wire(&silent)),
        (true, "mtls"),
        "an omitted tls at a port is auto mTLS, not the rule's"
    );
    assert!(silent.route.contains("says nothing about TLS for this port, so auto mTLS"), "{}", silent.route);
}

#[tokio::test]
async fn a_subset_holds_once_a_route_names_it() {
    let spec = "host: server, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}, subsets: [{name: v1, labels: {version: v1}, trafficPolicy: {tls: {mode: DISABLE}}}, {name: v9, labels: {version: v9}}]";
    let rule = destination_rule("foo", "r", spec) + &pod("foo", "second", ("http", &[3000]), ", kind: other");
    let route = |subset: &str| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{namespace: foo, name: v}}\nspec: {{hosts: [server], http: [{{route: [{{destination: {{host: server, subset: {subset}}}}}]}}]}}\n"
        )
    };
    let lab = start("http", &rule).await;
    assert_eq!(wire(&ask(&lab, "foo/client", "server", 80).await), "mtls");
    let lab = start("http", &(rule.clone() + &route("v1"))).await;
    let seen = ask(&lab, "foo/client", "server", 80).await;
    assert_eq!((seen.ok, wire(&seen)), (true, "raw"));
    assert!(seen.route.contains("says DISABLE for subset v1 at lab.yaml:"), "{}", seen.route);
    let lab = start("http", &(rule.clone() + &route("v9"))).await;
    assert_eq!(
        ask(&lab, "foo/client", "server", 80).await.concludes,
        "FAIL CONNECT route.no_healthy_upstream at route"
    );
    let lab = start("http", &(rule + &route("v2"))).await;
    assert_eq!(
        ask(&lab, "foo/client", "server", 80).await.concludes,
        "FAIL CONNECT route.unknown_subset at route"
    );
}

#[tokio::test]
async fn hosts_in_every_spelling() {
    for (place, host, expect) in [
        ("foo", "server", "raw"),
        ("foo", "server.foo.svc.cluster.local", "raw"),
        ("foo", "'*.foo.svc.cluster.local'", "raw"),
        ("foo", "'*'", "raw"),
        ("istio-system", "'*.local'", "raw"),
        ("bar", "server.foo.svc.cluster.local", "raw"),
        ("bar", "server", "mtls"),
        ("foo", "server.foo", "mtls"),
        ("elsewhere", "server.foo.svc.cluster.local", "mtls"),
    ] {
        let rule =
            destination_rule(place, "r", &format!("host: {host}, trafficPolicy: {{tls: {{mode: DISABLE}}}}"));
        let lab = start("http", &rule).await;
        let seen = ask(&lab, "bar/client", "server.foo", 80).await;
        assert_eq!((seen.ok, wire(&seen)), (true, expect), "{place} {host}");
    }
}

/// Namespace DISABLE is all that a sidecar's cluster sees, so that a STRICT workload in it refuses auto mTLS' plaintext.
#[tokio::test]
async fn what_keeps_auto_mtls_off() {
    let disable = peer_authentication("foo", "default", "mtls: {mode: DISABLE}");
    let strict =
        peer_authentication("foo", "server", "selector: {matchLabels: {app: server}}, mtls: {mode: STRICT}");
    let lab = start("http", &(disable + &strict)).await;
    let seen = ask(&lab, "foo/client", "server", 80).await;
    assert_eq!(seen.concludes, "DENY DENY peer_auth.strict_refuses_plaintext at peer_auth");
    let off = "---\napiVersion: mesh.istio.io/v1alpha1\nkind: MeshConfig\nenableAutoMtls: false\n";
    let lab = start("http", off).await;
    assert_eq!(wire(&ask(&lab, "foo/client", "server", 80).await), "raw");
    let mutual = destination_rule("foo", "r", "host: server, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}");
    let lab = start("http", &(off.to_owned() + &mutual)).await;
    assert_eq!(wire(&ask(&lab, "foo/client", "server", 80).await), "mtls");
}

/// MUTUAL to a STRICT sidecar works with a certificate of the mesh, and with no other.
#[tokio::test]
async fn mutual_needs_a_certificate_that_the_mesh_trusts() {
    for (own, expect) in [(true, "ALLOW -"), (false, "FAIL TLS_FAILURE tls.same_name_other_key at tls")] {
        let folder = Folder::new();
        let spec = format!(
            "host: server, trafficPolicy: {{tls: {{mode: MUTUAL, clientCertificate: {}, privateKey: {}}}}}",
            folder.path("cert.pem"),
            folder.path("key.pem")
        );
        let strict = peer_authentication("foo", "default", "mtls: {mode: STRICT}");
        let lab = start("http", &(destination_rule("foo", "r", &spec) + &strict)).await;
        let other = start("http", "").await;
        folder.put_svid(&if own { &lab } else { &other }.svid("foo/client").unwrap());
        let seen = ask(&lab, "foo/client", "server", 80).await;
        assert_eq!((seen.ok, &*seen.concludes), (own, expect));
    }
}

#[tokio::test]
async fn credential_names_and_secrets() {
    let spec = "host: server, trafficPolicy: {tls: {mode: SIMPLE, credentialName: secret}}";
    let lab = start("http", &destination_rule("foo", "r", spec)).await;
    let seen = ask(&lab, "foo/client", "server", 80).await;
    assert_eq!((seen.ok, wire(&seen)), (true, "raw"), "without a workloadSelector there is no TLS at all");
    let spec = format!("workloadSelector: {{matchLabels: {{app: client}}}}, {spec}");
    let lab = start("http", &destination_rule("foo", "r", &spec)).await;
    let seen = ask(&lab, "foo/client", "server", 80).await;
    assert_eq!(seen.concludes, "FAIL TLS_FAILURE tls.no_secret at tls");
}

/// A ztunnel reads no DestinationRule and speaks HBONE or plaintext; a sidecar is a sidecar under either semantics.
#[tokio::test]
async fn under_ztunnel_only_sidecars_obey() {
    let yaml = namespace("amb", "istio.io/dataplane-mode: ambient")
        + &namespace("side", "istio-injection: enabled")
        + &pod("amb", "client", ("http", &[]), "")
        + &pod("side", "client", ("http", &[]), "")
        + &pod("amb", "server", ("http", &[3000]), "")
        + &pod("side", "server", ("http", &[3000]), "")
        + &service("amb", "server", "app: server")
        + &service("side", "server", "app: server")
        + &destination_rule("istio-system", "r", "host: '*', trafficPolicy: {tls: {mode: DISABLE}}");
    let options = LabOptions { semantics: Some(Semantics::Ztunnel), ..LabOptions::default() };
    let lab = Lab::start(&yaml, options).await.unwrap();
    for (client, server, expect, says) in [
        ("amb/client", "server.amb", "hbone", "but a ztunnel reads no DestinationRule"),
        ("amb/client", "server.side", "raw", "but a ztunnel reads no DestinationRule"),
        ("side/client", "server.amb", "raw", "DestinationRule istio-system/r says DISABLE at lab.yaml:"),
        ("side/client", "server.side", "raw", "DestinationRule istio-system/r says DISABLE at lab.yaml:"),
    ] {
        let seen = ask(&lab, client, server, 80).await;
        assert_eq!((seen.ok, wire(&seen)), (true, expect), "{client} {server}");
        assert!(seen.route.contains(says), "{}", seen.route);
    }
}

/// Keys as openssl writes them: PKCS#8, SEC1 (with its parameters before it) and PKCS#1.
#[tokio::test]
async fn every_form_of_a_key_is_read() {
    let folder = Folder::new();
    let read = |certificate: &str, key: &str| {
        let client =
            ClientFiles { certificate: folder.path(certificate).into(), key: folder.path(key).into() };
        let origination = Origination {
            sni: "a".to_owned(),
            ca_certificates: None,
            subject_alt_names: Vec::new(),
            client: Some(client),
        };
        origination.read().map(drop).map_err(|error| error.plain())
    };
    let openssl = async |arguments: String| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let ran = run("openssl", &arguments, "").await;
        assert_eq!(ran.code, 0, "{ran:?}");
    };
    for (kind, new, label) in [
        ("ec", "-newkey ec -pkeyopt ec_paramgen_curve:P-256", "BEGIN EC PRIVATE KEY"),
        ("rsa", "-newkey rsa:2048", "BEGIN RSA PRIVATE KEY"),
    ] {
        let [certificate, key, old] = ["cert", "key", "old"].map(|part| format!("{kind}-{part}.pem"));
        let (to, from) = (folder.path(&old), folder.path(&key));
        openssl(format!(
            "req -x509 {new} -nodes -subj /CN=a -keyout {from} -out {}",
            folder.path(&certificate)
        ))
        .await;
        openssl(format!("pkey -in {from} -traditional -out {to}")).await;
        assert!(std::fs::read_to_string(to).unwrap().contains(label));
        assert_eq!(read(&certificate, &key), Ok(()));
        assert_eq!(read(&certificate, &old), Ok(()));
    }
    assert!(
        read("ec-cert.pem", "rsa-key.pem").unwrap_err().contains("rsa-key.pem"),
        "they do not belong together"
    );
}

/// Behind a headless service clients dial pods: the rule for its host holds for them, and one pod outside the mesh keeps
/// auto mTLS off for all.
#[tokio::test]
async fn headless_services() {
    let headless = "---\napiVersion: v1\nkind: Service\nmetadata: {namespace: foo, name: headless}\nspec: {clusterIP: None, selector: {app: server}, ports: [{port: 3000, name: http}]}\n";
    let disable = destination_rule("foo", "r", "host: headless, trafficPolicy: {tls: {mode: DISABLE}}");
    let outside = "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: foo, name: old, labels: {app: server, sidecar.istio.io/inject: 'false'}, annotations: {glasstunnel.dev/backend: http}}\nspec: {containers: [{name: c, ports: [{containerPort: 3000}]}]}\n";
    for (more, expect) in [("", "mtls"), (&*disable, "raw"), (outside, "raw")] {
        let lab = start("http", &(headless.to_owned() + more)).await;
        let pod = lab.workload("foo/server").unwrap().address(3000).ip().to_string();
        let seen = ask(&lab, "foo/client", &pod, 3000).await;
        assert_eq!((seen.ok, wire(&seen)), (true, expect), "{more}");
    }
}
