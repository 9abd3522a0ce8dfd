//! Where an exported certificate can be tried: a workload with its doors, and a port that would ask for a certificate.

use std::net::SocketAddr;

use crate::admin::{Client, WorkloadView};
use crate::cli::error::CliError;

/// One workload, as somebody outside sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    /// `name.namespace`.
    pub(crate) name: String,
    /// Its door for peers.
    pub(crate) hbone: Option<SocketAddr>,
    /// A port that is STRICT, and the door that captures it.
    pub(crate) strict: Option<(u16, SocketAddr)>,
    /// What a CONNECT names.
    pub(crate) mesh: Option<SocketAddr>,
}

impl Destination {
    /// The workload, or its port, that somebody named.
    pub(crate) async fn named(text: &str, client: &Client) -> Result<Self, CliError> {
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) => match port.parse() {
                Ok(port) => (name, Some(port)),
                Err(_not_a_number) => (text, None),
            },
            None => (text, None),
        };
        Ok(Self::of(&client.workload(name).await?, port))
    }

    /// The one with most to show: a STRICT port that speaks HTTP, or else any, on anybody but `own`.
    pub(crate) fn best(workloads: &[WorkloadView], own: &WorkloadView) -> Self {
        let others = workloads.iter().filter(|other| other.in_mesh() && other.full_name() != own.full_name());
        let with_doors = others.filter(|other| !other.doors.is_empty());
        let best = with_doors.min_by_key(|other| {
            let is_strict = Self::of(other, None).strict.is_some();
            (!is_strict, other.backend != "http", other.ports.is_empty())
        });
        Self::of(best.unwrap_or(own), None)
    }

    fn of(workload: &WorkloadView, wanted: Option<u16>) -> Self {
        let ports = || workload.ports.iter().map(|port| port.number);
        let wanted = |port: &u16| wanted.is_none_or(|wanted| wanted == *port);
        let strict = ports().filter(wanted).find(|port| workload.mode_of(*port).mode == "STRICT");
        let captured = |port: u16| {
            let doors = workload.doors.iter().filter(|door| door.door == "captured");
            let mut addresses = doors.map(|door| door.address);
            let own = addresses.clone().find(|address| address.port() == port);
            // In a pod, redirect rules lead every port to the same door.
            own.or_else(|| addresses.next().map(|door| SocketAddr::new(door.ip(), port)))
        };
        let port = strict.or_else(|| ports().find(wanted));
        Self {
            name: workload.dotted(),
            hbone: workload.doors.iter().find(|door| door.door == "hbone").map(|door| door.address),
            strict: strict.and_then(|port| Some((port, captured(port)?))),
            mesh: port.and_then(|port| Some(SocketAddr::new(*workload.workload_ips.first()?, port))),
        }
    }
}
