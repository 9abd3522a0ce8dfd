//! Counters in ztunnel's names (reference/hbone.md 10.3), and a few of our own.

use std::sync::Arc;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::telemetry::event::Opening;
use crate::telemetry::half::{Half, Party, Reporter, is_mutual_tls};
use crate::telemetry::labels::{Labeller, Labels};
use crate::telemetry::outcome::{Flag, Wire};

/// All metrics; clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    labeller: Labeller,
    families: Families,
    /// The open sockets of sources, then of destinations: looked up once.
    sockets: [Gauge; 2],
}

#[derive(Clone, Debug, Default)]
struct Families {
    opened: Family<Labels, Counter>,
    closed: Family<Labels, Counter>,
    failed: Family<Labels, Counter>,
    received: Family<Labels, Counter>,
    sent: Family<Labels, Counter>,
    sockets: Family<[(&'static str, &'static str); 1], Gauge>,
    revoked: Family<[(&'static str, &'static str); 1], Counter>,
    build: Family<[(&'static str, &'static str); 2], Gauge>,
    connections: Gauge,
    dropped: Counter,
    log_errors: Counter,
}

impl Metrics {
    /// Metrics at zero; `cluster` is the value of `source_cluster` and `destination_cluster`.
    pub fn new(cluster: impl Into<Arc<str>>) -> Self {
        let families = Families::default();
        let build = [("component", "glasstunnel"), ("tag", env!("CARGO_PKG_VERSION"))];
        families.build.get_or_create(&build).set(1);
        let sockets = [Reporter::Source, Reporter::Destination].map(|reporter| {
            // Counted from zero, so that the first refusal is an increase.
            drop(families.revoked.get_or_create(&[("reporter", reporter.name())]));
            families.sockets.get_or_create_owned(&[("reporter", reporter.name())])
        });
        Self {
            registry: Arc::new(families.registered()),
            labeller: Labeller::new(cluster.into()),
            families,
            sockets,
        }
    }

    /// All metrics as OpenMetrics text.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a `String` cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// Counts a half that relays now.
    pub(in crate::telemetry) fn opened(&self, opening: &Opening) {
        self.families.opened.get_or_create(&self.labels_at_opening(opening)).inc();
        self.socket(opening.reporter).inc();
    }

    /// Counts the end of a half, with what it was `opened` as.
    ///
    /// A half that was refused before its relay counts as opened all the same, as ztunnel tracks it from its first
    /// look at the policies; one that ended before that (`early`) counts nowhere.
    pub(in crate::telemetry) fn finished(&self, half: &Half, opened: Option<&Opening>) {
        if opened.is_some() {
            self.socket(half.reporter).dec();
        }
        if half.outcome.flag() == Flag::CertRevoked {
            self.families.revoked.get_or_create(&[("reporter", half.reporter.name())]).inc();
        }
        if half.early {
            return;
        }
        let mut labels = self.labels(half.reporter, (&half.source, &half.destination), half.wire);
        if opened.is_none() {
            self.families.opened.get_or_create(&labels).inc();
        }
        labels.flag = half.outcome.flag();
        self.families.closed.get_or_create(&labels).inc();
        if half.outcome.failure().is_some() {
            self.families.failed.get_or_create(&labels).inc();
        }
        // As seen from the client, whoever reports: what it sent was received, what it got was sent.
        self.families.received.get_or_create(&labels).inc_by(half.to_backend);
        self.families.sent.get_or_create(&labels).inc_by(half.to_client);
    }

    /// Counts a half whose end was lost.
    pub(in crate::telemetry) fn lost(&self, opening: &Opening) {
        self.socket(opening.reporter).dec();
        self.families.closed.get_or_create(&self.labels_at_opening(opening)).inc();
    }

    /// Counts events that never reached the recorder.
    pub(in crate::telemetry) fn dropped(&self, events: u64) {
        self.families.dropped.inc_by(events);
    }

    /// Counts access log writes that failed.
    pub(in crate::telemetry) fn log_errors(&self, errors: u64) {
        self.families.log_errors.inc_by(errors);
    }

    /// Says how many connections relay now.
    pub(in crate::telemetry) fn connections(&self, open: usize) {
        self.families.connections.set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    fn socket(&self, reporter: Reporter) -> &Gauge {
        let [source, destination] = &self.sockets;
        match reporter {
            Reporter::Source => source,
            Reporter::Destination => destination,
        }
    }

    fn labels_at_opening(&self, opening: &Opening) -> Labels {
        self.labels(opening.reporter, (&opening.source, &opening.destination), Some(opening.wire))
    }

    fn labels(
        &self,
        reporter: Reporter,
        (source, destination): (&Party, &Party),
        wire: Option<Wire>,
    ) -> Labels {
        self.labeller.labels(reporter, (source, destination), is_mutual_tls(wire, source))
    }
}

impl Families {
    /// A registry of everything, in ztunnel's order; the client library adds `_total` to counters and a full stop to
    /// help texts.
    fn registered(&self) -> Registry {
        let mut registry = Registry::default();
        let tcp = [
            ("connections_opened", "The total number of TCP connections opened", &self.opened),
            ("connections_closed", "The total number of TCP connections closed", &self.closed),
            ("received_bytes", "The bytes that were received from clients, in the request", &self.received),
            ("sent_bytes", "The bytes that were sent to clients, in the response", &self.sent),
            ("connections_failed", "The total number of TCP connections that failed", &self.failed),
        ];
        for (name, help, family) in tcp {
            registry.register(format!("istio_tcp_{name}"), help, family.clone());
        }
        registry.register("istio_tcp_sockets_open", "Halves that relay now", self.sockets.clone());
        let revoked =
            ("istio_crl_policy_rejections", "Connections refused or cut because their peer is revoked");
        registry.register(revoked.0, revoked.1, self.revoked.clone());
        registry.register("istio_build", "The version that runs", self.build.clone());
        let connections = ("glasstunnel_connections_open", "Connections that relay now, both ends being one");
        registry.register(connections.0, connections.1, self.connections.clone());
        let dropped = ("glasstunnel_records_dropped", "Events lost because the recorder was too far behind");
        registry.register(dropped.0, dropped.1, self.dropped.clone());
        let log_errors = ("glasstunnel_access_log_errors", "Access log writes that failed");
        registry.register(log_errors.0, log_errors.1, self.log_errors.clone());
        registry
    }
}

#[cfg(test)]
mod tests;
