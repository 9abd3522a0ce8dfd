//! All orders of events give the same record.

use proptest::prelude::*;

use super::*;
use crate::telemetry::tests::{denied, expired, hbone, hostile, outside, plaintext};
use crate::trace_context::TraceId;

fn opening(half: &Half) -> Arc<Opening> {
    Arc::new(Opening {
        reporter: half.reporter,
        join: half.join,
        started: half.started,
        source: half.source.clone(),
        destination: half.destination.clone(),
        hbone_addr: half.hbone_addr.clone(),
        wire: half.wire.unwrap_or(crate::telemetry::Wire::Raw),
        counts: Arc::default(),
    })
}

/// What arrives: a half's beginning or its end.
#[derive(Clone)]
enum Arrival {
    Opened(HalfId, Arc<Opening>),
    Ended(HalfId, Box<Half>),
}

/// Numbers of halves per record, in order of publication, and the ids in order of first sight.
fn feed(arrivals: &[Arrival]) -> Vec<Record> {
    let mut joiner = Joiner::default();
    let now = Instant::now();
    let mut records = Vec::new();
    for arrival in arrivals {
        records.extend(match arrival.clone() {
            Arrival::Opened(id, opening) => {
                joiner.opened(id, &opening);
                None
            }
            Arrival::Ended(id, half) => joiner.ended(id, half, now),
        });
    }
    assert!(joiner.overdue(now + PATIENCE).is_none(), "every half had its other");
    assert!(joiner.connections.is_empty() && joiner.opened.is_empty() && joiner.relaying() == 0);
    assert_eq!(format!("{:?}", joiner.partners), "Partners { by_key: {} }");
    records
}

fn traced((mut source, mut destination): (Half, Half), number: u8) -> (Half, Half) {
    source.join.trace = Some(TraceId([number; 16]));
    destination.join.trace = source.join.trace;
    // All streams of one tunnel come from one socket.
    destination.join.socket = Some(([127, 7, 0, 2], 40_000).into());
    (source, destination)
}

proptest! {
    #[test]
    fn any_order_gives_the_same_records(order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let (first, second, third) = (traced(hbone(), 1), traced(hbone(), 2), plaintext());
        let halves = [first.0, first.1, second.0, second.1, third.0, third.1];
        // A half's beginning comes before its end: whichever of its two numbers is met first begins it.
        let mut begun = [false; 6];
        let arrivals: Vec<Arrival> = order.iter().map(|number| {
            let (index, id) = (number / 2, HalfId(*number as u64 / 2));
            if std::mem::replace(&mut begun[index], true) {
                Arrival::Ended(id, Box::new(halves[index].clone()))
            } else {
                Arrival::Opened(id, opening(&halves[index]))
            }
        }).collect();
        let records = feed(&arrivals);
        prop_assert_eq!(records.len(), 3);
        for record in &records {
            let (source, destination) = (record.source.as_deref().unwrap(), record.destination.as_deref().unwrap());
            prop_assert_eq!(source.join.trace, destination.join.trace);
            prop_assert_eq!(source.wire, destination.wire);
        }
        // Numbered by first sight.
        let mut seen: Vec<usize> = Vec::new();
        for number in &order {
            if !seen.contains(&(number / 4)) {
                seen.push(number / 4);
            }
        }
        for record in records {
            let key = match (record.wire(), record.source.unwrap().join.trace) {
                (Some(crate::telemetry::Wire::Raw), _) => 2,
                (_, Some(TraceId([number, ..]))) => usize::from(number) - 1,
                _ => 99,
            };
            prop_assert_eq!(seen[record.id as usize - 1], key);
        }
    }
}

#[test]
fn a_half_that_never_relayed_is_joined_too() {
    for (source, destination) in [denied(), traced(expired(), 3)] {
        let ends =
            [Arrival::Ended(HalfId(1), Box::new(source)), Arrival::Ended(HalfId(2), Box::new(destination))];
        let [one, other] = &ends;
        for order in [[one.clone(), other.clone()], [other.clone(), one.clone()]] {
            let records = feed(&order);
            assert!(matches!(&records[..], [Record { id: 1, source: Some(_), destination: Some(_) }]));
        }
    }
}

/// Ends `half` alone: published at once, or after the wait.
#[track_caller]
fn check_wait(half: Half, waits: bool) {
    let (mut joiner, now) = (Joiner::default(), Instant::now());
    let at_once = joiner.ended(HalfId(1), Box::new(half), now);
    assert_eq!(at_once.is_none(), waits);
    if waits {
        assert_eq!(joiner.deadline(), Some(now + PATIENCE));
        assert!(joiner.overdue(now + PATIENCE - Duration::from_millis(1)).is_none());
        assert_eq!(joiner.overdue(now + PATIENCE).map(|record| record.id), Some(1));
    }
    assert!(joiner.deadline().is_none());
}

#[tokio::test(start_paused = true)]
async fn only_who_expects_a_partner_waits() {
    check_wait(hbone().0, true);
    check_wait(hbone().1, true);
    check_wait(outside(), false);
    // It failed before it called anyone.
    check_wait(hostile(), false);
    let mut alone = hbone().1;
    alone.join.expects_other = false;
    check_wait(alone, false);
}

#[test]
fn a_partner_that_relays_is_waited_for() {
    let (source, destination) = hbone();
    let (mut joiner, now) = (Joiner::default(), Instant::now());
    assert_eq!(joiner.opened(HalfId(1), &opening(&source)), 1);
    assert_eq!(joiner.opened(HalfId(2), &opening(&destination)), 1);
    assert!(joiner.ended(HalfId(2), Box::new(destination), now).is_none());
    assert!(joiner.overdue(now + PATIENCE * 100).is_none());
    assert_eq!(joiner.relaying(), 1);
    let record = joiner.ended(HalfId(1), Box::new(source), now + PATIENCE * 200).unwrap();
    assert!(record.source.is_some() && record.destination.is_some());
}

#[test]
fn what_contradicts_is_not_joined() {
    let check = |change: fn(&mut Half)| {
        let (source, mut destination) = hbone();
        change(&mut destination);
        let (mut joiner, now) = (Joiner::default(), Instant::now());
        joiner.ended(HalfId(1), Box::new(source), now);
        joiner.ended(HalfId(2), Box::new(destination), now);
        assert_eq!(joiner.flush().len(), 2);
    };
    check(|half| half.join.trace = Some(TraceId([9; 16])));
    check(|half| half.source.workload = half.destination.workload.clone());
    check(|half| half.reporter = Reporter::Source);
}

#[test]
fn a_repeated_trace_costs_a_bounded_list() {
    let (mut joiner, now) = (Joiner::default(), Instant::now());
    let half = hbone().1;
    for id in 0..100 {
        joiner.ended(HalfId(id), Box::new(half.clone()), now);
    }
    assert!(format!("{:?}", joiner.partners).len() < 500);
    assert_eq!(joiner.flush().len(), 100);
}

#[test]
fn a_lost_end_frees_its_partner() {
    let (source, destination) = hbone();
    let (mut joiner, now) = (Joiner::default(), Instant::now());
    joiner.opened(HalfId(1), &opening(&source));
    joiner.opened(HalfId(2), &opening(&destination));
    assert!(joiner.ended(HalfId(1), Box::new(source), now).is_none());
    let record = joiner.lost(HalfId(2)).unwrap();
    assert!(record.source.is_some() && record.destination.is_none());
    assert!(joiner.connections.is_empty());
}

/// Whichever is lost first, and whether the other is lost too or ends after all, nothing of them is kept.
#[test]
fn a_lost_beginning_keeps_nothing() {
    let (source, destination) = hbone();
    for (first, second) in [(1, 2), (2, 1)] {
        for other_ends in [false, true] {
            let (mut joiner, now) = (Joiner::default(), Instant::now());
            joiner.opened(HalfId(1), &opening(&source));
            joiner.opened(HalfId(2), &opening(&destination));
            assert!(joiner.lost(HalfId(first)).is_none());
            assert_eq!(joiner.relaying(), 1, "the other relays");
            let half = if second == 1 { &source } else { &destination };
            let record = match other_ends {
                true => joiner.ended(HalfId(second), Box::new(half.clone()), now),
                false => joiner.lost(HalfId(second)),
            };
            assert_eq!(record.is_some(), other_ends);
            assert!(joiner.connections.is_empty() && joiner.opened.is_empty() && joiner.relaying() == 0);
            assert_eq!(format!("{:?}", joiner.partners), "Partners { by_key: {} }");
        }
    }
}
