//! openssl and Envoy, probed.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use glasstunnel::ca::{Authority, AuthorityOptions};
use glasstunnel::identity::Svid;
use glasstunnel::policy::MtlsMode;
use glasstunnel::probe::{Cell, Confidence, End, Kind, Options, Trial, run};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use crate::peers::{KEPT, Papers, peer};
use crate::probe::servers::Serving;
use crate::probe::{options, trials, with};
use crate::program::curl;

/// Long enough for a busy machine; nothing waits for it unless it is broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// Two workloads of one CA: the first serves.
fn pair() -> (Svid, Svid) {
    let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
    let issued = |account: &str| {
        authority
            .issue_now(&format!("spiffe://cluster.local/ns/default/sa/{account}").parse().unwrap())
            .unwrap()
    };
    (issued("server"), issued("client"))
}

/// A running `openssl s_server`, which ends with this.
struct OpenSsl {
    at: SocketAddr,
    _child: Child,
}

impl OpenSsl {
    async fn start(papers: &Papers, more: &[&str]) -> Self {
        let (certificate, key, root) =
            (papers.file("cert.pem"), papers.file("key.pem"), papers.file("root.pem"));
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-www"])
            .args([Path::new("-cert"), &certificate, Path::new("-key"), &key, Path::new("-CAfile"), &root])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("openssl is missing ({error}): run tests/run"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        loop {
            let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
            let line = line.unwrap_or_else(|| panic!("openssl ended"));
            if let Some(at) = line.strip_prefix("ACCEPT ") {
                return Self { at: at.parse().unwrap(), _child: child };
            }
        }
    }
}

#[tokio::test]
async fn openssl_is_told_apart_by_what_it_asks_for() {
    let (server, client) = pair();
    let papers = Papers::of(&server);
    let open = OpenSsl::start(&papers, &[]).await;
    let probed = run(open.at, &options()).await;
    assert_eq!((probed.finding.kind, probed.untried), (Kind::AppTls, None), "{probed:#?}");
    let old = OpenSsl::start(&papers, &["-tls1_2"]).await;
    let probed = run(old.at, &options()).await;
    assert_eq!(
        (probed.finding.kind, probed.finding.confidence),
        (Kind::AppTls, Confidence::Likely),
        "{probed:#?}"
    );
    // It shows a SPIFFE identity and demands a certificate: a mesh's, but which of its doors it does not tell.
    let closed = OpenSsl::start(&papers, &["-Verify", "2", "-verify_return_error"]).await;
    let probed = run(closed.at, &options()).await;
    assert_eq!((probed.finding.kind, probed.untried), (Kind::MeshTls, Some(Trial::Hbone)), "{probed:#?}");
    assert_eq!(probed.attempts[1].alert().map(|alert| alert.number), Some(116), "{probed:#?}");
    // To a CONNECT it says nothing, being no HTTP/2 server; that it does not refuse the certificate shows at once.
    let short = |svid| Options { timeout: Duration::from_secs(2), ..with(svid) };
    let probed = run(closed.at, &short(&client)).await;
    assert_eq!(trials(&probed).last(), Some(&Trial::Hbone), "{probed:#?}");
    assert_eq!(probed.finding.because.last().unwrap(), "our certificate is accepted");
    let (_, stranger) = pair();
    let probed = run(closed.at, &short(&stranger)).await;
    let said = probed.finding.because.last().unwrap();
    assert!(said.starts_with("our certificate is refused with the alert"), "{probed:#?}");
}

/// Envoy with listeners as Istio configures them: a sidecar's in two modes, and a waypoint's.
struct Envoy {
    listeners: String,
    _child: Child,
    _log: Lines<BufReader<ChildStderr>>,
}

impl Envoy {
    async fn start(program: &Path, papers: &Papers, backend: SocketAddr) -> Self {
        let yaml = include_str!("envoy.yaml")
            .replace("@PAPERS@", papers.path())
            .replace("@BACKEND@", &backend.port().to_string());
        let (config, admin) = (papers.file("envoy.yaml"), papers.file("admin"));
        fs::write(&config, yaml).unwrap();
        let mut child = Command::new(program)
            .args(["--disable-hot-restart", "--concurrency", "1", "-l", "info"])
            .args([Path::new("-c"), &config, Path::new("--admin-address-path"), &admin])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        while !said.contains("starting workers") {
            let line = timeout(PATIENCE, log.next_line()).await.unwrap().unwrap();
            said += &line.unwrap_or_else(|| panic!("Envoy ended: {said}"));
        }
        let admin = fs::read_to_string(admin).unwrap();
        let listeners = curl(&[&format!("http://{admin}/listeners")]).await.out;
        Self { listeners, _child: child, _log: log }
    }

    /// Where the listener of that name got its port.
    fn listener(&self, name: &str) -> SocketAddr {
        let mut found = self.listeners.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix("::"));
        found.next().unwrap_or_else(|| panic!("no {name} in {}", self.listeners)).parse().unwrap()
    }
}

/// What was learned from our own doors holds for the proxies that they imitate.
#[tokio::test]
async fn sidecars_and_waypoints_of_envoy() {
    let test = "sidecars_and_waypoints_of_envoy";
    let Some(program) = peer(KEPT, "envoy", test) else { return };
    let (server, client) = pair();
    let papers = Papers::of(&server);
    let backend = Serving::echo().await;
    let envoy = Envoy::start(&program, &papers, backend.at).await;
    for (listener, mode) in [("strict", MtlsMode::Strict), ("permissive", MtlsMode::Permissive)] {
        let probed = run(envoy.listener(listener), &with(&client)).await;
        let finding = &probed.finding;
        assert_eq!((finding.kind, finding.confidence), (Kind::Sniffing, Confidence::Certain), "{probed:#?}");
        assert_eq!(finding.behaves, [Cell::istio(mode)], "{probed:#?}");
        assert_eq!(finding.because.last().unwrap(), "our certificate is accepted", "{probed:#?}");
    }
    let waypoint = envoy.listener("waypoint");
    let bare = run(waypoint, &options()).await;
    assert!(matches!(bare.finding.kind, Kind::Hbone | Kind::MeshTls), "{bare:#?}");
    let probed = run(waypoint, &with(&client)).await;
    assert_eq!(
        (probed.finding.kind, probed.finding.confidence),
        (Kind::Hbone, Confidence::Certain),
        "{probed:#?}"
    );
    assert!(matches!(probed.attempts.last().unwrap().end, End::Status(_)), "{probed:#?}");
}
