//! What is refused, in Istio's words and at the right word, and what is read.

use crate::policy::{ClientTlsMode, DestinationRule, SubsetRoute};
use crate::resources::{Input, load};

fn document(spec: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: d, namespace: foo}}\nspec:\n  host: ratings.foo.svc.cluster.local\n  {spec}\n"
    )
}

fn read(spec: &str) -> DestinationRule {
    let loaded = load(&[Input::text("x.yaml", document(spec))]).unwrap_or_else(|errors| panic!("{errors}"));
    DestinationRule::clone(&loaded.policies.destination_rules[0])
}

/// Istio's words, pointed at `word`.
#[track_caller]
fn refused(spec: &str, message: &str, word: &str) {
    let errors = load(&[Input::text("x.yaml", document(spec))]).unwrap_err().to_string();
    assert!(errors.contains(message), "{errors}");
    let lines: Vec<&str> = errors.lines().collect();
    let underline = lines.iter().position(|line| line.contains('^')).unwrap();
    let column = lines[underline].chars().position(|letter| letter == '^').unwrap();
    let marked: String = lines[underline - 1].chars().skip(column).collect();
    assert!(marked.starts_with(word), "{errors}");
}

#[test]
fn istios_validation_in_istios_words() {
    let tls = |fields: &str| format!("trafficPolicy: {{tls: {{{fields}}}}}");
    refused("trafficPolicy: {}", "traffic policy must have at least one field", "{}");
    refused(
        "trafficPolicy: {portLevelSettings: [{port: {number: 80}}]}",
        "port traffic policy must have at least one field",
        "{port",
    );
    refused(
        "trafficPolicy: {portLevelSettings: [{tls: {mode: SIMPLE}}]}",
        "portTrafficPolicy must have valid port",
        "{tls",
    );
    refused(
        "trafficPolicy: {portLevelSettings: [{port: {number: 0}, tls: {mode: SIMPLE}}]}",
        "port must be between 1-65535",
        "0",
    );
    refused(&tls("mode: MUTUAL"), "client certificate required for mutual tls", "MUTUAL");
    refused(&tls("mode: MUTUAL, clientCertificate: /a"), "private key required for mutual tls", "MUTUAL");
    refused(
        &tls("mode: MUTUAL, credentialName: c, clientCertificate: /a, privateKey: /b"),
        "cannot specify client certificates or CA certificate or CA CRL If credentialName is set",
        "/a",
    );
    refused(
        &tls("mode: SIMPLE, insecureSkipVerify: true, caCertificates: /ca"),
        "cannot specify CaCertificates or CredentialName or SubjectAltNames when InsecureSkipVerify is set true",
        "/ca",
    );
    refused(
        &tls(
            "mode: MUTUAL, clientCertificate: /a, privateKey: /b, insecureSkipVerify: true, subjectAltNames: [x]",
        ),
        "cannot specify CaCertificates or SubjectAltNames when InsecureSkipVerify is set true",
        "[x]",
    );
    refused(
        &tls("mode: simple"),
        "expected one of DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL, found `simple`",
        "simple",
    );
    refused(&tls("mdoe: SIMPLE"), "expected a field of this object, found `mdoe`", "mdoe");
    refused("subsets: [{name: v1}, {name: v1}]", "duplicate subset names: v1", "v1}]");
    refused("subsets: [{name: V_1}]", "subset name is invalid: V_1", "V_1");
    refused("subsets: [{labels: {a: b}}]", "subset name cannot be empty", "{labels");
    refused("subsets: [{name: ''}]", "subset name cannot be empty", "");
    refused("subsets: [{name: v1, trafficPolicy: {}}]", "traffic policy must have at least one field", "{}");
    refused(
        "workloadSelector: {matchLabels: {app: a}}\n  exportTo: [bar]",
        "destination rule with workload selector cannot have exportTo beyond current namespace",
        "[bar]",
    );
    refused("trafficPolicy: {loadBalancers: {}}", "found `loadBalancers`", "loadBalancers");
}

#[test]
fn what_istio_takes_is_taken() {
    read("trafficPolicy: {tls: {mode: MUTUAL, credentialName: c}}");
    read("trafficPolicy: {tls: {mode: ISTIO_MUTUAL, clientCertificate: /a, caCertificates: /b}}");
    read("workloadSelector: {matchLabels: {app: a}}\n  exportTo: ['.']");
    read("workloadSelector: {matchLabels: {app: a}}\n  exportTo: [foo]");
    let rule = read(
        "trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}, connectionPool: {tcp: {maxConnections: 1}}, outlierDetection: {consecutive5xxErrors: 1}, tunnel: {protocol: CONNECT}, proxyProtocol: {version: V1}, retryBudget: {percent: 1}}",
    );
    assert_eq!(rule.traffic_policy.unwrap().tls, None, "no tls is auto mTLS");
    let rule = read("trafficPolicy: {tls: {}}");
    assert_eq!(rule.traffic_policy.unwrap().tls.unwrap().mode, ClientTlsMode::Disable);
    assert_eq!(read("exportTo: ['*']").traffic_policy, None);
}

#[test]
fn every_level_is_read() {
    let rule = read(
        "exportTo: [bar]
  trafficPolicy:
    tls: {mode: SIMPLE, sni: s.example, subjectAltNames: [a, spiffe://td/ns/a/sa/b], caCertificates: /ca, insecureSkipVerify: false}
    portLevelSettings:
    - port: {number: 80}
      tls: {mode: MUTUAL, clientCertificate: /c, privateKey: /k}
    - port: {number: 81}
      loadBalancer: {simple: RANDOM}
  subsets:
  - name: v1
    labels: {version: v1}
    trafficPolicy: {tls: {mode: DISABLE}}",
    );
    let policy = rule.traffic_policy.as_ref().unwrap();
    let tls = policy.tls.as_ref().unwrap();
    assert_eq!(
        (tls.mode, tls.sni.as_deref(), tls.source.line),
        (ClientTlsMode::Simple, Some("s.example"), 8)
    );
    assert_eq!(tls.subject_alt_names, ["a", "spiffe://td/ns/a/sa/b"]);
    assert_eq!(policy.ports[&80].as_ref().unwrap().private_key.as_deref(), Some("/k"));
    assert_eq!(policy.ports[&81], None, "a port without tls is auto mTLS, whatever the rule says");
    let subset = rule.subset("v1").unwrap();
    assert_eq!(subset.labels["version"], "v1");
    assert_eq!(subset.traffic_policy.as_ref().unwrap().tls.as_ref().unwrap().mode, ClientTlsMode::Disable);
    assert_eq!(rule.export_to, ["bar"]);
}

#[test]
fn a_virtual_service_counts_when_it_picks_a_subset_for_everything() {
    let read = |spec: &str| -> Option<SubsetRoute> {
        let text = format!(
            "apiVersion: networking.istio.io/v1beta1\nkind: VirtualService\nmetadata: {{name: v, namespace: foo}}\nspec:\n  hosts: [ratings]\n  {spec}\n"
        );
        let loaded = load(&[Input::text("x.yaml", text)]).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(loaded.ignored.len() + loaded.policies.subset_routes.len(), 1);
        loaded.policies.subset_routes.first().map(|route| SubsetRoute::clone(route))
    };
    let all = read("http: [{match: [{uri: {prefix: /a}}], route: [{destination: {host: a}}]}, {route: [{destination: {host: ratings, subset: v1}}]}]").unwrap();
    assert_eq!((all.destination.as_str(), all.subset.as_str(), all.port), ("ratings", "v1", None));
    let port =
        read("tcp: [{route: [{destination: {host: ratings, subset: v1, port: {number: 80}}}]}]").unwrap();
    assert_eq!((port.port, port.source.line), (Some(80), 6));
    assert!(
        read("gateways: [mesh, g]\n  tls: [{route: [{destination: {host: ratings, subset: v1}}]}]").is_some()
    );
    for ignored in [
        "http: [{route: [{destination: {host: ratings}}]}]",
        "http: [{match: [{port: 80}], route: [{destination: {host: ratings, subset: v1}}]}]",
        "http: [{route: [{destination: {host: ratings, subset: v1}, weight: 50}, {destination: {host: ratings, subset: v2}, weight: 50}]}]",
        "gateways: [g]\n  http: [{route: [{destination: {host: ratings, subset: v1}}]}]",
        "http: [{redirect: {uri: /b}}]",
    ] {
        assert_eq!(read(ignored), None, "{ignored}");
    }
}
