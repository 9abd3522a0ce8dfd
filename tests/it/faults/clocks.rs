//! Clocks that are wrong, and what is due in hours.

use glasstunnel::app::CaFaults;
use glasstunnel::fault::CaFault;
use glasstunnel::identity::SvidState;
use glasstunnel::telemetry::Fact;

use super::{CLIENT, lanes};
use crate::desk::{Act, Desk, authority, is_unavailable, until};
use crate::mesh::{Plan, record_to};
use crate::rotation::pooled;

/// What a request from the client to `server` ends in when `whose` clock is so much ahead.
async fn judged(whose: &str, ahead: time::Duration) -> (String, String) {
    let lab = Plan::new().server("server", "http").start().await;
    lab.skew(whose, ahead).unwrap();
    pooled(&lab, "server").await;
    lanes(&*record_to(&lab, "server").await)
}

#[tokio::test]
async fn a_certificate_is_expired_or_not_yet_valid_by_the_clock_of_whoever_judges_it() {
    let check = async |whose: &str, ahead, expect: (&str, &str)| {
        let (source, destination) = judged(whose, ahead).await;
        assert_eq!((source.as_str(), destination.as_str()), expect, "{whose} {ahead}");
    };
    let (day, hours) = (time::Duration::hours(25), time::Duration::hours(-2));
    check(CLIENT, time::Duration::hours(23), ("ok", "ok")).await;
    let alert = "tls.refused_certificate_expired TLS_FAILURE";
    check(CLIENT, day, ("tls.expired TLS_FAILURE", alert)).await;
    check(CLIENT, hours, ("tls.not_yet_valid TLS_FAILURE", alert)).await;
    check("server", day, (alert, "tls.expired TLS_FAILURE")).await;
    check("server", hours, (alert, "tls.not_yet_valid TLS_FAILURE")).await;
}

#[tokio::test]
async fn what_is_due_in_hours_is_renewed_at_once() {
    let desk = Desk::new(Act::Sign(authority("cluster.local", 3600)));
    let mut plan = Plan::new().server("server", "http");
    plan.options.ca = desk.at();
    let lab = plan.start().await;
    let before = lab.svid("server").unwrap().serial.clone();
    desk.everybody(Act::Sign(authority("cluster.local", 24 * 3600)));
    lab.skew_renewal("server", time::Duration::hours(2)).unwrap();
    let is_another = |state: &SvidState| match state {
        SvidState::Available(svid) => svid.serial != before,
        SvidState::Initializing | SvidState::Unavailable(_) => false,
    };
    until(&lab, "server", is_another).await;
}

#[tokio::test]
async fn a_day_after_the_ca_went_there_is_no_certificate() {
    let desk = Desk::new(Act::Sign(authority("cluster.local", 24 * 3600)));
    let mut plan = Plan::new().server("server", "http");
    plan.options.ca = desk.at();
    let lab = plan.start().await;
    desk.everybody(Act::Refuse);
    lab.skew_renewal("server", time::Duration::hours(25)).unwrap();
    until(&lab, "server", is_unavailable).await;
    assert!(!pooled(&lab, "server").await);
}

#[tokio::test]
async fn how_old_a_tunnel_is_is_told_by_the_clock_of_whoever_reuses_it() {
    let lab = Plan::new().server("server", "http").start().await;
    assert!(pooled(&lab, "server").await);
    lab.skew(CLIENT, time::Duration::hours(25)).unwrap();
    assert!(pooled(&lab, "server").await, "certificates are checked in the handshake only");
    let expired = |fact: &Fact| {
        matches!(fact, Fact::Reused { peer_expired: Some(peer), own_expired: Some(_), .. }
            if *peer > std::time::Duration::from_secs(3_000))
    };
    lab.record(|record| record.facts().any(expired)).await;
}

#[tokio::test]
async fn a_first_certificate_for_somebody_else_is_not_shown() {
    let faults = CaFaults::default();
    let identity = "spiffe://cluster.local/ns/default/sa/server".parse().unwrap();
    faults.put([(identity, CaFault::WrongIdentity)]);
    let mut plan = Plan::new().server("server", "http");
    plan.options.ca_faults = faults.clone();
    let lab = plan.start().await;
    until(&lab, "server", is_unavailable).await;
    let state = lab.svid_source("server").unwrap().state().to_string();
    assert!(
        state.contains("did not find expected SAN: expected spiffe://cluster.local/ns/default/sa/server"),
        "{state}"
    );
    faults.put([]);
    lab.renew("server").await.unwrap();
    assert!(pooled(&lab, "server").await);
}
