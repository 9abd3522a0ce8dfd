//! [`Pair`]: one running Envoy beside our proxy.

use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use glasstunnel::net::Namespace;

use crate::peers::stand::{DENIED, OURS, OURS_SIX, Stand, THEIRS, THEIRS_SIX};
use crate::peers::{KEPT, Papers, peer};

/// A second address of Envoy's, at which the mesh expects somebody else.
pub(crate) const SOMEBODY_ELSES: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 244, 0, 3));

/// Nobody listens there.
pub(crate) const REFUSED: u16 = 8081;
/// Ports of Envoy's listeners: what goes in comes to our door as a CONNECT to [`OURS`] and the port less this.
pub(crate) const THROUGH: u16 = 1000;
/// The one that expects somebody else behind our door.
pub(crate) const MISTAKEN: u16 = 9901;
/// The one that shows a certificate of another trust domain.
pub(crate) const STRANGER: u16 = 9902;
/// The one that goes to our door, and to the first backend, by IPv6.
pub(crate) const SIX: u16 = 9903;
/// The ports of the backends that a test may start, on either side.
pub(crate) const BACKENDS: [u16; 4] = [8080, 8083, 8084, 8085];

/// Our proxy in one pod, Envoy in another.
pub(crate) struct Pair {
    // Ends first: what it has said is in the stand's folder.
    pub(crate) envoy: Envoy,
    pub(crate) stand: Stand,
}

impl Pair {
    /// `None` if `test` cannot run here, which has been said then.
    pub(crate) async fn start(test: &str) -> Option<Self> {
        let program = peer(KEPT, "envoy", test)?;
        let stand = Stand::start(test, &[SOMEBODY_ELSES]).await?;
        let envoy = Envoy::start(&program, stand.theirs.namespace(), &stand.papers);
        Some(Self { envoy, stand })
    }
}

/// A running Envoy, which ends with this.
pub(crate) struct Envoy {
    child: Child,
    log: PathBuf,
}

impl Envoy {
    fn start(program: &Path, namespace: &Namespace, papers: &Papers) -> Self {
        let (config, log) = (papers.file("envoy.yaml"), papers.file("envoy.log"));
        fs::write(&config, configuration(papers.path())).unwrap();
        // Killed with the thread that starts it, which is the test's, even if that has no time to. The command comes before
        // `setpriv`, and not the other way around, because whom the signal is for is forgotten with new privileges.
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net={}", namespace.path()))
            .args(["setpriv", "--pdeathsig", "KILL"])
            .arg(program)
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
        let child = command.spawn().unwrap();
        let mut envoy = Self { child, log };
        envoy.wait(namespace);
        envoy
    }

    /// Until it listens: it is asked again and again, because it tells nobody when.
    fn wait(&mut self, namespace: &Namespace) {
        let until = Instant::now() + Duration::from_secs(60);
        let door = SocketAddr::new(THEIRS, STRANGER);
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
            "            - {{name: '{port}', domains: ['{THEIRS}:{port}', '[{THEIRS_SIX}]:{port}', '{SOMEBODY_ELSES}:{port}'], routes: [{{match: {{connect_matcher: {{}}}}, \
             route: {{cluster: 'app-{port}', timeout: 0s, upgrade_configs: [{{upgrade_type: CONNECT, connect_config: {{}}}}]}}}}]}}"
        )
        .unwrap();
        clusters += &cluster(&format!("app-{port}"), THEIRS, port, "");
        listeners += &listener(port + THROUGH, SocketAddr::new(OURS, port), "ours");
    }
    for (name, door, prefix, expected) in [
        ("ours", OURS, "", "ours"),
        ("six", OURS_SIX, "", "ours"),
        ("mistaken", OURS, "", "somebody-else"),
        ("stranger", OURS, "stranger-", "ours"),
    ] {
        clusters += &cluster(name, door, 15008, &upstream(papers, prefix, expected));
    }
    for (port, door, name) in
        [(SIX, OURS_SIX, "six"), (MISTAKEN, OURS, "mistaken"), (STRANGER, OURS, "stranger")]
    {
        listeners += &listener(port, SocketAddr::new(door, BACKENDS[0]), name);
    }
    include_str!("envoy.yaml")
        .replace("@HOSTS@\n", &hosts)
        .replace("@LISTENERS@\n", &listeners)
        .replace("@CLUSTERS@\n", &clusters)
        .replace("@PAPERS@", papers)
        .replace("@DENIED@", &DENIED.to_string())
}

/// Plain TCP in, a CONNECT for `to` out, as `tunneling_config` makes it.
fn listener(from: u16, to: SocketAddr, cluster: &str) -> String {
    format!(
        "  - name: 'to-{from}'
    address: {{socket_address: {{address: '::', ipv4_compat: true, port_value: {from}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.tcp_proxy
        typed_config:
          '@type': type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
          stat_prefix: originate
          cluster: '{cluster}'
          tunneling_config: {{hostname: '{to}'}}
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
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: '{ip}', port_value: {port}}}}}}}}}]}}]
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
