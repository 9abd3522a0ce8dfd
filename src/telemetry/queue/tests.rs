//! Batches, bells and bounds.

use super::*;
use crate::telemetry::tests::{hbone, plaintext};

fn ids(events: &[Event]) -> Vec<u64> {
    let id = |event: &Event| match event {
        Event::Opened(id, _) | Event::Finished(id, _) => id.0,
    };
    events.iter().map(id).collect()
}

#[tokio::test(start_paused = true)]
async fn a_batch_gathers() {
    let (sender, mut receiver) = queue();
    let (other, mut events) = (sender.worker(), Vec::new());
    let start = tokio::time::Instant::now();
    let push = async {
        tokio::time::sleep(Duration::from_secs(1)).await; // paused time
        sender.finished(HalfId(1), Box::new(hbone().0));
        tokio::time::sleep(GATHER / 2).await; // paused time
        other.finished(HalfId(3), Box::new(hbone().1));
        sender.finished(HalfId(2), Box::new(plaintext().0));
    };
    tokio::join!(push, receiver.batch(&mut events));
    assert_eq!(ids(&events), [1, 2, 3]);
    assert_eq!(start.elapsed(), Duration::from_secs(1) + GATHER);
}

#[tokio::test(start_paused = true)]
async fn under_load_nobody_rings() {
    let (sender, mut receiver) = queue();
    let mut events = Vec::new();
    for id in 0..5 {
        sender.finished(HalfId(id), Box::new(hbone().0));
        assert!(!receiver.shared.asleep.load(Ordering::SeqCst), "a push would make a system call");
        receiver.batch(&mut events).await;
    }
    assert_eq!(ids(&events), [0, 1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_wait_loses_nothing() {
    let (sender, mut receiver) = queue();
    let mut events = Vec::new();
    for _ in 0..3 {
        assert!(tokio::time::timeout(Duration::from_secs(1), receiver.batch(&mut events)).await.is_err());
    }
    sender.finished(HalfId(1), Box::new(hbone().0));
    receiver.batch(&mut events).await;
    sender.finished(HalfId(2), Box::new(hbone().0));
    assert!(tokio::time::timeout(GATHER / 2, receiver.batch(&mut events)).await.is_err());
    receiver.batch(&mut events).await;
    assert_eq!(ids(&events), [1, 2]);
}

#[test]
fn a_lane_is_bounded() {
    let (sender, mut receiver) = queue();
    let half = outsider();
    for _ in 0..CAPACITY + 3 {
        let id = sender.next_id();
        sender.finished(id, Box::new(half.clone()));
    }
    let mut events = Vec::new();
    assert!(receiver.take(&mut events));
    assert_eq!((events.len(), receiver.dropped().count()), (CAPACITY, 3));
    assert!(!receiver.take(&mut events));
}

#[test]
fn ids_are_unique_and_lanes_go_with_their_workers() {
    let (sender, mut receiver) = queue();
    let other = sender.worker();
    let ids = [sender.next_id(), sender.clone().next_id(), other.next_id(), other.next_id()];
    assert_eq!(std::collections::HashSet::from(ids).len(), 4);
    other.finished(ids[2], Box::new(outsider()));
    drop(other);
    let mut events = Vec::new();
    assert!(receiver.take(&mut events));
    assert_eq!((events.len(), locked(&receiver.shared.lanes).len()), (1, 1));
}

fn outsider() -> Half {
    crate::telemetry::tests::outside()
}
