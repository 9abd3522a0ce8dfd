//! Certificates that live: seconds of life under load, and a CA that is gone, at the start and later.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use glasstunnel::app::{CaAt, StartError};
use glasstunnel::ca::CaFiles;
use glasstunnel::hbone::{Authority, Client, Limits};
use glasstunnel::identity::Svid;
use glasstunnel::lab::{Attempt, Lab, LabError, LabOptions};
use glasstunnel::telemetry::{Fact, Record, explain_text};
use glasstunnel::tls::{ClientOffer, ClientTls, Peer, TlsError, connect};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::desk::{Act, Desk, authority, is_available, is_unavailable, until};
use crate::hbone_door::to;
use crate::mesh::{Plan, conclusion};

const CLIENT: &str = "default/curl-client";

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

/// One request through the client's outbound door, over whatever tunnel there is.
pub(crate) async fn pooled(lab: &Lab, server: &str) -> bool {
    let seen = lab.send(CLIENT, server, 80, b"GET /health HTTP/1.0\r\n\r\n").await.unwrap();
    matches!(&seen, Attempt::Answered(bytes) if bytes.ends_with(b"ok\n"))
}

/// A handshake with the HBONE door of `server`, made by hand with `svid`, and a CONNECT in it.
async fn fresh(lab: &Lab, server: &str, svid: &Svid) -> Result<Peer, TlsError> {
    let workload = lab.workload(server).unwrap();
    let stream = TcpStream::connect(lab.hbone(server).unwrap()).await.unwrap();
    let expected = [workload.identity.clone()];
    let tls = ClientTls::new(svid)?;
    let (stream, peer) = connect(stream, &tls, &expected, ClientOffer::Hbone, soon()).await?;
    let (_owner, tasks) = glasstunnel::drain::drain();
    let client = Client::handshake(stream, &Limits::default(), &tasks, soon()).await.unwrap();
    let request = to(Authority::Address(workload.address(3000).0));
    client.ticket().unwrap().open(&request, soon()).await.unwrap();
    Ok(peer)
}

fn statuses(lab: &Lab) -> BTreeSet<String> {
    lab.running().certificates().into_iter().map(|certificate| certificate.status).collect()
}

#[tokio::test]
async fn certificates_of_two_seconds_hold_under_load_without_one_failure() {
    let mut plan = Plan::new().server("server", "http");
    plan.options.certificate_ttl = Some(Duration::from_secs(2));
    let lab = plan.start().await;
    let (mut serials, mut clients) = (BTreeSet::new(), BTreeSet::new());
    while serials.len() < 5 || clients.len() < 5 {
        let svid = lab.svid(CLIENT).unwrap();
        serials.insert(fresh(&lab, "server", &svid).await.unwrap().serial);
        clients.insert(svid.serial.clone());
        assert!(pooled(&lab, "server").await);
    }
    // Those made by hand end in a reset of ours.
    let through_doors = |record: &&Arc<Record>| record.lanes().0.is_some();
    let records = lab.running().recorder().recent(usize::MAX);
    assert_eq!(records.iter().filter(through_doors).find_map(|record| record.code()), None);
}

#[tokio::test]
async fn a_mesh_whose_ca_refuses_starts_says_why_and_heals() {
    let desk = Desk::new(Act::Refuse);
    let ours = authority("cluster.local", 3600);
    let mut plan = Plan::new().server("server", "http");
    plan.options.ca = desk.at();
    let lab = plan.start().await;
    for workload in [CLIENT, "server"] {
        until(&lab, workload, is_unavailable).await;
    }
    let said = lab.svid_source("server").unwrap().state().to_string();
    let expected = "Unavailable: signing error for spiffe://cluster.local/ns/default/sa/server: \
                    expected a certificate, found: the desk is closed";
    assert_eq!(said, expected);
    assert!(statuses(&lab).contains(expected), "{:?}", statuses(&lab));

    assert!(!pooled(&lab, "server").await);
    let record = lab.record(|record| record.code() == Some("identity.unavailable")).await;
    assert_eq!(conclusion(&record), "FAIL IDENTITY_ERROR identity.unavailable at tls");
    let error = &record.failure().unwrap().error;
    assert!(error.starts_with("identity error: signing error for ") && error.contains("desk"), "{error}");

    let stranger = ours.issue_now(&lab.workload(CLIENT).unwrap().identity).unwrap();
    let error = fresh(&lab, "server", &stranger).await.unwrap_err();
    assert!(error.alert_received().is_none(), "closed before ServerHello: {error}");
    let inbound = |record: &Record| record.lanes().1.and_then(|half| half.outcome.failure()).is_some();
    let record = lab.record(inbound).await;
    assert_eq!(conclusion(&record), "FAIL IDENTITY_ERROR identity.unavailable at tls");

    desk.everybody(Act::Sign(ours));
    for workload in [CLIENT, "server"] {
        until(&lab, workload, is_available).await;
    }
    assert!(pooled(&lab, "server").await);
    assert_eq!(statuses(&lab), ["Available".to_owned()].into());
}

#[tokio::test]
async fn who_comes_before_the_first_attempt_has_ended_waits_for_it() {
    let told = Arc::new(Notify::new());
    let ours = authority("cluster.local", 3600);
    let desk = Desk::new(Act::Sign(Arc::clone(&ours)));
    desk.only("curl-client", Act::Wait(Arc::clone(&told), ours));
    let mut plan = Plan::new().server("server", "http");
    plan.options.ca = desk.at();
    let lab = plan.start().await;
    assert!(statuses(&lab).contains("Initializing"), "{:?}", statuses(&lab));
    assert!(lab.svid(CLIENT).is_err());
    let (answered, ()) = tokio::join!(pooled(&lab, "server"), async { told.notify_one() });
    assert!(answered);
    assert_eq!(statuses(&lab), ["Available".to_owned()].into());
}

#[tokio::test]
async fn when_the_ca_goes_the_old_certificate_serves_to_its_end_pooled_tunnels_live_on_and_success_heals() {
    let ours = authority("cluster.local", 3);
    let desk = Desk::new(Act::Sign(Arc::clone(&ours)));
    let mut plan = Plan::new().server("server", "http").server("other", "http");
    plan.options.ca = desk.at();
    let lab = plan.start().await;
    desk.everybody(Act::Refuse);
    assert!(pooled(&lab, "server").await);
    let svid = lab.svid(CLIENT).unwrap();
    fresh(&lab, "server", &svid).await.unwrap();
    for workload in [CLIENT, "server", "other"] {
        until(&lab, workload, is_unavailable).await;
    }

    assert!(pooled(&lab, "server").await, "certificates are checked in the handshake only");
    let expired =
        |fact: &Fact| matches!(fact, Fact::Reused { peer_expired: Some(_), own_expired: Some(_), .. });
    let record = lab.record(|record| record.facts().any(expired)).await;
    assert_eq!(conclusion(&record), "ALLOW -");
    let text = explain_text(&record);
    assert!(text.contains("the peer's certificate has expired since, "), "{text}");
    assert!(text.contains("(certificates are checked in the handshake only)"), "{text}");

    assert!(!pooled(&lab, "other").await, "a new tunnel needs a certificate");
    let record = lab.record(|record| record.code() == Some("identity.unavailable")).await;
    assert!(record.failure().unwrap().error.contains("the desk is closed"));
    let long = authority("cluster.local", 3600);
    desk.everybody(Act::Sign(long));
    for workload in [CLIENT, "server", "other"] {
        until(&lab, workload, is_available).await;
    }
    assert!(pooled(&lab, "other").await);
}

#[tokio::test]
async fn files_that_are_not_there_are_a_typing_error_and_nothing_starts() {
    let ca = CaAt::Files(CaFiles::new("/nowhere/ca-cert.pem", "/nowhere/ca-key.pem"));
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}}";
    let error = Lab::start(pod, LabOptions { ca, ..LabOptions::default() }).await.err().unwrap();
    assert!(matches!(error, LabError::Start(StartError::Ca(_))), "{error}");
    assert!(error.to_string().contains("/nowhere/ca-key.pem: No such file"), "{error}");
}
