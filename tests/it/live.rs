//! Live edits under traffic: what a change refuses is cut and named, and nobody else notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use glasstunnel::admin::{Done, Edit, EditError, Manner};
use glasstunnel::lab::{Attempt, Lab};
use glasstunnel::mesh::{Name, Semantics};
use glasstunnel::reason::Reason;
use glasstunnel::resources::{Change, Input, ObjectKey, Objects};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::mesh::{Plan, conclusion};

const STRICT: &str = "
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: default}
spec: {mtls: {mode: STRICT}}
";

fn apply(lab: &Lab, yaml: &str) -> Result<Vec<Done>, EditError> {
    let objects = Objects::read(&[Input::text("edit.yaml", yaml)])?;
    let edited = lab.running().editor().edit(Edit::Apply(objects), Manner::default())?;
    Ok(edited.into_iter().map(|edited| edited.done).collect())
}

fn delete(lab: &Lab, kind: &str, name: &str) -> Result<(), EditError> {
    let key = ObjectKey { kind: kind.to_owned(), name: Name::new("default", name) };
    lab.running().editor().edit(Edit::Delete(vec![key]), Manner::default()).map(|_| ())
}

/// Asks again and again until it is told to stop; counts what went well and what did not.
struct Traffic {
    stop: Arc<AtomicBool>,
    done: tokio::task::JoinHandle<(usize, usize)>,
    rounds: Arc<AtomicUsize>,
}

impl Traffic {
    fn start(lab: &Arc<Lab>, from: &'static str) -> Self {
        let (stop, rounds) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (lab, stopped, counted) = (Arc::clone(lab), Arc::clone(&stop), Arc::clone(&rounds));
        #[expect(clippy::disallowed_methods, reason = "a test's own client is no task of the proxy")]
        let done = tokio::spawn(async move {
            let (mut good, mut bad) = (0, 0);
            while !stopped.load(Ordering::Relaxed) {
                let seen = lab.send(from, "server.default", 80, b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
                match seen {
                    Attempt::Answered(answer) if answer.starts_with(b"HTTP/1.") => good += 1,
                    _ => bad += 1,
                }
                counted.fetch_add(1, Ordering::Relaxed);
            }
            (good, bad)
        });
        Self { stop, done, rounds }
    }

    /// Waits until it has asked `more` times from now on.
    async fn rounds(&self, more: usize) {
        let goal = self.rounds.load(Ordering::Relaxed) + more;
        while self.rounds.load(Ordering::Relaxed) < goal {
            tokio::task::yield_now().await;
        }
    }

    async fn stop(self) -> (usize, usize) {
        self.stop.store(true, Ordering::Relaxed);
        self.done.await.unwrap()
    }
}

/// The seeds' lab: permissive → strict → back, under continuous traffic. The outside client is reset while it is strict,
/// and the mesh does not lose one request.
#[tokio::test]
async fn the_seeds_lab_under_traffic() {
    let lab = Arc::new(Plan::new().server("server", "http").start().await);
    let mesh = Traffic::start(&lab, "curl-client");
    let ask = async || {
        lab.send("curl-client.outside", "server.default", 80, b"GET / HTTP/1.0\r\n\r\n").await.unwrap()
    };
    mesh.rounds(5).await;
    assert!(matches!(ask().await, Attempt::Answered(answer) if answer.starts_with(b"HTTP/1.")));
    assert_eq!(apply(&lab, STRICT).unwrap(), [Done::Applied(Change::Created)]);
    for _ in 0..20 {
        assert!(matches!(ask().await, Attempt::Reset(_)), "STRICT holds from the moment that apply returns");
    }
    mesh.rounds(5).await;
    assert_eq!(apply(&lab, STRICT).unwrap(), [Done::Applied(Change::Unchanged)]);
    delete(&lab, "PeerAuthentication", "default").unwrap();
    for _ in 0..20 {
        assert!(matches!(ask().await, Attempt::Answered(_)), "and is gone when delete returns");
    }
    mesh.rounds(5).await;
    let (good, bad) = mesh.stop().await;
    assert!(good >= 15 && bad == 0, "{good} good, {bad} bad");
}

/// An open connection through the echo backend, once its first bytes have come back.
async fn open(lab: &Lab, from: &str) -> TcpStream {
    let mut stream = lab.dial(from, "server.default", 80).await.unwrap().unwrap();
    stream.write_all(b"ping").await.unwrap();
    let mut echo = [0; 4];
    stream.read_exact(&mut echo).await.unwrap();
    stream
}

async fn still_works(stream: &mut TcpStream) -> bool {
    let mut echo = [0; 4];
    stream.write_all(b"more").await.is_ok() && stream.read_exact(&mut echo).await.is_ok()
}

#[tokio::test]
async fn a_change_cuts_the_losers_and_names_the_policy() {
    let lab = Plan::new().server("server", "echo").start().await;
    let (mut inside, mut outside) =
        (open(&lab, "curl-client").await, open(&lab, "curl-client.outside").await);
    apply(&lab, STRICT).unwrap();
    assert!(!still_works(&mut outside).await);
    assert!(still_works(&mut inside).await);
    let record = lab.record(|record| record.failure().is_some()).await;
    assert_eq!(conclusion(&record), "DENY DENY relay.policy_changed at relay");
    assert!(record.why().contains("STRICT from edit.yaml:2 refuses plaintext"), "{}", record.why());
    let error = &record.failure().unwrap().error;
    assert_eq!(error, "connection closed due to policy change");
    let deny = "
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-curl}
spec: {action: DENY, rules: [{from: [{source: {principals: ['cluster.local/ns/default/sa/curl-client']}}]}]}
";
    apply(&lab, deny).unwrap();
    assert!(!still_works(&mut inside).await);
    let named = |record: &glasstunnel::telemetry::Record| {
        record
            .failure()
            .and_then(|failure| failure.policy.as_ref())
            .is_some_and(|it| &*it.name.name == "no-curl")
    };
    let record = lab.record(named).await;
    assert_eq!(conclusion(&record), "DENY DENY relay.policy_changed at relay");
}

/// It may last for weeks of edits, and each of them replaces all of the mesh.
#[tokio::test]
async fn an_open_connection_keeps_no_mesh_that_was_replaced() {
    for from in ["curl-client", "curl-client.outside"] {
        let lab = Plan::new().server("server", "echo").start().await;
        let old = Arc::downgrade(&lab.running().snapshots().load());
        let mut stream = open(&lab, from).await;
        apply(&lab, &STRICT.replace("STRICT", "PERMISSIVE")).unwrap();
        let gone = async {
            while old.strong_count() > 0 {
                tokio::task::yield_now().await;
            }
        };
        let gone = tokio::time::timeout(Duration::from_secs(20), gone).await;
        gone.unwrap_or_else(|_late| panic!("{from} holds the old one"));
        assert!(still_works(&mut stream).await);
    }
}

/// What a real ztunnel does: the workload's own list is looked at when a connection is accepted (reference/policy.md 1.6).
#[tokio::test]
async fn under_ztunnel_plaintext_survives_a_switch_to_strict() {
    let lab = Plan::new().server("server", "echo").semantics(Semantics::Ztunnel).start().await;
    let mut outside = open(&lab, "curl-client.outside").await;
    apply(&lab, STRICT).unwrap();
    assert!(still_works(&mut outside).await);
    let fresh = lab.send("curl-client.outside", "server.default", 80, b"x").await.unwrap();
    assert!(matches!(fresh, Attempt::Reset(_)), "a new connection does not: {fresh:?}");
    let deny = "
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: all}
spec: {action: DENY, rules: [{}]}
";
    apply(&lab, deny).unwrap();
    assert!(!still_works(&mut outside).await);
}

#[tokio::test]
async fn workloads_come_and_go() {
    let lab = Plan::new().server("server", "http").start().await;
    let pod = "
apiVersion: v1
kind: Pod
metadata: {name: late, labels: {app: late}, annotations: {glasstunnel.dev/backend: echo}}
spec: {serviceAccountName: late, containers: [{name: c, ports: [{containerPort: 3000}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: late}
spec: {selector: {app: late}, ports: [{port: 80, targetPort: 3000}]}
";
    let before = lab.running().doors().len();
    apply(&lab, pod).unwrap();
    let seen = lab.send("curl-client", "late", 80, b"hello").await.unwrap();
    assert_eq!(seen, Attempt::Answered(b"hello".to_vec()));
    let record = lab.record(|record| record.wire().is_some()).await;
    assert_eq!(record.wire().unwrap().name(), "hbone", "it has a certificate of its own");
    let door = lab.captured("late", 3000).unwrap();
    delete(&lab, "Pod", "late").unwrap();
    assert_eq!(lab.running().doors().len(), before);
    let refused = async || TcpStream::connect(door).await.is_err();
    let closed = async {
        while !refused().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), closed).await.expect("the door closes");
    // The others never moved.
    assert!(matches!(
        lab.send("curl-client", "server", 80, b"GET / HTTP/1.0\r\n\r\n").await.unwrap(),
        Attempt::Answered(_)
    ));
}

#[tokio::test]
async fn a_bad_edit_changes_nothing() {
    let lab = Plan::new().server("server", "http").start().await;
    let before = lab.running().snapshots().load();
    let check = |yaml: &str, code: &str| {
        let error = apply(&lab, yaml).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(Arc::ptr_eq(&before, &lab.running().snapshots().load()));
    };
    check(&STRICT.replace("STRICT", "strict"), "resources.unknown_mode");
    check(&format!("{STRICT}---\nkind: PeerAuthentication\n"), "resources.missing_field");
    check(
        "apiVersion: mesh.istio.io/v1alpha1\nkind: MeshConfig\ntrustDomain: other.example\n",
        "admin.trust_domain",
    );
    let twin = "apiVersion: v1\nkind: Pod\nmetadata: {name: NAME}\nspec: {}\nstatus: {podIP: 10.1.2.3}\n";
    check(&["one", "other"].map(|name| twin.replace("NAME", name)).join("---\n"), "mesh.duplicate_address");
    assert_eq!(delete(&lab, "Pod", "nobody").unwrap_err().code(), "admin.not_found");
}

#[tokio::test]
async fn a_change_reverts_by_itself_unless_somebody_edits_it_again() {
    let lab = Plan::new().server("server", "http").start().await;
    let strict = || Edit::Apply(Objects::read(&[Input::text("edit.yaml", STRICT)]).unwrap());
    let editor = lab.running().editor();
    let for_a_moment = Manner { revert_after: Some(Duration::from_millis(50)), ..Manner::default() };
    editor.edit(strict(), for_a_moment).unwrap();
    let key = ObjectKey { kind: "PeerAuthentication".to_owned(), name: Name::new("default", "default") };
    assert!(editor.objects().get(&key).is_some());
    let gone = async {
        while editor.objects().get(&key).is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("it reverts");
    let dry = Manner { dry_run: true, ..Manner::default() };
    assert_eq!(editor.edit(strict(), dry).unwrap().len(), 1);
    assert!(editor.objects().get(&key).is_none(), "a dry run changes nothing");
}
