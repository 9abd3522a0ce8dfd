//! The labels of a connection's metrics, in ztunnel's order (reference/hbone.md 10.3).
//!
//! Every value comes from the mesh's configuration or from a verified certificate. No text that a peer chooses becomes a
//! label: such labels grow without end (CVE-2025-43915).

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};

use crate::identity::SpiffeId;
use crate::mesh::{Service, Workload};
use crate::telemetry::half::{Party, Reporter};
use crate::telemetry::outcome::Flag;

/// What is written where nothing is known.
const UNKNOWN: &str = "unknown";

/// One label set. It holds what the texts come from, so that neither looking it up nor cloning it makes a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::telemetry) struct Labels {
    /// Stands for all but the flag where labels are looked up, in four families for each connection: the library's tables hash
    /// with what is made for keys that an attacker chooses, and five texts were a third of what recording a connection took.
    key: u64,
    reporter: Reporter,
    source: Subject,
    destination: Subject,
    service: Dialled,
    pub(in crate::telemetry) flag: Flag,
    mutual_tls: bool,
    cluster: Arc<str>,
}

/// What makes labels: what is the same in all of a process.
#[derive(Clone, Debug)]
pub(in crate::telemetry) struct Labeller {
    cluster: Arc<str>,
    hasher: foldhash::fast::RandomState,
}

impl Labeller {
    /// A labeller whose `source_cluster` and `destination_cluster` are `cluster`.
    pub(in crate::telemetry) fn new(cluster: Arc<str>) -> Self {
        Self { cluster, hasher: foldhash::fast::RandomState::default() }
    }

    /// The labels of a half of `reporter` between these two, without a flag.
    pub(in crate::telemetry) fn labels(
        &self,
        reporter: Reporter,
        (source, destination): (&Party, &Party),
        mutual_tls: bool,
    ) -> Labels {
        let service = Dialled(destination.service.clone());
        let (source, destination) = (Subject::of(source, mutual_tls), Subject::of(destination, mutual_tls));
        let texts = (source.telling(), destination.telling(), service.texts());
        Labels {
            key: self.hasher.hash_one((reporter, mutual_tls, texts)),
            reporter,
            source,
            destination,
            service,
            flag: Flag::None,
            mutual_tls,
            cluster: Arc::clone(&self.cluster),
        }
    }
}

impl Hash for Labels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.key, self.flag).hash(state);
    }
}

/// One end: a workload, and its identity where it was proven.
#[derive(Clone, Debug)]
struct Subject {
    workload: Option<Arc<Workload>>,
    identity: Option<SpiffeId>,
}

/// The service that was dialled.
#[derive(Clone, Debug)]
struct Dialled(Option<Arc<Service>>);

impl Subject {
    /// The subject of `party`; without mutual TLS nobody has proven an identity.
    fn of(party: &Party, mutual_tls: bool) -> Self {
        let identity = party.identity.clone().filter(|_| mutual_tls);
        Self { workload: party.workload.clone(), identity }
    }

    /// The two texts that tell most subjects apart.
    fn telling(&self) -> [&str; 2] {
        let [workload, _, _, namespace, ..] = self.texts("");
        [workload, namespace]
    }

    /// Workload, canonical service, canonical revision, namespace, principal, cluster.
    fn texts<'a>(&'a self, cluster: &'a str) -> [&'a str; 6] {
        let principal = self.identity.as_ref().map_or(UNKNOWN, SpiffeId::as_str);
        match self.workload.as_deref() {
            None => [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, principal, UNKNOWN],
            Some(workload) => [
                known(&workload.controller),
                known(&workload.canonical_name),
                known(&workload.canonical_revision),
                known(&workload.name.namespace),
                principal,
                known(cluster),
            ],
        }
    }
}

impl PartialEq for Subject {
    /// Two snapshots of a workload that read the same are the same label.
    fn eq(&self, other: &Self) -> bool {
        let same = match (&self.workload, &other.workload) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        (same && self.identity == other.identity) || self.texts("") == other.texts("")
    }
}

impl Eq for Subject {}

impl Dialled {
    /// Host name, namespace, name.
    fn texts(&self) -> [&str; 3] {
        match self.0.as_deref() {
            None => [UNKNOWN; 3],
            Some(service) => [&service.hostname, &service.name.namespace, &service.name.name],
        }
    }
}

impl PartialEq for Dialled {
    /// Two snapshots of a service that read the same are the same label.
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) if Arc::ptr_eq(one, other) => true,
            _ => self.texts() == other.texts(),
        }
    }
}

impl Eq for Dialled {}

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), fmt::Error> {
        let [workload, service, revision, namespace, principal, cluster] = self.source.texts(&self.cluster);
        let source = [
            ("reporter", self.reporter.name()),
            ("source_workload", workload),
            ("source_canonical_service", service),
            ("source_canonical_revision", revision),
            ("source_workload_namespace", namespace),
            ("source_principal", principal),
            ("source_app", service),
            ("source_version", revision),
            ("source_cluster", cluster),
        ];
        let [host, service_namespace, service_name] = self.service.texts();
        let [workload, service, revision, namespace, principal, cluster] =
            self.destination.texts(&self.cluster);
        let destination = [
            ("destination_service", host),
            ("destination_service_namespace", service_namespace),
            ("destination_service_name", service_name),
            ("destination_workload", workload),
            ("destination_canonical_service", service),
            ("destination_canonical_revision", revision),
            ("destination_workload_namespace", namespace),
            ("destination_principal", principal),
            ("destination_app", service),
            ("destination_version", revision),
            ("destination_cluster", cluster),
        ];
        let connection = [
            ("request_protocol", "tcp"),
            ("response_flags", self.flag.name()),
            ("connection_security_policy", if self.mutual_tls { "mutual_tls" } else { UNKNOWN }),
            ("source_region", UNKNOWN),
            ("source_zone", UNKNOWN),
            ("destination_region", UNKNOWN),
            ("destination_zone", UNKNOWN),
        ];
        source.encode(encoder)?;
        destination.encode(encoder)?;
        connection.encode(encoder)
    }
}

fn known(text: &str) -> &str {
    if text.is_empty() { UNKNOWN } else { text }
}
