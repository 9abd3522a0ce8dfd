//! Services and who stands behind them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::mesh::{Service, TargetPort};

/// One service; fields that ztunnel's dump has, too, carry ztunnel's names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceView {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its fully qualified host name.
    pub hostname: String,
    /// Its virtual addresses; none for a headless service.
    pub vips: Vec<IpAddr>,
    /// Its ports.
    pub ports: Vec<ServicePortView>,
    /// The waypoint that it is enrolled with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waypoint: Option<String>,
    /// The workloads behind it.
    pub endpoints: Vec<EndpointView>,
    /// Where it is declared, `file:line`.
    pub source: String,
}

/// One port of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePortView {
    /// The port that clients dial.
    pub port: u16,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The workload port, or its name.
    pub target_port: String,
}

/// One workload behind a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointView {
    /// `namespace/name`.
    pub workload: String,
    /// Service port to workload port; a port that it does not serve is absent.
    pub port: BTreeMap<String, u16>,
}

impl ServiceView {
    /// The view of `service`.
    pub fn of(service: &Service) -> Self {
        let ports = service.ports.iter().map(|port| ServicePortView {
            port: port.number,
            name: port.name.clone(),
            target_port: match &port.target {
                TargetPort::Number(number) => number.to_string(),
                TargetPort::Name(name) => name.clone(),
            },
        });
        let endpoints = service.endpoints.iter().map(|endpoint| EndpointView {
            workload: endpoint.workload.name.to_string(),
            port: endpoint.ports.iter().map(|(from, to)| (from.to_string(), *to)).collect(),
        });
        Self {
            namespace: service.name.namespace.to_string(),
            name: service.name.name.to_string(),
            hostname: service.hostname.clone(),
            vips: service.vips.clone(),
            ports: ports.collect(),
            waypoint: service.waypoint.clone(),
            endpoints: endpoints.collect(),
            source: service.source.to_string(),
        }
    }

    /// How many endpoints serve at least one port: those that a client can reach.
    pub fn healthy(&self) -> usize {
        self.endpoints.iter().filter(|endpoint| !endpoint.port.is_empty()).count()
    }
}

impl Kind for ServiceView {
    const KIND: &'static str = "Service";
}
