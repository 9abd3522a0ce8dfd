//! Tests of rotation under paused time: the wall clock is derived from tokio's.

use std::sync::Mutex;

use tokio::time::Instant;

use super::*;
use crate::identity::der::PrivateKeyDer;
use crate::identity::schedule::SHORTEST_WAIT;
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

/// What an issuer does when it is asked.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// It issues a certificate of so many seconds.
    Issue(u64),
    /// It issues one that is over already.
    Stale,
    /// It issues one for somebody else.
    Other,
    Fail,
    /// It never answers.
    Hang,
}

/// Acts as its script says, the last act for ever.
struct Scripted {
    started: Instant,
    script: Vec<Act>,
    asked: Mutex<Vec<f64>>,
}

impl Issuer for Scripted {
    fn issue<'a>(&'a self, id: &'a SpiffeId) -> BoxFuture<'a, Result<Svid, IdentityError>> {
        let since = self.started.elapsed();
        let number = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(since.as_secs_f64());
            asked.len()
        };
        let act = *self.script.get(number - 1).or_else(|| self.script.last()).unwrap();
        let serial = u32::try_from(number).unwrap() + 1;
        Box::pin(async move {
            let good = |life| svid(START + since, Duration::from_secs(life), serial);
            match act {
                Act::Issue(life) => Ok(good(life)),
                Act::Stale => Ok(svid(START, since.mul_f64(0.9), serial)),
                Act::Other => {
                    Ok(Svid { id: "spiffe://cluster.local/ns/a/sa/other".parse().unwrap(), ..good(100) })
                }
                Act::Fail => Err(IdentityError::EmptyChain { id: id.to_string() }),
                Act::Hang => std::future::pending().await,
            }
        })
    }
}

/// What a rotation left behind.
struct Ran {
    /// When the issuer was asked, in seconds.
    asked: Vec<f64>,
    events: Vec<RotationEvent>,
    source: SvidSource,
    /// `serial` or `-` and the second at which that began.
    shown: Vec<(String, u64)>,
}

/// Runs the rotation for `seconds`; it starts with a certificate of `life` seconds, or with none.
async fn run(life: Option<u64>, script: &[Act], seconds: u64) -> Ran {
    let started = Instant::now();
    let issuer = Arc::new(Scripted { started, script: script.to_vec(), asked: Mutex::default() });
    let first = svid(START, Duration::from_secs(life.unwrap_or_default()), 1);
    let source = match life {
        Some(_) => SvidSource::new(first),
        None => SvidSource::initializing(first.id),
    };
    let events = Mutex::new(Vec::new());
    let rotation = rotate(
        source.clone(),
        issuer.clone(),
        move || START + started.elapsed(),
        |event| events.lock().unwrap().push(event),
    );
    let mut shown = Vec::new();
    let watch = async {
        let mut state = source.state();
        loop {
            let serial = source.current().map_or_else(|| "-".to_owned(), |svid| svid.serial.clone());
            shown.push((serial, started.elapsed().as_secs()));
            state = source.changed(&state).await;
        }
    };
    let _ = timeout(Duration::from_secs(seconds), async { tokio::join!(rotation, watch) }).await;
    let asked = issuer.asked.lock().unwrap().clone();
    Ran { asked, events: events.into_inner().unwrap(), source, shown }
}

fn gaps(asked: &[f64]) -> Vec<f64> {
    asked.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[tokio::test(start_paused = true)]
async fn renews_at_half_life_give_or_take_a_tenth() {
    let Ran { asked, events, source, .. } = run(Some(100), &[Act::Issue(100)], 60).await;
    assert!(matches!(asked[..], [only] if (44.9..=55.1).contains(&only)), "{asked:?}");
    assert!(matches!(&events[..], [RotationEvent::Renewed { .. }]), "{events:?}");
    assert_eq!(source.current().unwrap().serial, "2");
}

#[tokio::test(start_paused = true)]
async fn a_life_of_seconds_is_renewed_for_ever_neither_late_nor_in_a_loop() {
    let Ran { asked, shown, .. } = run(Some(2), &[Act::Issue(2)], 100).await;
    assert!((80..=120).contains(&asked.len()), "about one a second: {}", asked.len());
    assert!(gaps(&asked).iter().all(|gap| (0.89..=1.11).contains(gap)), "{asked:?}");
    assert!(shown.iter().all(|(serial, _)| serial != "-"), "{shown:?}");
}

#[tokio::test(start_paused = true)]
async fn a_failing_issuer_leaves_the_old_certificate_until_it_expires_and_is_asked_more_slowly() {
    let Ran { asked, events, source, shown } = run(Some(100), &[Act::Fail], 2000).await;
    assert_eq!(shown[..2], [("1".to_owned(), 0), ("-".to_owned(), 100)]);
    let gaps = gaps(&asked);
    for (gap, expected) in gaps.iter().zip([1.0, 2.0, 4.0, 8.0]) {
        assert!((expected * 0.79..=expected * 1.21).contains(gap), "{gaps:?}");
    }
    assert!(gaps.iter().all(|gap| *gap < 150.1), "{gaps:?}");
    assert!(gaps.iter().rev().take(3).all(|gap| *gap > 119.0), "{gaps:?}");
    assert!(asked.iter().any(|asked| (99.9..=100.1).contains(asked)), "asked again at the expiry: {asked:?}");
    let RotationEvent::Failed { attempt: 1, old_valid_for: Some(left), .. } = &events[0] else {
        panic!("{events:?}")
    };
    assert!(*left > Duration::from_secs(40));
    assert_eq!(events.iter().filter(|event| matches!(event, RotationEvent::Expired { .. })).count(), 1);
    assert!(matches!(events.last(), Some(RotationEvent::Failed { old_valid_for: None, .. })), "{events:?}");
    let said = source.state().to_string();
    assert!(said.starts_with("Unavailable: chain returned from CA is empty for: spiffe://"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn success_heals_and_starts_afresh() {
    let script = [Act::Fail, Act::Fail, Act::Issue(100)];
    let Ran { asked, events, .. } = run(Some(100), &script, 80).await;
    assert_eq!(asked.len(), 3, "{asked:?}");
    let kinds = |event: &RotationEvent| match event {
        RotationEvent::Failed { attempt, .. } => *attempt,
        _ => 0,
    };
    assert_eq!(events.iter().map(kinds).collect::<Vec<_>>(), [1, 2, 0]);
    let script = [Act::Fail, Act::Fail, Act::Fail, Act::Issue(100)];
    let Ran { asked, shown, .. } = run(Some(2), &script, 30).await;
    assert_eq!(asked.len(), 4, "{asked:?}");
    let serials: Vec<&str> = shown.iter().map(|(serial, _)| serial.as_str()).collect();
    assert!(matches!(serials[..], ["1", "-", .., "5"]), "{shown:?}");
}

#[tokio::test(start_paused = true)]
async fn without_any_certificate_the_first_is_asked_for_at_once_and_again_with_the_backoff() {
    let Ran { asked, source, .. } = run(None, &[Act::Fail, Act::Fail, Act::Issue(100)], 20).await;
    assert_eq!((asked.len(), asked[0]), (3, 0.0));
    assert!((0.79..=1.21).contains(&asked[1]) && (2.3..=3.7).contains(&asked[2]), "{asked:?}");
    assert_eq!(source.current().unwrap().serial, "4");
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_never_answers_fails_in_time_and_the_old_certificate_expires_meanwhile() {
    let Ran { asked, events, source, shown } = run(Some(8), &[Act::Hang], 30).await;
    assert!((10.7..=11.3).contains(&gaps(&asked)[0]), "10 s and the first delay: {asked:?}");
    assert_eq!(shown[..2], [("1".to_owned(), 0), ("-".to_owned(), 8)], "expired while it was waited for");
    let RotationEvent::Expired { error, .. } = &events[0] else { panic!("{events:?}") };
    assert!(matches!(**error, IdentityError::Expired { .. }), "{error}");
    assert!(source.state().to_string().ends_with("within 10s, found no answer"), "{source:?}");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_for_somebody_else_is_not_taken() {
    let Ran { events, source, .. } = run(Some(100), &[Act::Other], 60).await;
    assert_eq!(source.current().unwrap().serial, "1");
    let RotationEvent::Failed { error, .. } = &events[0] else { panic!("{events:?}") };
    assert!(matches!(**error, IdentityError::OtherIdentity { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_is_over_is_better_than_none_only_and_never_asked_for_in_a_loop() {
    let Ran { events, source, .. } = run(Some(100), &[Act::Stale], 60).await;
    assert_eq!(source.current().unwrap().serial, "1", "the old one is valid");
    let RotationEvent::Failed { error, .. } = &events[0] else { panic!("{events:?}") };
    assert!(error.to_string().ends_with("found one that has expired already"), "{error}");
    let Ran { asked, source, .. } = run(None, &[Act::Stale], 60).await;
    assert!(source.current().is_some() && asked.len() < 8, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_change_misses_none() {
    let source = SvidSource::new(svid(START, Duration::from_secs(100), 1));
    let first = source.state();
    source.replace(svid(START, Duration::from_secs(100), 2));
    let second = source.changed(&first).await;
    assert_eq!(source.current().unwrap().serial, "2");
    let waits = timeout(Duration::from_secs(1), source.changed(&second)).await;
    assert!(waits.is_err());
    let (third, ()) = tokio::join!(source.changed(&second), async {
        tokio::task::yield_now().await;
        source.withdraw(Arc::new(IdentityError::EmptyChain { id: "a".to_owned() }));
    });
    assert!(matches!(*third, SvidState::Unavailable(_)));
}

#[test]
fn a_retry_is_never_later_than_the_old_certificates_expiry() {
    let left = Some(Duration::from_secs(3));
    assert_eq!(retry_delay(9, 1.0, left), Duration::from_secs(3));
    assert_eq!(retry_delay(9, 1.0, None), Duration::from_secs(150));
    assert_eq!(retry_delay(u32::MAX, 1.2, None), Duration::from_secs(150));
}

#[test]
fn renewal_is_at_half_of_what_is_left_however_far_the_validity_reaches_back() {
    let now = START + Duration::from_secs(1000);
    let check = |begins: u64, life: u64, expect: u64| {
        let svid = svid(START + Duration::from_secs(begins), Duration::from_secs(life), 1);
        assert_eq!(renewal_due(&svid, now, 1.0), START + Duration::from_secs(expect));
    };
    check(1000, 100, 1050);
    // Two seconds, backdated by two minutes as istiod does: ztunnel's moment would be 59 s ago.
    check(880, 122, 1001);
    check(880, 120, 1000);
    check(1500, 100, 1000);
    // A CA near its own end issues ever shorter ones; halving what is left would never come to it.
    let brief = |left| svid(now, Duration::from_millis(left), 1);
    assert_eq!(renewal_due(&brief(300), now, 1.0), now + SHORTEST_WAIT);
    assert_eq!(renewal_due(&brief(100), now, 1.0), now + Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_somebody_wants_comes_now_and_its_failure_keeps_what_there_is() {
    let started = Instant::now();
    let issuer =
        Arc::new(Scripted { started, script: vec![Act::Issue(100), Act::Fail], asked: Mutex::default() });
    let source = SvidSource::new(svid(START, Duration::from_secs(100), 1));
    let serial = || source.current().unwrap().serial.clone();
    let rotation = rotate(source.clone(), issuer.clone(), move || START + started.elapsed(), |_| ());
    let wishes = async {
        source.renew().await;
        assert_eq!(serial(), "2");
        source.renew().await;
        assert_eq!(serial(), "2");
    };
    tokio::select! { () = rotation => {}, () = wishes => {} }
    let asked = issuer.asked.lock().unwrap().clone();
    assert_eq!((asked.len(), started.elapsed()), (2, Duration::ZERO), "{asked:?}");
}
