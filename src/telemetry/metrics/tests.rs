//! Names, labels and their order.

use super::*;
use crate::telemetry::outcome::Outcome;
use crate::telemetry::tests::{denied, expired, golden, hbone, hostile, outside, plaintext};

fn opening(half: &Half) -> Opening {
    Opening {
        reporter: half.reporter,
        join: half.join,
        started: half.started,
        source: half.source.clone(),
        destination: half.destination.clone(),
        hbone_addr: half.hbone_addr.clone(),
        wire: half.wire.unwrap_or(Wire::Raw),
        counts: Arc::default(),
    }
}

/// The samples, sorted: the client library keeps no order inside a family.
fn samples(metrics: &Metrics) -> String {
    let text = metrics.encode();
    assert!(text.ends_with("# EOF\n"));
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n") + "\n"
}

#[test]
fn families_are_ztunnels() {
    let metrics = Metrics::new("Kubernetes");
    for half in [hbone().0, hbone().1, plaintext().1] {
        metrics.opened(&opening(&half));
        metrics.finished(&half, Some(&opening(&half)));
    }
    metrics.finished(&denied().1, None);
    metrics.finished(&expired().1, None);
    metrics.opened(&opening(&outside()));
    golden("metrics.txt", &samples(&metrics));
}

#[test]
fn an_early_end_counts_nowhere() {
    let metrics = Metrics::new("Kubernetes");
    let before = samples(&metrics);
    metrics.finished(&expired().1, None);
    assert_eq!(samples(&metrics), before);
}

/// Refused in the handshake or cut later, early or not: each is one rejection of the side that judged.
#[test]
fn whoever_is_refused_for_a_revocation_is_counted() {
    let metrics = Metrics::new("Kubernetes");
    let mut half = expired().1;
    if let Outcome::Failed(failure) = &mut half.outcome {
        failure.flag = Flag::CertRevoked;
    }
    metrics.finished(&half, None);
    let text = samples(&metrics);
    assert!(text.contains("istio_crl_policy_rejections_total{reporter=\"destination\"} 1\n"), "{text}");
    assert!(text.contains("istio_crl_policy_rejections_total{reporter=\"source\"} 0\n"), "{text}");
}

#[test]
fn a_million_authorities_are_one_label_set() {
    let metrics = Metrics::new("Kubernetes");
    metrics.finished(&hostile(), None);
    let before = samples(&metrics).lines().count();
    for number in 0..100 {
        let mut half = hostile();
        half.hbone_addr = Some(format!("host-{number}:80").into());
        metrics.finished(&half, None);
    }
    let text = samples(&metrics);
    assert_eq!(text.lines().count(), before);
    assert!(!text.contains("host-") && !text.contains("evil"));
}

#[test]
fn snapshots_of_one_workload_are_one_label_set() {
    let metrics = Metrics::new("Kubernetes");
    metrics.finished(&hbone().0, None);
    metrics.finished(&hbone().0, None);
    let text = metrics.encode();
    let opened: Vec<&str> =
        text.lines().filter(|line| line.starts_with("istio_tcp_connections_opened_total")).collect();
    assert!(matches!(opened[..], [line] if line.ends_with("} 2")), "{opened:?}");
}
