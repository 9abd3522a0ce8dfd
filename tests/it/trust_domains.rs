//! Aliases of the trust domain on real sockets: Istio's sidecars know them, a ztunnel does not.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use glasstunnel::admin::{Edit, Manner};
use glasstunnel::app::CaAt;
use glasstunnel::ca::{Authority, AuthorityOptions};
use glasstunnel::explain::{Question, explain};
use glasstunnel::identity::SpiffeId;
use glasstunnel::lab::{Attempt, Lab, LabOptions};
use glasstunnel::mesh::Semantics;
use glasstunnel::resources::{Input, Objects};
use glasstunnel::telemetry::{Record, Verdict};

use crate::mesh::{Plan, conclusion};

const OLD: &str = "old.example";

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("glasstunnel-{name}-{}", std::process::id()));
        // What an earlier run with this number left.
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing depends on it being gone.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn aliases(names: &str) -> String {
    format!("apiVersion: mesh.istio.io/v1alpha1\nkind: MeshConfig\ntrustDomainAliases: [{names}]\n")
}

/// A mesh in which `stale` still shows a certificate of the old trust domain.
async fn mesh(folder: &Folder, names: &str, semantics: Semantics, stale: &str) -> Lab {
    let mut plan = Plan::new().server("server", "echo").yaml(&aliases(names)).semantics(semantics);
    plan.options = LabOptions { ca: CaAt::Dir(folder.0.clone()), ..plan.options };
    let lab = plan.start().await;
    let authority = Authority::open_or_create(&folder.0, &AuthorityOptions::default()).unwrap();
    let id = SpiffeId::new(OLD, "default", stale).unwrap();
    lab.present(stale, &authority.issue_now(&id).unwrap()).unwrap();
    lab
}

async fn ask(lab: &Lab) -> Arc<Record> {
    let before = lab.running().recorder().recent(usize::MAX).len();
    let seen = lab.send("curl-client", "server", 80, b"ping").await.unwrap();
    let recorder = lab.running().recorder();
    while recorder.recent(usize::MAX).len() == before {
        tokio::task::yield_now().await;
    }
    let record = recorder.recent(1).remove(0);
    assert_eq!(record.failure().is_none(), matches!(seen, Attempt::Answered(_)), "{seen:?}");
    record
}

/// What `explain` says of the client with the old certificate.
fn foretold(lab: &Lab) -> (Verdict, Option<&'static str>) {
    let snapshot = lab.running().snapshots().load();
    let server = lab.workload("server").unwrap().address(3000).to_string();
    let stale = SpiffeId::new(OLD, "default", "curl-client").unwrap();
    let question = Question::read(&snapshot.mesh, stale.as_str(), &server, None).unwrap();
    let explanation = explain(&snapshot, &question);
    (explanation.verdict(), explanation.failure.as_ref().map(|failure| failure.code))
}

async fn check(semantics: Semantics, names: &str, stale: &str, expect: &str) {
    let folder = Folder::new(&format!("alias-{semantics}-{names}-{stale}"));
    let lab = mesh(&folder, names, semantics, stale).await;
    let record = ask(&lab).await;
    assert_eq!(conclusion(&record), expect, "{semantics}, [{names}], {stale}");
    if stale == "curl-client" {
        assert_eq!(foretold(&lab), (record.verdict(), record.code()), "one evaluator (DESIGN law 1)");
    }
}

#[tokio::test]
async fn a_server_takes_clients_of_an_alias_as_sidecars_do() {
    const REFUSED: &str = "FAIL TLS_FAILURE tls.wrong_trust_domain at tls";
    check(Semantics::Istio, OLD, "curl-client", "ALLOW -").await;
    check(Semantics::Istio, "", "curl-client", REFUSED).await;
    check(Semantics::Ztunnel, OLD, "curl-client", REFUSED).await;
}

#[tokio::test]
async fn a_client_takes_servers_of_an_alias_as_sidecars_do() {
    const REFUSED: &str = "FAIL TLS_FAILURE tls.wrong_identity at tls";
    // The server trusts its own certificate's domain and the alias, as whoever still has the old certificate would have to.
    check(Semantics::Istio, &format!("{OLD}, cluster.local"), "server", "ALLOW -").await;
    check(Semantics::Istio, "", "server", REFUSED).await;
    check(Semantics::Ztunnel, OLD, "server", REFUSED).await;
}

#[tokio::test]
async fn new_handshakes_follow_a_change_of_the_aliases() {
    let folder = Folder::new("alias-live");
    let lab = mesh(&folder, "", Semantics::Istio, "curl-client").await;
    assert!(ask(&lab).await.failure().is_some());
    let edit = Objects::read(&[Input::text("edit.yaml", aliases(OLD))]).unwrap();
    lab.running().editor().edit(Edit::Apply(edit), Manner::default()).unwrap();
    assert_eq!(conclusion(&*ask(&lab).await), "ALLOW -");
}
