//! What `up` prints first.

use glasstunnel::cli::{banner, suggestions};

use crate::{fixture, golden};

#[test]
fn the_first_minute() {
    let demo = fixture::demo();
    golden::check("up", &banner(&demo.info, &demo.workloads, &demo.services, &demo.policies, "glasstunnel"));
}

#[test]
fn another_mesh_of_the_same_user() {
    let mut demo = fixture::demo();
    demo.info.context = "staging".to_owned();
    demo.info.mesh_source = "mesh.yaml".to_owned();
    demo.info.semantics = "ztunnel".to_owned();
    demo.info.ca = "kept in certs/, ECDSA P-256, leaves valid for 24h".to_owned();
    demo.info.ca_dir = Some("certs/".to_owned());
    demo.info.admin = None;
    golden::check(
        "up-own-mesh",
        &banner(&demo.info, &demo.workloads, &demo.services, &demo.policies[..1], "glasstunnel"),
    );
}

#[test]
fn what_a_mesh_cannot_show_is_not_suggested() {
    let demo = fixture::demo();
    let count = |keep: &dyn Fn(&str, &str) -> bool| {
        let workloads: Vec<_> = demo
            .workloads
            .iter()
            .filter(|workload| keep(&workload.namespace, &workload.name))
            .cloned()
            .collect();
        suggestions(&workloads, &demo.services, None).len()
    };
    assert_eq!(count(&|_, _| true), 3);
    assert_eq!(count(&|namespace, _| namespace == "default"), 1);
    assert_eq!(count(&|_, name| name != "webhook"), 2);
    assert_eq!(count(&|namespace, _| namespace == "outside"), 0);
}
