//! istioctl's columns (reference/hbone.md 10.5), and ours behind them.

use std::time::Duration;

use crate::admin::{
    CertificateView, ConnectionView, ModeView, PartyView, PolicyView, PortMode, ServiceView, WorkloadView,
};
use crate::cli::listed::Listed;
use crate::cli::table::Table;
use crate::cli::units::{bytes_text, duration_text};

impl Listed for WorkloadView {
    const NOTHING: &'static str = "no workloads: the mesh has no Pod, Deployment or WorkloadEntry here";

    fn namespace(&self) -> Option<&str> {
        Some(&self.namespace)
    }

    fn name(&self) -> String {
        self.dotted()
    }

    fn table(items: &[Self], wide: bool) -> Table {
        let more = ["LOCAL ADDRESS", "MODE"];
        let mut table = Table::new(columns(
            ["NAMESPACE", "POD NAME", "ADDRESS", "NODE", "WAYPOINT", "PROTOCOL"],
            more,
            wide,
        ));
        for item in items {
            table.row([
                item.namespace.clone(),
                item.name.clone(),
                item.workload_ips.first().map(ToString::to_string).unwrap_or_default(),
                item.node.clone().unwrap_or_default(),
                waypoint(item.waypoint.as_deref()),
                item.protocol.clone(),
                item.local_ip.map(|ip| ip.to_string()).unwrap_or_default(),
                modes(&item.mode, &item.port_modes),
            ]);
        }
        table
    }
}

impl Listed for ServiceView {
    const NOTHING: &'static str = "no services: the mesh has no Service here";

    fn namespace(&self) -> Option<&str> {
        Some(&self.namespace)
    }

    fn name(&self) -> String {
        format!("{}.{}", self.name, self.namespace)
    }

    fn table(items: &[Self], wide: bool) -> Table {
        let more = ["PORTS", "HOST NAME"];
        let mut table = Table::new(columns(
            ["NAMESPACE", "SERVICE NAME", "SERVICE VIP", "WAYPOINT", "ENDPOINTS"],
            more,
            wide,
        ));
        for item in items {
            let ports: Vec<_> =
                item.ports.iter().map(|port| format!("{}→{}", port.port, port.target_port)).collect();
            table.row([
                item.namespace.clone(),
                item.name.clone(),
                item.vips.first().map_or_else(|| "None".to_owned(), ToString::to_string),
                waypoint(item.waypoint.as_deref()),
                format!("{}/{}", item.healthy(), item.endpoints.len()),
                ports.join(","),
                item.hostname.clone(),
            ]);
        }
        table
    }
}

impl Listed for PolicyView {
    const NOTHING: &'static str = "no policies: every workload is PERMISSIVE, and everybody may call it";
    const NOTE: Option<&'static str> = Some(
        "ACTION of a PeerAuthentication is its mTLS mode; ports with a mode of their own are in brackets.",
    );

    fn namespace(&self) -> Option<&str> {
        Some(&self.namespace)
    }

    fn name(&self) -> String {
        format!("{}.{}", self.name, self.namespace)
    }

    fn table(items: &[Self], wide: bool) -> Table {
        let mut table = Table::new(columns(
            ["NAMESPACE", "POLICY NAME", "ACTION", "SCOPE"],
            ["KIND", "SELECTOR", "DECLARED AT"],
            wide,
        ));
        for item in items {
            let selector: Vec<_> =
                item.selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let ports = item.port_level_mtls.iter().map(|(port, mode)| (port.as_str(), mode.as_str()));
            table.row([
                item.namespace.clone(),
                item.name.clone(),
                with_ports(&item.action, ports),
                item.scope.clone(),
                item.policy_kind.clone(),
                selector.join(","),
                item.source.clone(),
            ]);
        }
        table
    }
}

impl Listed for CertificateView {
    const NOTHING: &'static str = "no certificates: no workload here is in the mesh";

    fn namespace(&self) -> Option<&str> {
        // `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`
        self.identity.split('/').nth(4)
    }

    fn name(&self) -> String {
        self.identity.clone()
    }

    fn table(items: &[Self], wide: bool) -> Table {
        let mut table = Table::new(columns(
            ["CERTIFICATE NAME", "TYPE", "STATUS", "VALID CERT", "SERIAL NUMBER", "NOT AFTER", "NOT BEFORE"],
            ["KEY"],
            wide,
        ));
        for item in items {
            table.row([
                item.identity.clone(),
                item.role.clone(),
                item.status.clone(),
                item.valid.to_string(),
                item.serial_number.clone(),
                item.not_after.clone(),
                item.not_before.clone(),
                item.public_key.clone(),
            ]);
        }
        table
    }
}

impl Listed for ConnectionView {
    const NOTHING: &'static str =
        "no open connections; `glasstunnel config connections --finished` lists those that ended";

    fn namespace(&self) -> Option<&str> {
        self.workload.as_deref()?.split('/').next()
    }

    fn name(&self) -> String {
        format!("#{}", self.id)
    }

    fn table(items: &[Self], wide: bool) -> Table {
        let mut table = Table::new(columns(
            ["WORKLOAD", "DIRECTION", "LOCAL", "REMOTE", "REMOTE TARGET", "PROTOCOL"],
            ["ID", "PEER IDENTITY", "AGE", "BYTES"],
            wide,
        ));
        for item in items {
            let (local, remote) = match item.direction.as_str() {
                "Inbound" => (&item.destination, &item.source),
                _ => (&item.source, &item.destination),
            };
            table.row([
                item.workload.as_deref().map(dotted).unwrap_or_default(),
                item.direction.clone(),
                endpoint(local),
                endpoint(remote),
                target(item),
                item.protocol.clone().unwrap_or_default(),
                item.name(),
                item.peer_identity().unwrap_or_default().to_owned(),
                duration_text(Duration::from_nanos(item.age_ns)),
                format!("{} out, {} back", bytes_text(item.to_backend), bytes_text(item.to_client)),
            ]);
        }
        table
    }
}

fn columns<const N: usize, const M: usize>(
    base: [&'static str; N],
    more: [&'static str; M],
    wide: bool,
) -> impl Iterator<Item = &'static str> {
    base.into_iter().chain(more.into_iter().filter(move |_| wide))
}

/// istioctl's word for a workload that is enrolled with none.
fn waypoint(name: Option<&str>) -> String {
    name.unwrap_or("None").to_owned()
}

/// `STRICT (3000: PERMISSIVE)`.
pub(crate) fn modes(base: &ModeView, ports: &[PortMode]) -> String {
    let ports: Vec<_> = ports.iter().map(|own| (own.port.to_string(), own.mode.mode.as_str())).collect();
    with_ports(&base.mode, ports.iter().map(|(port, mode)| (port.as_str(), *mode)))
}

fn with_ports<'a>(mode: &str, ports: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let ports: Vec<_> = ports.map(|(port, mode)| format!("{port}: {mode}")).collect();
    if ports.is_empty() { mode.to_owned() } else { format!("{mode} ({})", ports.join(", ")) }
}

/// `reviews.default:9080`, or the address of somebody unknown.
fn endpoint(party: &PartyView) -> String {
    let address = party.address.as_deref().unwrap_or_default();
    match (&party.workload, address.rsplit_once(':')) {
        (Some(workload), Some((_, port))) => format!("{}:{port}", dotted(workload)),
        (Some(workload), None) => dotted(workload),
        (None, _) => address.to_owned(),
    }
}

/// What the caller asked for: the service, or the address itself. The callee's side is never told.
fn target(connection: &ConnectionView) -> String {
    match (&connection.destination.service, connection.direction.as_str()) {
        (Some(service), _) => dotted(service),
        (None, "Outbound") => endpoint(&connection.destination),
        (None, _) => String::new(),
    }
}

/// `namespace/name` as `name.namespace`.
pub(crate) fn dotted(name: &str) -> String {
    name.split_once('/').map_or_else(|| name.to_owned(), |(namespace, name)| format!("{name}.{namespace}"))
}
