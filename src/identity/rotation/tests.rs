//! Tests of the rotation schedule under paused time: the wall clock is derived from tokio's.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::time::Instant;

use super::*;
use crate::identity::der::PrivateKeyDer;
use crate::identity::source::BoxFuture;
use crate::identity::svid::TrustBundle;

const START: SystemTime = SystemTime::UNIX_EPOCH;

fn svid(not_before: SystemTime, life: Duration, serial: u32) -> Svid {
    Svid {
        id: "spiffe://cluster.local/ns/a/sa/b".parse().unwrap(),
        chain: Vec::new(),
        key: PrivateKeyDer::from_pkcs8(Vec::new()),
        bundle: Arc::new(TrustBundle { trust_domain: "cluster.local".to_owned(), roots: Vec::new() }),
        serial: serial.to_string(),
        not_before,
        not_after: not_before + life,
    }
}

/// Fails a number of times, then issues certificates of 100 s.
struct Scripted {
    started: Instant,
    failures: AtomicU32,
    asked: Mutex<Vec<Duration>>,
    other_identity: bool,
}

impl Issuer for Scripted {
    fn issue<'a>(&'a self, id: &'a SpiffeId) -> BoxFuture<'a, Result<Svid, IdentityError>> {
        Box::pin(async move {
            let since = self.started.elapsed();
            self.asked.lock().unwrap().push(since);
            let fails = |left: u32| left.checked_sub(1);
            if self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fails).is_ok() {
                return Err(IdentityError::EmptyChain { id: id.to_string() });
            }
            let mut issued = svid(START + since, Duration::from_secs(100), 2);
            if self.other_identity {
                issued.id = "spiffe://cluster.local/ns/a/sa/other".parse().unwrap();
            }
            Ok(issued)
        })
    }
}

/// Runs the rotation for `run` seconds; gives when the issuer was asked, and the events.
async fn run(
    failures: u32,
    other_identity: bool,
    seconds: u64,
) -> (Vec<Duration>, Vec<RotationEvent>, SvidSource) {
    let started = Instant::now();
    let issuer = Arc::new(Scripted {
        started,
        failures: AtomicU32::new(failures),
        asked: Mutex::default(),
        other_identity,
    });
    let source = SvidSource::new(svid(START, Duration::from_secs(100), 1));
    let events = Mutex::new(Vec::new());
    let rotation = rotate(
        source.clone(),
        issuer.clone(),
        move || START + started.elapsed(),
        |event| events.lock().unwrap().push(event),
    );
    let _ = tokio::time::timeout(Duration::from_secs(seconds), rotation).await;
    let asked = issuer.asked.lock().unwrap().clone();
    (asked, events.into_inner().unwrap(), source)
}

#[tokio::test(start_paused = true)]
async fn renews_at_half_life_give_or_take_a_tenth() {
    let (asked, events, source) = run(0, false, 60).await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!((44.9..=55.1).contains(&asked[0].as_secs_f64()), "{asked:?}");
    assert!(matches!(&events[..], [RotationEvent::Renewed { .. }]), "{events:?}");
    assert_eq!(source.current().serial, "2");
}

#[tokio::test(start_paused = true)]
async fn a_failing_issuer_leaves_the_old_certificate_and_is_asked_again_more_slowly() {
    let (asked, events, source) = run(u32::MAX, false, 2000).await;
    assert_eq!(source.current().serial, "1");
    let gaps: Vec<f64> = asked.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    for (gap, expected) in gaps.iter().zip([1.0, 2.0, 4.0, 8.0]) {
        assert!((expected * 0.79..=expected * 1.21).contains(gap), "{gaps:?}");
    }
    assert!(
        gaps.iter().all(|gap| *gap < 150.1) && gaps.iter().rev().take(3).all(|gap| *gap > 119.0),
        "{gaps:?}"
    );
    let RotationEvent::Failed { attempt: 1, old_valid_for: Some(left), .. } = &events[0] else {
        panic!("{events:?}")
    };
    assert!(*left > Duration::from_secs(40));
    assert!(matches!(events.last(), Some(RotationEvent::Failed { old_valid_for: None, .. })), "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn success_after_failures_starts_afresh() {
    let (asked, events, _) = run(2, false, 80).await;
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(matches!(
        &events[..],
        [
            RotationEvent::Failed { attempt: 1, .. },
            RotationEvent::Failed { attempt: 2, .. },
            RotationEvent::Renewed { .. }
        ]
    ));
}

#[tokio::test(start_paused = true)]
async fn a_certificate_for_somebody_else_is_not_taken() {
    let (_, events, source) = run(0, true, 60).await;
    assert_eq!(source.current().serial, "1");
    assert!(
        matches!(&events[0], RotationEvent::Failed { error: IdentityError::OtherIdentity { .. }, .. }),
        "{events:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_change_misses_none() {
    let source = SvidSource::new(svid(START, Duration::from_secs(100), 1));
    let first = source.current();
    source.replace(svid(START, Duration::from_secs(100), 2));
    let second = source.changed(&first).await;
    assert_eq!(second.serial, "2");
    let waits = tokio::time::timeout(Duration::from_secs(1), source.changed(&second)).await;
    assert!(waits.is_err());
    let (third, ()) = tokio::join!(source.changed(&second), async {
        tokio::task::yield_now().await;
        source.replace(svid(START, Duration::from_secs(100), 3));
    });
    assert_eq!(third.serial, "3");
}

#[test]
fn a_retry_is_never_later_than_the_old_certificates_expiry() {
    let left = Some(Duration::from_secs(3));
    assert_eq!(retry_delay(9, 1.0, left), Duration::from_secs(3));
    assert_eq!(retry_delay(9, 1.0, None), Duration::from_secs(150));
    assert_eq!(retry_delay(u32::MAX, 1.2, None), Duration::from_secs(150));
}

#[test]
fn a_certificate_from_the_future_is_renewed_at_once() {
    let future = svid(START + Duration::from_secs(500), Duration::from_secs(100), 1);
    assert_eq!(renewal_due(&future, START, 1.0), START);
}
