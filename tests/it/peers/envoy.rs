//! [`Envoy`]: one running Envoy, and the two pods between which it and our proxy speak.

use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use glasstunnel::app::{self, AdminAt, CaAt, Ground, One, Options, Running};
use glasstunnel::ca::{Authority, AuthorityOptions, Bend, Profile};
use glasstunnel::identity::SpiffeId;
use glasstunnel::mesh::{Name, build};
use glasstunnel::net::{Capture, Namespace, Network};
use glasstunnel::netns::{PROXY_MARK, Plan, Pod, Pods};
use glasstunnel::policy::Snapshot;
use glasstunnel::proxy::Config;
use glasstunnel::resources::{Input, Objects};
use glasstunnel::telemetry::Record;

use crate::netns::bridge;
use crate::peers::{KEPT, Papers, peer};

/// Our workload's address, Envoy's, and a second one of Envoy's at which the mesh expects somebody else.
pub(crate) const OURS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 244, 0, 1));
pub(crate) const ENVOYS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 244, 0, 2));
pub(crate) const SOMEBODY_ELSES: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 244, 0, 3));

/// Nobody listens there.
pub(crate) const REFUSED: u16 = 8081;
/// A policy denies it: ours, or Envoy's RBAC.
pub(crate) const DENIED: u16 = 8082;
/// Ports of Envoy's listeners: what goes in comes to our door as a CONNECT to [`OURS`] and the port less this.
pub(crate) const THROUGH: u16 = 1000;
/// The one that expects somebody else behind our door.
pub(crate) const MISTAKEN: u16 = 9901;
/// The one that shows a certificate of another trust domain.
pub(crate) const STRANGER: u16 = 9902;
/// The ports of the backends that a test may start, on either side.
pub(crate) const BACKENDS: [u16; 4] = [8080, 8083, 8084, 8085];

const MESH: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Pod
metadata: {name: ours, labels: {app: ours}}
spec: {serviceAccountName: ours}
status: {podIP: 10.244.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: envoy}
spec: {serviceAccountName: envoy}
status: {podIP: 10.244.0.2}
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

/// Our proxy in one pod, Envoy in another.
pub(crate) struct Pair {
    pub(crate) ours: Pod,
    pub(crate) envoys: Pod,
    pub(crate) running: Running,
    pub(crate) envoy: Envoy,
    _pods: Pods,
    _papers: Papers,
}

impl Pair {
    /// `None` if `test` cannot run here, which has been said then.
    pub(crate) async fn start(test: &str) -> Option<Self> {
        let program = peer(KEPT, "envoy", test)?;
        let pods = bridge(test)?;
        let plan = |name: &str, addresses: &[IpAddr], captured| Plan {
            name: format!("default/{name}"),
            addresses: addresses.to_vec(),
            outbound: captured,
            inbound: captured,
            dns: false,
        };
        let plans = [plan("ours", &[OURS], true), plan("envoy", &[ENVOYS, SOMEBODY_ELSES], false)];
        let [ours, envoys] = <[Pod; 2]>::try_from(pods.add_all(&plans).unwrap()).unwrap();
        let folder = std::env::temp_dir().join(format!("glasstunnel-envoy-{:016x}", rand::random::<u64>()));
        let authority = Authority::open_or_create(&folder, &AuthorityOptions::default()).unwrap();
        let id = SpiffeId::new("cluster.local", "default", "envoy").unwrap();
        let papers = Papers::of(&authority.issue_now(&id).unwrap());
        let stranger = Profile { id, bend: Bend::OtherTrustDomain };
        papers.add("stranger-", &authority.issue_bent(&stranger).unwrap());
        let running = proxy(ours.namespace(), &folder).await;
        fs::remove_dir_all(&folder).unwrap();
        let envoy = Envoy::start(&program, envoys.namespace(), &papers);
        Some(Self { ours, envoys, running, envoy, _pods: pods, _papers: papers })
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
    };
    let one = One { workload: Name::new("default", "ours"), bind: [0, 0, 0, 0].into(), network };
    let options = Options {
        objects,
        snapshot,
        semantics: None,
        mesh_source: "mesh.yaml".to_owned(),
        context: None,
        ground: Ground::One(one),
        ca: CaAt::Dir(ca.to_owned()),
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

/// A running Envoy, which ends with this.
pub(crate) struct Envoy {
    child: Child,
    log: std::path::PathBuf,
}

impl Envoy {
    fn start(program: &Path, namespace: &Namespace, papers: &Papers) -> Self {
        let (config, log) = (papers.file("envoy.yaml"), papers.file("envoy.log"));
        fs::write(&config, configuration(papers.path())).unwrap();
        let mut command = Command::new(program);
        command
            .args([
                "--disable-hot-restart",
                "--file-flush-interval-msec",
                "20",
                "--concurrency",
                "1",
                "-l",
                "info",
            ])
            .args(["--component-log-level", "connection:debug"])
            .args([Path::new("-c"), &config, Path::new("--log-path"), &log])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // A child is where the thread that starts it is.
        let child = namespace.run(|| command.spawn()).unwrap();
        let mut envoy = Self { child, log };
        envoy.wait(namespace);
        envoy
    }

    /// Until it listens: it is asked again and again, because it tells nobody when.
    fn wait(&mut self, namespace: &Namespace) {
        let until = Instant::now() + Duration::from_secs(60);
        let door = SocketAddr::new(ENVOYS, STRANGER);
        while namespace.run(|| TcpStream::connect(door)).is_err() {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < until,
                "Envoy did not start: {ended:?}\n{}",
                self.log()
            );
        }
    }

    /// Waits for a line with both of these words in it.
    pub(crate) async fn says(&self, first: &str, second: &str) {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        let until = Instant::now() + Duration::from_secs(20);
        while !self.log().lines().any(|line| line.contains(first) && line.contains(second)) {
            assert!(Instant::now() < until, "Envoy does not say {first:?} and {second:?}");
            ticks.tick().await;
        }
    }

    /// What it has said so far.
    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Envoy {
    #[expect(clippy::print_stdout, reason = "a failed test shows what its peer said")]
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            println!("Envoy said:\n{}", self.log());
        }
    }
}

fn configuration(papers: &str) -> String {
    let mut hosts = String::new();
    let mut listeners = String::new();
    let mut clusters = String::new();
    for port in BACKENDS.into_iter().chain([REFUSED, DENIED]) {
        writeln!(
            hosts,
            "            - {{name: '{port}', domains: ['{ENVOYS}:{port}', '{SOMEBODY_ELSES}:{port}'], routes: [{{match: {{connect_matcher: {{}}}}, \
             route: {{cluster: 'app-{port}', timeout: 0s, upgrade_configs: [{{upgrade_type: CONNECT, connect_config: {{}}}}]}}}}]}}"
        )
        .unwrap();
        clusters += &cluster(&format!("app-{port}"), ENVOYS, port, "");
        listeners += &listener(port + THROUGH, port, "ours");
    }
    listeners += &listener(MISTAKEN, BACKENDS[0], "mistaken");
    listeners += &listener(STRANGER, BACKENDS[0], "stranger");
    for (name, prefix, expected) in
        [("ours", "", "ours"), ("mistaken", "", "somebody-else"), ("stranger", "stranger-", "ours")]
    {
        clusters += &cluster(name, OURS, 15008, &upstream(papers, prefix, expected));
    }
    include_str!("envoy.yaml")
        .replace("@HOSTS@\n", &hosts)
        .replace("@LISTENERS@\n", &listeners)
        .replace("@CLUSTERS@\n", &clusters)
        .replace("@PAPERS@", papers)
        .replace("@DENIED@", &DENIED.to_string())
}

/// Plain TCP in, a CONNECT for our `port` out, as `tunneling_config` makes it.
fn listener(from: u16, port: u16, cluster: &str) -> String {
    format!(
        "  - name: 'to-{from}'
    address: {{socket_address: {{address: 0.0.0.0, port_value: {from}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.tcp_proxy
        typed_config:
          '@type': type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
          stat_prefix: originate
          cluster: '{cluster}'
          tunneling_config: {{hostname: '{OURS}:{port}'}}
"
    )
}

fn cluster(name: &str, ip: IpAddr, port: u16, more: &str) -> String {
    format!(
        "  - name: '{name}'
    type: STATIC
    connect_timeout: 5s
    load_assignment:
      cluster_name: '{name}'
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: {ip}, port_value: {port}}}}}}}}}]}}]
{more}"
    )
}

/// HTTP/2 inside TLS 1.3, with the certificate whose files begin with `prefix`, to nobody but `expected`.
fn upstream(papers: &str, prefix: &str, expected: &str) -> String {
    format!(
        "    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        '@type': type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {{http2_protocol_options: {{allow_connect: true}}}}
    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        '@type': type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        common_tls_context:
          alpn_protocols: [h2]
          tls_params: {{tls_minimum_protocol_version: TLSv1_3, tls_maximum_protocol_version: TLSv1_3}}
          tls_certificates:
          - {{certificate_chain: {{filename: '{papers}/{prefix}cert.pem'}}, private_key: {{filename: '{papers}/{prefix}key.pem'}}}}
          validation_context:
            trusted_ca: {{filename: '{papers}/root.pem'}}
            match_typed_subject_alt_names:
            - {{san_type: URI, matcher: {{exact: 'spiffe://cluster.local/ns/default/sa/{expected}'}}}}
"
    )
}
