//! [`Stand`]: our proxy in one pod, and another for a peer, with a certificate of the same CA.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use glasstunnel::app::{self, AdminAt, CaAt, Ground, One, Options, Running};
use glasstunnel::ca::{Authority, AuthorityOptions, Bend, Profile};
use glasstunnel::identity::SpiffeId;
use glasstunnel::mesh::{Name, build};
use glasstunnel::net::{Capture, Congestion, Namespace, Network};
use glasstunnel::netns::{PROXY_MARK, Plan, Pod, Pods};
use glasstunnel::policy::Snapshot;
use glasstunnel::proxy::Config;
use glasstunnel::resources::{Input, Objects};
use glasstunnel::telemetry::Record;

use crate::netns::bridge;
use crate::peers::{Folder, Papers};

/// Our workload's addresses, and the peer's.
pub(crate) const OURS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 244, 0, 1));
pub(crate) const OURS_SIX: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd00, 0x10, 0x244, 0, 0, 0, 0, 1));
pub(crate) const THEIRS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 244, 0, 2));
pub(crate) const THEIRS_SIX: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd00, 0x10, 0x244, 0, 0, 0, 0, 2));

/// A policy denies it.
pub(crate) const DENIED: u16 = 8082;

const MESH: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Pod
metadata: {name: ours, labels: {app: ours}}
spec: {serviceAccountName: ours}
status: {podIPs: [{ip: 10.244.0.1}, {ip: 'fd00:10:244::1'}]}
---
apiVersion: v1
kind: Pod
metadata: {name: theirs}
spec: {serviceAccountName: theirs}
status: {podIPs: [{ip: 10.244.0.2}, {ip: 'fd00:10:244::2'}]}
---
apiVersion: v1
kind: Pod
metadata: {name: somebody-else}
spec: {serviceAccountName: somebody-else}
status: {podIP: 10.244.0.3}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: closed}
spec: {action: DENY, selector: {matchLabels: {app: ours}}, rules: [{to: [{operation: {ports: ['8082']}}]}]}
";

/// The two pods. The peer's name in the mesh is `theirs`.
pub(crate) struct Stand {
    pub(crate) ours: Pod,
    pub(crate) theirs: Pod,
    /// The peer's certificate, and one of a stranger whose files begin with `stranger-`.
    pub(crate) papers: Papers,
    running: Running,
    _pods: Pods,
}

impl Stand {
    /// With `more` addresses for the peer's pod. `None` if `test` cannot run here, which has been said then.
    pub(crate) async fn start(test: &str, more: &[IpAddr]) -> Option<Self> {
        let pods = bridge(test)?;
        let plan = |name: &str, addresses: Vec<IpAddr>, captured| Plan {
            name: format!("default/{name}"),
            addresses,
            outbound: captured,
            inbound: captured,
            dns: false,
        };
        let theirs = [&[THEIRS, THEIRS_SIX], more].concat();
        let plans = [plan("ours", vec![OURS, OURS_SIX], true), plan("theirs", theirs, false)];
        let [ours, theirs] = <[Pod; 2]>::try_from(pods.add_all(&plans).unwrap()).unwrap();
        let folder = Folder::new();
        let ca = folder.file("ca");
        let authority = Authority::open_or_create(&ca, &AuthorityOptions::default()).unwrap();
        let id = SpiffeId::new("cluster.local", "default", "theirs").unwrap();
        let papers = Papers::of(&authority.issue_now(&id).unwrap());
        let stranger = Profile { id, bend: Bend::OtherTrustDomain };
        papers.add("stranger-", &authority.issue_bent(&stranger).unwrap());
        let running = proxy(ours.namespace(), &ca).await;
        Some(Self { ours, theirs, papers, running, _pods: pods })
    }

    /// The next finished record that `wanted` accepts.
    pub(crate) async fn record(&self, wanted: impl Fn(&Record) -> bool) -> Arc<Record> {
        let recorder = self.running.recorder();
        let mut news = recorder.subscribe();
        loop {
            if let Some(record) = recorder.recent(usize::MAX).into_iter().find(|record| wanted(record)) {
                return record;
            }
            let _ = news.recv().await;
        }
    }

    /// The next finished record of a connection whose CONNECT is for this.
    pub(crate) async fn record_for(&self, ip: IpAddr, port: u16) -> Arc<Record> {
        let authority = SocketAddr::new(ip, port).to_string();
        self.record(|record| record.halves().any(|half| half.hbone_addr.as_deref() == Some(&authority))).await
    }
}

/// What `glasstunnel proxy --workload default/ours --capture redirect --mark 1337` starts.
async fn proxy(namespace: &Namespace, ca: &Path) -> Running {
    let objects = Objects::read(&[Input::text("mesh.yaml", MESH)]).unwrap();
    let loaded = objects.assemble().unwrap();
    let snapshot = Snapshot::new(Arc::new(build(loaded.spec).unwrap()), loaded.policies);
    let network = Network {
        namespace: Some(namespace.clone()),
        mark: Some(PROXY_MARK),
        capture: Capture::Redirect,
        original_source: false,
        congestion: Congestion::default(),
    };
    let one = One { workload: Name::new("default", "ours"), bind: Ipv6Addr::UNSPECIFIED.into(), network };
    let options = Options {
        tapping: glasstunnel::proxy::Tapping::new(false, None),
        objects,
        snapshot,
        semantics: None,
        mesh_source: "mesh.yaml".to_owned(),
        context: None,
        ground: Ground::One(one),
        ca: CaAt::Dir(ca.to_owned()),
        ca_faults: app::CaFaults::default(),
        crl: None,
        intermediate: false,
        certificate_ttl: app::CERTIFICATE_TTL,
        workers: 1,
        admin: AdminAt::Nowhere,
        proxy: Config::default(),
        access_log: None,
    };
    app::start(options).await.unwrap()
}
