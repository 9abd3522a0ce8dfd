//! Revocation lists on real sockets: who is refused, who is cut, and who does not notice.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use glasstunnel::app::CaAt;
use glasstunnel::ca::{Authority, AuthorityOptions, ListEdition};
use glasstunnel::lab::{Attempt, Lab, LabOptions};
use glasstunnel::telemetry::{Record, Reporter};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::mesh::{Plan, conclusion};

const WORDS: &str = "connection closed: peer certificate revoked by CRL";

/// A folder with a CA, and a file of revocation lists beside it.
struct Folder {
    path: PathBuf,
    authority: Authority,
}

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("glasstunnel-{name}-{}", std::process::id()));
        // What an earlier run with this number left.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        let authority = Authority::open_or_create(&path.join("ca"), &AuthorityOptions::default()).unwrap();
        let folder = Self { path, authority };
        folder.revoke(&[]);
        folder
    }

    fn crl(&self) -> PathBuf {
        self.path.join("revoked.crl")
    }

    /// Replaces the file by a rename, as tools that write atomically do.
    fn put(&self, text: &str) {
        let beside = self.path.join("next.crl");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, self.crl()).unwrap();
    }

    fn revoke(&self, serials: &[&str]) {
        let this_update = SystemTime::now();
        let next_update = this_update + Duration::from_secs(3600);
        let edition = ListEdition { number: 1, this_update, next_update };
        self.put(&self.authority.revocation_list(serials, edition).unwrap());
    }

    fn plan(&self, backend: &str) -> Plan {
        let mut plan = Plan::new().server("server", backend).server("other", "echo");
        plan.options = LabOptions {
            ca: CaAt::Dir(self.path.join("ca")),
            crl: Some(self.crl()),
            ..LabOptions::default()
        };
        plan
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing depends on it being gone.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn serial(lab: &Lab, workload: &str) -> String {
    lab.svid(workload).unwrap().serial.clone()
}

/// An open connection through the echo backend, once its first bytes have come back.
async fn open(lab: &Lab, from: &str, to: &str) -> TcpStream {
    let mut stream = lab.dial(from, to, 80).await.unwrap().unwrap();
    assert!(echoes(&mut stream).await);
    stream
}

async fn echoes(stream: &mut TcpStream) -> bool {
    let mut echo = [0; 4];
    stream.write_all(b"ping").await.is_ok() && stream.read_exact(&mut echo).await.is_ok()
}

/// Waits until the connection is cut; its bytes flow until then.
async fn cut(stream: &mut TcpStream) {
    let cut = async {
        let mut byte = [0];
        while stream.read(&mut byte).await.is_ok_and(|read| read > 0) {}
    };
    tokio::time::timeout(Duration::from_secs(20), cut).await.unwrap();
}

fn half_of(record: &Record, reporter: Reporter) -> (&'static str, &'static str, String) {
    let (source, destination) = record.lanes();
    let half = if reporter == Reporter::Source { source } else { destination };
    let failure = half.unwrap().outcome.failure().unwrap();
    (failure.code, failure.flag.name(), failure.error.clone())
}

async fn cut_record(lab: &Lab) -> std::sync::Arc<Record> {
    lab.record(|record| record.failure().is_some_and(|failure| failure.code == "relay.cert_revoked")).await
}

async fn refused(lab: &Lab, from: &str, to: &str) -> Option<String> {
    match lab.send(from, to, 80, b"ping").await.unwrap() {
        Attempt::Answered(_) => None,
        _ => {
            let failed = |record: &Record| record.failure().is_some() && record.verdict().name() == "FAIL";
            Some(conclusion(&*lab.record(failed).await))
        }
    }
}

#[tokio::test]
async fn a_list_at_the_start_refuses_a_revoked_client_and_a_revoked_server() {
    let folder = Folder::new("crl-start");
    let lab = folder.plan("echo").start().await;
    let mallory = lab.svid("curl-client").unwrap();
    // The list is read before anybody has a certificate, so the test presents ones that are on it.
    folder.revoke(&[&mallory.serial]);
    let lab_with = folder.plan("echo").start().await;
    assert_eq!(refused(&lab_with, "curl-client", "server").await, None, "it has another certificate here");
    lab_with.present("curl-client", &mallory).unwrap();
    // A tunnel that is open already was made with the other certificate; nobody has called this one.
    let seen = refused(&lab_with, "curl-client", "other").await;
    assert_eq!(seen.as_deref(), Some("FAIL CERT_REVOKED tls.revoked at tls"));
    let record = lab_with.record(|record| record.failure().is_some()).await;
    assert!(record.why().contains(&format!("serial number {}", mallory.serial)), "{}", record.why());
    let server = lab.svid("server").unwrap();
    folder.revoke(&[&server.serial]);
    let lab_with = folder.plan("echo").start().await;
    lab_with.present("server", &server).unwrap();
    let seen = refused(&lab_with, "curl-client", "server").await;
    assert_eq!(seen.as_deref(), Some("FAIL CERT_REVOKED tls.revoked at tls"));
    assert_eq!(refused(&lab_with, "curl-client", "other").await, None);
}

/// Each side cuts the peers that are revoked: as the server, as the client, and on direct mutual TLS.
#[tokio::test]
async fn a_new_list_cuts_exactly_the_revoked() {
    let folder = Folder::new("crl-live");
    let client = "
apiVersion: v1
kind: Pod
metadata: {name: bystander, labels: {app: bystander}}
spec: {serviceAccountName: bystander}
";
    let lab = folder.plan("echo").yaml(client).start().await;
    let mut revoked = open(&lab, "curl-client", "server").await;
    let mut also = open(&lab, "curl-client", "server").await;
    let mut bystander = open(&lab, "bystander", "server").await;
    folder.revoke(&[&serial(&lab, "curl-client")]);
    cut(&mut revoked).await;
    cut(&mut also).await;
    assert!(echoes(&mut bystander).await);
    let record = cut_record(&lab).await;
    assert_eq!(conclusion(&record), "FAIL CERT_REVOKED relay.cert_revoked at relay");
    assert_eq!(half_of(&record, Reporter::Destination).2, WORDS);
    let again = refused(&lab, "curl-client", "server").await;
    assert!(again.unwrap().contains("CERT_REVOKED"));
    assert!(echoes(&mut bystander).await);
}

#[tokio::test]
async fn a_revoked_server_is_left_by_its_clients() {
    let folder = Folder::new("crl-server");
    let lab = folder.plan("echo").start().await;
    let mut revoked = open(&lab, "curl-client", "server").await;
    let mut bystander = open(&lab, "curl-client", "other").await;
    folder.revoke(&[&serial(&lab, "server")]);
    cut(&mut revoked).await;
    let record = cut_record(&lab).await;
    let half = half_of(&record, Reporter::Source);
    assert_eq!(half, ("relay.cert_revoked", "CERT_REVOKED", WORDS.to_owned()));
    assert!(echoes(&mut bystander).await);
    let again = refused(&lab, "curl-client", "server").await;
    assert!(again.unwrap().contains("CERT_REVOKED"), "the tunnel left the pool");
}

/// With both on the list, both sides' records say so.
#[tokio::test]
async fn both_sides_say_so_when_both_are_revoked() {
    let folder = Folder::new("crl-both");
    let lab = folder.plan("echo").start().await;
    let mut stream = open(&lab, "curl-client", "server").await;
    folder.revoke(&[&serial(&lab, "curl-client"), &serial(&lab, "server")]);
    cut(&mut stream).await;
    let record = cut_record(&lab).await;
    for reporter in [Reporter::Source, Reporter::Destination] {
        let half = half_of(&record, reporter);
        assert_eq!(half, ("relay.cert_revoked", "CERT_REVOKED", WORDS.to_owned()), "{reporter}");
    }
}

#[tokio::test]
async fn direct_mutual_tls_is_cut_in_both_roles() {
    for victim in ["curl-client", "sidecar"] {
        let folder = Folder::new(&format!("crl-mtls-{victim}"));
        let sidecar = "
apiVersion: v1
kind: Pod
metadata: {name: sidecar, labels: {app: sidecar, sidecar.istio.io/inject: 'true', istio.io/dataplane-mode: none}, annotations: {glasstunnel.dev/backend: echo}}
spec: {serviceAccountName: sidecar, containers: [{name: c, ports: [{containerPort: 3000}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: sidecar}
spec: {selector: {app: sidecar}, ports: [{port: 80, targetPort: 3000}]}
";
        let lab = folder.plan("echo").yaml(sidecar).start().await;
        let mut stream = open(&lab, "curl-client", "sidecar").await;
        folder.revoke(&[&serial(&lab, victim)]);
        cut(&mut stream).await;
        let record = cut_record(&lab).await;
        assert_eq!(conclusion(&record), "FAIL CERT_REVOKED relay.cert_revoked at relay");
        assert_eq!(record.wire().unwrap().name(), "mtls");
        let judge = if victim == "sidecar" { Reporter::Source } else { Reporter::Destination };
        assert_eq!(half_of(&record, judge).2, WORDS);
    }
}

/// What comes after a bad file and a missing one is taken; `app::crl` has what they do themselves.
#[tokio::test]
async fn a_bad_file_lets_nobody_back_in_and_a_good_one_does() {
    let folder = Folder::new("crl-bad");
    let lab = folder.plan("echo").start().await;
    let mut stream = open(&lab, "curl-client", "server").await;
    folder.revoke(&[&serial(&lab, "curl-client")]);
    cut(&mut stream).await;
    let refused_still = async || refused(&lab, "curl-client", "other").await.is_some();
    folder.put("no list at all");
    for _ in 0..20 {
        assert!(refused_still().await);
    }
    fs::remove_file(folder.crl()).unwrap();
    assert!(refused_still().await);
    folder.revoke(&[]);
    let back = async {
        while refused_still().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), back).await.expect("a good file counts again");
}

#[tokio::test]
async fn a_mesh_does_not_start_without_its_lists() {
    let folder = Folder::new("crl-none");
    let start = async || {
        let options = LabOptions { crl: Some(folder.crl()), ..LabOptions::default() };
        Lab::start(glasstunnel::resources::DEMO, options).await.map(drop).unwrap_err().to_string()
    };
    folder.put("");
    assert!(
        start()
            .await
            .contains("expected one or more X509 CRL blocks, or one list as DER, found an empty file")
    );
    fs::remove_file(folder.crl()).unwrap();
    assert!(start().await.contains("the revocation lists cannot be read: cannot read"));
}
