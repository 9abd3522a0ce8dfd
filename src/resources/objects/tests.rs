//! What a cluster prints (tests/data/cluster), as `kubectl get … -A -o yaml` and `-o json` have it.

use std::path::Path;

use super::*;
use crate::mesh::{Reach, build};
use crate::policy::MtlsMode;
use crate::resources::load::load;

fn cluster(names: &[&str]) -> Loaded {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cluster");
    let inputs: Vec<Input> = names.iter().map(|name| Input::Path(folder.join(name))).collect();
    load(&inputs).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn a_cluster_loads_unchanged_and_says_the_right_thing() {
    let loaded = cluster(&["objects.yaml", "policies.yaml"]);
    let ignored: Vec<&str> = loaded.ignored.iter().map(|ignored| &*ignored.kind).collect();
    assert_eq!(ignored, ["DaemonSet", "Gateway"]);
    let names = loaded.spec.workloads.iter().map(|workload| workload.name.to_string());
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            "shop/web-5d4f8c7b9-abcde",
            "shop/web-5d4f8c7b9-fghij",
            "shop/pending-0",
            "kube-system/kube-proxy-aaaaa",
            "kube-system/kindnet-bbbbb"
        ]
    );
    let [mesh_wide, web] = &*loaded.policies.peer_authentications else { panic!("two PeerAuthentications") };
    assert_eq!(
        (mesh_wide.mode, web.ports.get(&9090)),
        (Some(MtlsMode::Strict), Some(&Some(MtlsMode::Permissive)))
    );
    let [viewer, no_posts, at_waypoint] = &*loaded.policies.authorization_policies else {
        panic!("three policies")
    };
    assert_eq!(viewer.rules[0].to[0].matches.ports.any, [8080]);
    assert_eq!(
        (no_posts.layer7(), &*at_waypoint.target_refs),
        (vec!["methods"], &["Service/web".to_owned()][..])
    );
    assert_eq!(loaded.request_authentications[0].issuers, ["https://example.com"]);
    let mesh = build(loaded.spec).unwrap();
    let pod = mesh.find_workload("web-5d4f8c7b9-abcde.shop").unwrap();
    assert_eq!((pod.reach, pod.controller.as_str(), pod.addresses.len()), (Reach::Hbone, "web", 2));
    assert_eq!(mesh.resolve_ip("web.shop", "shop"), "10.96.31.20".parse().ok());
    assert_eq!(mesh.find_workload("kindnet-bbbbb.kube-system").unwrap().reach, Reach::Plain);
}

#[test]
fn json_says_the_same_as_yaml() {
    let (yaml, json) = (cluster(&["objects.yaml", "policies.yaml"]), cluster(&["everything.json"]));
    let lines = |loaded: &Loaded| -> Vec<_> {
        let names = loaded.spec.workloads.iter().map(|workload| workload.name.clone());
        let services = loaded.spec.services.iter().map(|service| service.name.clone());
        names
            .chain(services)
            .chain(loaded.policies.authorization_policies.iter().map(|policy| policy.name.clone()))
            .collect()
    };
    assert_eq!(lines(&yaml), lines(&json));
    for (left, right) in
        yaml.policies.authorization_policies.iter().zip(&json.policies.authorization_policies)
    {
        assert_eq!(left.rules, right.rules);
    }
}

/// All kinds that `kubectl get all,…` may print beside ours are passed over: none is taken for a slip of the hand.
#[test]
fn other_kinds_of_our_groups_are_no_slips() {
    let check = |api_version: &str, kinds: &str| {
        for kind in kinds.split(' ') {
            let text = format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\n");
            let loaded = load(&[Input::text("x.yaml", text)]).unwrap_or_else(|errors| panic!("{errors}"));
            assert_eq!(loaded.ignored[0].kind, kind);
        }
    };
    check("v1", "Binding ComponentStatus ConfigMap Endpoints Event LimitRange Node PersistentVolume");
    check("v1", "PersistentVolumeClaim PodTemplate ReplicationController ResourceQuota Secret");
    check("apps/v1", "ControllerRevision DaemonSet ReplicaSet StatefulSet");
    check("networking.istio.io/v1", "EnvoyFilter Gateway ProxyConfig Sidecar VirtualService WorkloadGroup");
}
