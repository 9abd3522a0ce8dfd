//! Which half is believed, and what the merged views say.

use super::*;
use crate::telemetry::tests::{alone, denied, expired, failure, hbone, hostile, plaintext, record};

#[test]
fn the_half_that_knows_best_is_believed() {
    let check = |halves: (Half, Half), stage: Stage, why: &str| {
        let record = record(1, halves);
        assert_eq!(record.stage(), stage);
        assert!(record.why().contains(why), "{}", record.why());
    };
    check(denied(), Stage::PeerAuth, "mesh.yaml:12");
    check(expired(), Stage::Tls, "expired 2m ago");
    let fails = |half: Half, stage, side, why: &str| {
        let failure = failure(Verdict::Fail, stage, Flag::Connect, (why, why));
        let failed = crate::telemetry::Outcome::Failed(Box::new(Failure { side, ..failure }));
        Half { outcome: failed, ..half }
    };
    let (source, destination) = hbone();
    let status = fails(source.clone(), Stage::Hbone, Side::Upstream, "http status: 503");
    let refused = fails(destination.clone(), Stage::Dial, Side::Upstream, "connection refused");
    check((status, refused), Stage::Dial, "refused");
    let near = fails(source.clone(), Stage::Relay, Side::Downstream, "the app reset");
    let far = fails(destination.clone(), Stage::Relay, Side::Downstream, "the stream was reset");
    check((near, far), Stage::Relay, "the app");
    let near = fails(destination.clone(), Stage::Relay, Side::Upstream, "the backend reset");
    let far = fails(source.clone(), Stage::Relay, Side::Upstream, "the stream was reset");
    check((far.clone(), near), Stage::Relay, "the backend");
    check((far, destination), Stage::Relay, "the stream");
}

#[test]
fn a_success_names_the_mode() {
    let check = |record: &Record, why: &str| assert_eq!(record.why(), why);
    check(&record(1, hbone()), "mesh mTLS, STRICT from mesh.yaml:12");
    check(&record(2, plaintext()), "PERMISSIVE accepts plaintext (the default)");
    check(&alone(3, hbone().0), "both are in the mesh");
    check(&alone(4, plaintext().0), "delivered");
}

#[test]
fn parties_are_merged() {
    let merged = record(1, hbone());
    assert_eq!(merged.source_party().addr.unwrap().port(), 40000);
    let destination = merged.destination_party();
    assert_eq!(destination.service.unwrap().hostname, "customers.default.svc.cluster.local");
    assert_eq!(merged.destination_port(), Some(3000));
    assert_eq!(
        (merged.took(), merged.started()),
        (Duration::from_micros(1_900), crate::telemetry::tests::noon())
    );
    let only_callee = Record { source: None, ..merged };
    assert_eq!((only_callee.took(), only_callee.to_backend()), (Duration::from_micros(930), 74));
    assert_eq!(alone(5, hostile()).destination_port(), None);
}
