//! A small mesh behind the API, for the tests of this room.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::admin::dialler::{Dialler, Wish, WishError};
use crate::admin::readiness::Readiness;
use crate::admin::state::State;
use crate::admin::view::MeshInfo;
use crate::mesh::{BackendKind, ContainerPort, Controller, MeshSpec, Name, Source, WorkloadSpec, build};
use arc_swap::ArcSwap;

use crate::admin::editor::{Edit, EditError, Edited, Editor, Manner};
use crate::policy::{MtlsMode, PeerAuthentication, Policies, Snapshot, Snapshots};
use crate::resources::Objects;
use crate::telemetry::{Metrics, Recorder, queue};

fn reviews() -> WorkloadSpec {
    WorkloadSpec {
        name: Name::new("default", "reviews"),
        service_account: "reviews".to_owned(),
        labels: BTreeMap::new(),
        addresses: vec!["10.0.0.7".parse().unwrap()],
        host_network: false,
        ports: vec![ContainerPort { number: 9080, name: None }],
        backend: BackendKind::Http,
        controller: Controller { kind: "deployment", name: "reviews".to_owned() },
        node: None,
        source: Source::new("mesh.yaml", 1),
    }
}

fn strict() -> PeerAuthentication {
    PeerAuthentication {
        name: Name::new("default", "default"),
        selector: None,
        mode: Some(MtlsMode::Strict),
        ports: BTreeMap::new(),
        created: None,
        source: Source::new("mesh.yaml", 9),
    }
}

fn info() -> MeshInfo {
    MeshInfo {
        version: "0.1.0".to_owned(),
        context: "default".to_owned(),
        pid: 1,
        mesh_source: "mesh.yaml".to_owned(),
        trust_domain: "cluster.local".to_owned(),
        semantics: "istio".to_owned(),
        ca: "in memory".to_owned(),
        ca_dir: None,
        ca_is_plugged_in: false,
        is_tapped: true,
        node_ip: "127.77.0.1".parse().unwrap(),
        cluster_domain: "cluster.local".to_owned(),
        user_namespace: None,
        socks: Some("127.77.0.1:15080".parse().unwrap()),
        admin: None,
        ready_in_ns: 1,
        workloads: Vec::new(),
    }
}

/// An editor that has nothing and changes nothing.
struct ReadOnly;

impl Editor for ReadOnly {
    fn objects(&self) -> Arc<Objects> {
        Arc::default()
    }

    fn edit(&self, _: Edit, _: Manner) -> Result<Vec<Edited>, EditError> {
        Ok(Vec::new())
    }
}

/// A dialler that reaches nobody.
struct Nowhere;

impl Dialler for Nowhere {
    fn dial(&self, wish: Wish) -> Result<SocketAddr, WishError> {
        Err(WishError::Caller { found: wish.question.caller.to_string() })
    }
}

pub(in crate::admin) fn state() -> (State, Arc<AtomicBool>) {
    let mesh = build(MeshSpec { workloads: vec![reviews()], ..MeshSpec::default() }).unwrap();
    let (_, receiver) = queue();
    let stopped = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&stopped);
    let state = State {
        snapshots: Snapshots::new(Snapshot::new(
            Arc::new(mesh),
            Policies { peer_authentications: vec![Arc::new(strict())], ..Policies::default() },
        )),
        recorder: Recorder::new(receiver, Metrics::new("Kubernetes"), None).handle(),
        info: Arc::new(ArcSwap::from_pointee(info())),
        editor: Arc::new(ReadOnly),
        dialler: Arc::new(Nowhere),
        readiness: Readiness::new(),
        certificates: Arc::new(Vec::new),
        metrics: Arc::new(|| "# EOF\n".to_owned()),
        shutdown: Arc::new(move || stop.store(true, Ordering::Relaxed)),
    };
    (state, stopped)
}
