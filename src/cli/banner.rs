//! What `up` prints once all doors listen: what runs, what holds, where to knock, what to try.

use std::net::SocketAddr;
use std::time::Duration;

use anstyle::Style;

use crate::admin::{DEFAULT_CONTEXT, MeshInfo, PolicyView, ServiceView, WorkloadView};
use crate::cli::suggest::suggestions;
use crate::cli::table::Table;
use crate::cli::tables::modes;
use crate::cli::units::duration_text;

const STRONG: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();

/// What is so in every pod's network.
const PODS: &str = "in each pod's network namespace: out → 15001, in → 15006 · HBONE :15008 · names → 15053 · socks5 127.0.0.1:15080";

/// The whole greeting, with colours that [`crate::cli::Output`] takes away where they are not wanted.
///
/// `program` is how this program is called from the shell that it was started in, so that the lines can be pasted.
pub fn banner(
    info: &MeshInfo,
    workloads: &[WorkloadView],
    services: &[ServiceView],
    policies: &[PolicyView],
    program: &str,
) -> String {
    let mut text = format!("{STRONG}glasstunnel {}{STRONG:#} · {}\n\n", info.version, info.mesh_source);
    let shared = Shared::of(workloads);
    let doors = if in_pods(workloads) { Some(PODS.to_owned()) } else { shared.says() };
    for (label, says) in facts(info, policies, doors) {
        text.push_str(&format!("  {QUIET}{label:<9}{QUIET:#}   {says}\n"));
    }
    text.push('\n');
    text.push_str(&indented(&table(workloads, &shared)));
    let untouched = if info.ca_dir.is_none() { " Nothing was written to disk." } else { "" };
    let ready = duration_text(Duration::from_nanos(info.ready_in_ns));
    text.push_str(&format!("\n{STRONG}ready in {ready}.{STRONG:#}{untouched} Ctrl-C stops.\n"));
    text.push_str(&invitation(info, workloads, services, program));
    text
}

fn facts(info: &MeshInfo, policies: &[PolicyView], doors: Option<String>) -> Vec<(&'static str, String)> {
    let semantics = match info.semantics.as_str() {
        "istio" => "istio: the three modes as documented (--semantics ztunnel: as the real ztunnel does)",
        _ => "ztunnel: what the real one does, bug for bug (--semantics istio: as documented)",
    };
    let policy = policy_line(policies);
    let admin = info.admin.map(|admin| format!(" · admin http://{admin}/")).unwrap_or_default();
    let mut facts = vec![
        ("identity", format!("trust domain {} · CA {}", info.trust_domain, info.ca)),
        ("semantics", semantics.to_owned()),
        ("policy", policy),
    ];
    facts.extend(doors.map(|doors| ("doors", doors)));
    let socks = info.socks.map(|socks| format!(" · socks5 for all {socks}")).unwrap_or_default();
    facts.push(("context", format!("{}{socks}{admin}", info.context)));
    facts
}

/// How many there are of each kind, and what holds where there are none.
fn policy_line(policies: &[PolicyView]) -> String {
    let count = |kind: &str| policies.iter().filter(|policy| policy.policy_kind == kind).count();
    let told = |count: usize, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    };
    let modes = match count("PeerAuthentication") {
        0 => "no PeerAuthentication: everything is PERMISSIVE".to_owned(),
        count => told(count, "PeerAuthentication", "PeerAuthentications"),
    };
    let rules = match count("AuthorizationPolicy") {
        0 => "no AuthorizationPolicy: all may".to_owned(),
        count => told(count, "AuthorizationPolicy", "AuthorizationPolicies"),
    };
    let look = if policies.is_empty() { "" } else { " (glasstunnel config policies)" };
    format!("{modes} · {rules}{look}")
}

/// One line per workload: its mode with the ports that differ, and where it is.
fn table(workloads: &[WorkloadView], shared: &Shared) -> String {
    if in_pods(workloads) {
        return pod_table(workloads);
    }
    let last = if shared.says().is_some() { "PORTS" } else { "DOORS" };
    let mut table = Table::new(["WORKLOAD", "MODE", "ADDRESS", "LOCAL ADDRESS", last]);
    for workload in workloads {
        table.row([
            workload.dotted(),
            mode(workload),
            workload.workload_ips.first().map(ToString::to_string).unwrap_or_default(),
            workload.local_ip.map(|ip| ip.to_string()).unwrap_or_default(),
            listeners(workload, shared),
        ]);
    }
    table.render(true)
}

/// Where workloads have networks of their own, their addresses are those that the mesh knows.
fn pod_table(workloads: &[WorkloadView]) -> String {
    let mut table = Table::new(["WORKLOAD", "MODE", "ADDRESS", "PORTS"]);
    for workload in workloads {
        let addresses: Vec<String> = workload.workload_ips.iter().map(ToString::to_string).collect();
        let ports: Vec<String> = workload.ports.iter().map(|port| port.number.to_string()).collect();
        table.row([workload.dotted(), mode(workload), addresses.join(", "), ports.join(", ")]);
    }
    table.render(true)
}

fn in_pods(workloads: &[WorkloadView]) -> bool {
    workloads.iter().any(|workload| workload.network_namespace.is_some())
}

fn mode(workload: &WorkloadView) -> String {
    match workload.in_mesh() {
        true => modes(&workload.mode, &workload.port_modes),
        false => "not in mesh".to_owned(),
    }
}

/// The ports that the same door has on every workload's own address; most meshes have two, and they fill no column.
struct Shared {
    hbone: Option<u16>,
    outbound: Option<u16>,
}

impl Shared {
    fn of(workloads: &[WorkloadView]) -> Self {
        Self { hbone: common_port(workloads, "hbone"), outbound: common_port(workloads, "outbound") }
    }

    fn says(&self) -> Option<String> {
        let (hbone, outbound) = (self.hbone?, self.outbound?);
        Some(format!(
            "on each LOCAL ADDRESS: its PORTS, captured · HBONE :{hbone} (in mesh) · outbound socks5 :{outbound}"
        ))
    }
}

fn common_port(workloads: &[WorkloadView], door: &str) -> Option<u16> {
    let mut ports = workloads.iter().flat_map(|workload| {
        let of_kind = workload.doors.iter().filter(move |listener| listener.door == door);
        of_kind.map(|listener| {
            (workload.local_ip == Some(listener.address.ip())).then(|| listener.address.port())
        })
    });
    let first = ports.next()??;
    ports.all(|port| port == Some(first)).then_some(first)
}

/// `3000, 3001`; or, where doors have no common ports, `captured :3000  hbone :31008`. An address that is not the
/// workload's own is written out.
fn listeners(workload: &WorkloadView, shared: &Shared) -> String {
    let own = |address: &SocketAddr| match workload.local_ip == Some(address.ip()) {
        true => format!(":{}", address.port()),
        false => address.to_string(),
    };
    let of_kind = |door: &str| {
        let listeners = workload.doors.iter().filter(|listener| listener.door == door);
        listeners.map(|listener| own(&listener.address)).collect::<Vec<_>>().join(", ")
    };
    if shared.says().is_some() {
        return of_kind("captured").replace(':', "");
    }
    let kinds = ["captured", "hbone", "outbound"].map(|door| (door, of_kind(door)));
    let listed = kinds.iter().filter(|(_, addresses)| !addresses.is_empty());
    listed.map(|(door, addresses)| format!("{door} {addresses}")).collect::<Vec<_>>().join("  ")
}

fn invitation(
    info: &MeshInfo,
    workloads: &[WorkloadView],
    services: &[ServiceView],
    program: &str,
) -> String {
    let context = (info.context != DEFAULT_CONTEXT).then_some(info.context.as_str());
    let suggestions = suggestions(workloads, services, context);
    if suggestions.is_empty() {
        return String::new();
    }
    let lines = suggestions.iter().map(|suggestion| {
        format!("  {QUIET}# {}{QUIET:#}\n  {program} {}\n", suggestion.shows, suggestion.command)
    });
    format!("\nTry, in another terminal:\n{}", lines.collect::<String>())
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
