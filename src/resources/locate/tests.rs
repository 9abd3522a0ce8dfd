//! Places in block style, flow style, quotes, lists of objects and JSON.

use super::*;
use crate::resources::{Input, Objects};

const BLOCK: &str = "apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: a, namespace: \"b\"}
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: 'web'
  portLevelMtls:
    \"80\": {mode: STRICT}
    90:
      mode: PERMISSIVE # for now
";

#[track_caller]
fn check(text: &str, path: &Path, expect: (u32, &str)) {
    let objects = Objects::read(&[Input::text("a.yaml", text)]).unwrap();
    let mark = Places::default().mark(objects.iter().next().unwrap(), path);
    let marked: String = mark.text.chars().skip(mark.column - 1).take(mark.length.max(1)).collect();
    assert_eq!((mark.source.line, marked.as_str()), expect, "{path:?}");
}

#[test]
fn words_are_found() {
    let labels = Path::new("spec.selector.matchLabels");
    check(BLOCK, &Path::new("metadata.name"), (3, "a"));
    check(BLOCK, &Path::new("metadata.namespace"), (3, "\"b\""));
    check(BLOCK, &labels.clone().key("app.kubernetes.io/name"), (7, "'web'"));
    check(BLOCK, &labels.clone().key("app.kubernetes.io/name").itself(), (7, "app.kubernetes.io/name"));
    check(BLOCK, &labels, (6, "matchLabels"));
    check(BLOCK, &Path::new("spec.portLevelMtls").key(80).itself(), (9, "\"80\""));
    check(BLOCK, &Path::new("spec.portLevelMtls.80.mode"), (9, "STRICT"));
    check(BLOCK, &Path::new("spec.portLevelMtls.90.mode"), (11, "PERMISSIVE"));
    check(BLOCK, &Path::new("spec.portLevelMtls").key(90), (10, "90"));
}

#[test]
fn what_is_not_there_is_shown_by_what_is() {
    check(BLOCK, &Path::new("spec.mtls.mode"), (4, "spec"));
    check(BLOCK, &Path::new("spec.portLevelMtls.91"), (8, "portLevelMtls"));
}

#[test]
fn objects_in_a_list_and_in_json_have_places() {
    let list =
        "kind: List\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata:\n    name: x\n";
    check(list, &Path::new("metadata.name"), (7, "x"));
    let json = "{\"apiVersion\": \"v1\",\n \"kind\": \"Namespace\", \"metadata\": {\"name\": \"x\", \"labels\": {\"é\": \"1\"}}}";
    check(&json.replace('é', "e"), &Path::new("metadata.labels.e"), (2, "\"1\""));
}

#[test]
fn items_are_found_by_number_and_by_text() {
    let text = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  clusterIPs: [10.0.0.1, \"10.0.0.2\"]\n  ports:\n  - port: 80\n";
    let ips = Path::new("spec.clusterIPs");
    check(text, &ips.clone().item(0), (5, "10.0.0.1"));
    check(text, &ips.clone().text("10.0.0.2"), (5, "\"10.0.0.2\""));
    check(text, &ips.text("10.0.0.3"), (5, "clusterIPs"));
    check(text, &Path::new("spec.ports").item(0).key("port"), (7, "80"));
}
