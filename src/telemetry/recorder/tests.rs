//! From a push to every reader.

use std::time::Duration;

use super::*;
use crate::drain::drain;
use crate::telemetry::queue::queue;
use crate::telemetry::tests::{denied, hbone, outside};
use crate::telemetry::{EventSender, Wire};

fn opening(half: &Half, counts: Arc<crate::io::ByteCounts>) -> Opening {
    Opening {
        reporter: half.reporter,
        join: half.join,
        started: half.started,
        source: half.source.clone(),
        destination: half.destination.clone(),
        hbone_addr: half.hbone_addr.clone(),
        wire: half.wire.unwrap_or(Wire::Raw),
        counts,
    }
}

fn start() -> (EventSender, RecorderHandle, Metrics, crate::drain::Drain) {
    let (sender, receiver) = queue();
    let metrics = Metrics::new("Kubernetes");
    let recorder = Recorder::new(receiver, metrics.clone(), None);
    let (handle, (owner, tasks)) = (recorder.handle(), drain());
    tasks.spawn("recorder", recorder.run(tasks.clone()));
    (sender, handle, metrics, owner)
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_open_then_recorded() {
    let (sender, handle, metrics, owner) = start();
    let mut records = handle.subscribe();
    let (source, destination) = hbone();
    let (one, other) = (sender.next_id(), sender.worker().next_id());
    sender.opened(other, opening(&destination, Arc::default()));
    sender.opened(one, opening(&source, Arc::default()));
    tokio::time::sleep(Duration::from_millis(50)).await; // paused time
    let open: Vec<_> = handle.open().iter().map(|it| (it.id, it.opening.reporter.name())).collect();
    assert_eq!(open, [(1, "source"), (1, "destination")]);
    assert!(metrics.encode().contains("glasstunnel_connections_open 1\n"));
    sender.finished(one, Box::new(source));
    sender.worker().finished(other, Box::new(destination));
    assert_eq!(records.recv().await.unwrap().id, 1);
    assert!(handle.open().is_empty());
    assert_eq!(handle.get(1).unwrap().why(), "mesh mTLS, STRICT from mesh.yaml:12");
    assert!(metrics.encode().contains("istio_tcp_sockets_open{reporter=\"source\"} 0\n"));
    owner.finish(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_lonely_half_waits_two_seconds() {
    let (sender, handle, _, owner) = start();
    let mut records = handle.subscribe();
    let begin = Instant::now();
    sender.finished(sender.next_id(), Box::new(denied().1));
    sender.finished(sender.next_id(), Box::new(outside()));
    assert_eq!(records.recv().await.unwrap().id, 2, "it expects nobody");
    assert_eq!(records.recv().await.unwrap().id, 1);
    assert!((2..3).contains(&begin.elapsed().as_secs()));
    assert_eq!(handle.recent(5).iter().map(|record| record.id).collect::<Vec<_>>(), [2, 1]);
    owner.finish(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_no_partner() {
    let (sender, handle, _, owner) = start();
    sender.finished(sender.next_id(), Box::new(hbone().0));
    let begin = Instant::now();
    assert_eq!(owner.finish(Duration::from_secs(1)).await.cut, 0);
    assert!(begin.elapsed() < Duration::from_secs(1));
    assert_eq!(handle.recent(1).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_was_lost_is_given_up() {
    let (sender, receiver) = queue();
    let mut recorder = Recorder::new(receiver, Metrics::new("Kubernetes"), None);
    let handle = recorder.handle();
    let counts = Arc::default();
    recorder.opened(sender.next_id(), Arc::new(opening(&hbone().0, Arc::clone(&counts))));
    recorder.opened(sender.next_id(), Arc::new(opening(&outside(), Arc::default())));
    let half = outside();
    for _ in 0..70_000 {
        sender.finished(sender.next_id(), Box::new(half.clone()));
    }
    assert!(handle.dropped() > 4_000);
    recorder.settle();
    assert_eq!(handle.open().len(), 2, "its end may still be in the queue");
    recorder.settle();
    assert_eq!(handle.open().len(), 1, "the other one still relays: its counts are held");
    assert!(recorder.metrics.encode().contains("glasstunnel_records_dropped_total 44"));
}
