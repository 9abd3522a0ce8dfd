//! Every kind of bad input, as its reader sees it; and the good ones.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::mesh::{BackendKind, Reach, Semantics, build};
use crate::policy::MtlsMode;
use crate::resources::DEMO;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// What `up -f` would print for `text`.
fn complaint(name: &str, text: &str) -> String {
    let inputs = [Input::text(name, text)];
    match load(&inputs) {
        Err(errors) => errors.to_string(),
        Ok(loaded) => match build(loaded.spec) {
            Err(error) => Objects::read(&inputs).unwrap().located(&error).to_string(),
            Ok(_) => "no error".to_owned(),
        },
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "UPDATE_EXPECT rewrites golden files, in this test only")]
fn bad_input_is_shown_where_it_stands() {
    let mut files: Vec<PathBuf> =
        fs::read_dir(golden("errors")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    files.sort();
    assert!(files.len() > 15, "the inputs are gone");
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let actual = complaint(name, &fs::read_to_string(&path).unwrap()) + "\n";
        let expect = path.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&expect, &actual).unwrap();
        }
        let expected = fs::read_to_string(&expect).unwrap_or_default();
        assert_eq!(actual, expected, "{name}: UPDATE_EXPECT=1 rewrites it");
        assert_ne!(actual, "no error\n", "{name} got through");
    }
}

#[test]
fn files_that_cannot_be_read_are_named_with_the_nearest() {
    let missing = |path: PathBuf| load(&[Input::Path(path)]).unwrap_err().to_string();
    let text = missing(golden("errors/unknown_moda.yaml"));
    assert!(text.contains("did you mean") && text.contains("errors/unknown_mode.yaml"), "{text}");
    let empty = std::env::temp_dir().join(format!("glasstunnel-empty-{}", std::process::id()));
    fs::create_dir_all(&empty).unwrap();
    let text = missing(empty.clone());
    assert!(text.contains("expected .yaml, .yml or .json files"), "{text}");
    let binary = empty.join("binary.yaml");
    fs::write(&binary, [0xff, 0xfe, b'a']).unwrap();
    let text = missing(binary);
    assert!(text.contains("expected UTF-8"), "{text}");
    fs::remove_dir_all(&empty).unwrap();
}

#[test]
fn the_demo_mesh_loads_and_says_what_it_should() {
    let loaded = load(&[Input::text("demo mesh", DEMO)]).unwrap();
    assert!(loaded.ignored.is_empty());
    let mesh = build(loaded.spec).unwrap();
    let reach = |name: &str| mesh.find_workload(name).unwrap().reach;
    assert_eq!((reach("curl-client.default"), reach("curl-client.outside")), (Reach::Hbone, Reach::Plain));
    assert_eq!(mesh.find_workload("secure").unwrap().backend, BackendKind::Tls);
    let webhook = &loaded.policies.peer_authentications[0];
    assert_eq!(
        (webhook.mode, webhook.ports.get(&3000)),
        (Some(MtlsMode::Strict), Some(&Some(MtlsMode::Permissive)))
    );
}

#[test]
fn every_example_loads_without_a_word() {
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            let loaded = load(&[Input::Path(path.clone())]).unwrap_or_else(|errors| panic!("{errors}"));
            assert!(loaded.ignored.is_empty(), "{path:?}");
            build(loaded.spec).unwrap();
        }
    }
}

#[test]
fn what_a_cluster_prints_loads_unchanged() {
    let list = r#"{"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": [
      {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"istio.io/dataplane-mode": "ambient"}, "uid": "x"}},
      {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-5d4f8c-abcde", "namespace": "shop",
        "labels": {"app": "web"}, "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}],
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d4f8c", "controller": true}]},
       "spec": {"serviceAccountName": "web", "nodeName": "node-1", "hostNetwork": false, "containers":
        [{"name": "web", "image": "x", "ports": [{"containerPort": 8080, "protocol": "TCP"}, {"containerPort": 53, "protocol": "UDP"}]}]},
       "status": {"phase": "Running", "podIP": "10.1.2.3", "podIPs": [{"ip": "10.1.2.3"}, {"ip": "fd00::3"}]}},
      {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "done", "namespace": "shop"}, "status": {"phase": "Succeeded", "podIP": "10.1.2.3"}},
      {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
       "spec": {"clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7"], "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]}},
      {"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": {"name": "default", "namespace": "shop",
        "creationTimestamp": "2026-01-02T03:04:05Z", "generation": 1}, "spec": {"mtls": {"mode": "STRICT"}}, "status": {}},
      {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "x"}}]}"#;
    let loaded = load(&[Input::text("list.json", list)]).unwrap();
    assert_eq!(loaded.ignored.len(), 1);
    assert!(loaded.policies.peer_authentications[0].created.is_some());
    let mesh = build(loaded.spec).unwrap();
    let web = mesh.find_workload("web.shop").unwrap();
    assert_eq!((web.controller_kind, web.controller.as_str(), web.ports.len()), ("deployment", "web", 1));
    assert_eq!(web.addresses.len(), 2);
    assert_eq!(mesh.resolve_ip("web.shop", "default"), "10.96.0.7".parse().ok());
}

#[test]
fn a_deployment_of_n_replicas_is_n_workloads_and_lines_are_right() {
    let text = "---\n# a comment\nkind: MeshConfig\napiVersion: mesh.istio.io/v1alpha1\ntrustDomain: td\nglasstunnel.dev/semantics: ztunnel\n---\n\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
    let loaded = load(&[Input::text("x.yaml", text)]).unwrap();
    let names: Vec<String> = loaded.spec.workloads.iter().map(|workload| workload.name.to_string()).collect();
    assert_eq!(names, ["default/web-1", "default/web-2", "default/web-3"]);
    assert_eq!(loaded.spec.workloads[0].source.to_string(), "x.yaml:9");
    assert_eq!(loaded.spec.services[0].source.to_string(), "x.yaml:14");
    assert_eq!(loaded.spec.settings.semantics, Semantics::Ztunnel);
    assert_eq!(loaded.spec.settings.trust_domain, "td");
}

#[test]
fn every_block_of_the_seeds_loads() {
    let check = |name: &str, policies: usize, ignored: &[(&str, usize)]| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/seeds").join(name);
        let loaded = load(&[Input::Path(path)]).unwrap_or_else(|errors| panic!("{errors}"));
        let kinds: Vec<_> = loaded.ignored.iter().map(|kind| (kind.kind.as_str(), kind.count)).collect();
        assert_eq!((loaded.policies.peer_authentications.len(), &*kinds), (policies, ignored), "{name}");
        build(loaded.spec).unwrap()
    };
    check("000.yaml", 2, &[]);
    let mesh = check("001.yaml", 3, &[("Gateway", 1), ("VirtualService", 2)]);
    assert_eq!(mesh.find_workload("customers").unwrap().name.to_string(), "default/customers-v1");
    check("004.yaml", 6, &[]);
}

#[test]
fn words_that_others_use_too_are_passed_over_and_theirs_are_kept() {
    let check = |api_version: &str, kind: &str, expect: &str| {
        let text = format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\n");
        let loaded = load(&[Input::text("x.yaml", text)]).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(loaded.ignored[0].kind, expect);
        assert!(loaded.spec.services.is_empty());
    };
    check("serving.knative.dev/v1", "Service", "Service.serving.knative.dev");
    check("networking.istio.io/v1", "WorkloadGroup", "WorkloadGroup");
    check("networking.istio.io/v1beta1", "ProxyConfig", "ProxyConfig");
    check("v1", "Node", "Node");
    check("apps/v1", "StatefulSet", "StatefulSet");
}

#[test]
fn a_bomb_is_refused_on_the_smallest_stack() {
    for open in ["{\"a\":", "[", "{? "] {
        let text = open.repeat(5_000);
        let refused = std::thread::Builder::new()
            .stack_size(256 << 10)
            .spawn(move || load(&[Input::text("x.yaml", text)]).unwrap_err().to_string());
        let refused = refused.unwrap().join().unwrap();
        assert!(refused.contains("nested too deep"), "{refused}");
    }
}

/// With each service compared with each pod, this would take minutes.
#[test]
fn five_thousand_services_find_their_pods() {
    let mut text = String::new();
    for number in 0..5_000 {
        text += &format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{number}}}\nspec: {{selector: {{app: a{number}}}, ports: [{{port: 80, targetPort: http}}]}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{number}, labels: {{app: a{number}}}}}\nspec: {{containers: [{{ports: [{{containerPort: 80, name: http}}]}}]}}\n"
        );
    }
    let loaded = load(&[Input::text("x.yaml", text)]).unwrap();
    assert_eq!((loaded.spec.workloads.len(), loaded.spec.services.len()), (5_000, 5_000));
}

proptest! {
    /// Whatever a slip of the hand makes of a good file: it loads, or every error points into it.
    #[test]
    fn a_damaged_file_never_panics(start in 0..DEMO.len(), length in 0..40_usize, put in "[ -~\t\n\u{0}é]{0,6}") {
        let text: String = DEMO.chars().take(start).chain(put.chars()).chain(DEMO.chars().skip(start + length)).collect();
        if let Err(errors) = load(&[Input::text("x.yaml", text.clone())]) {
            for error in errors.iter() {
                let line = error.source().unwrap().line as usize;
                prop_assert!((1..=text.lines().count() + 1).contains(&line), "{error}");
            }
        }
    }
}
