//! The running mesh as the API and the banner tell it.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::SystemTime;

use crate::admin::{CertificateView, DoorView, MeshInfo, WorkloadDoors};
use crate::app::certificates::Certificates;
use crate::app::layout::Layout;
use crate::app::options::{CaAt, Options};
use crate::app::pods::Furnished;
use crate::app::there::There;
use crate::identity::SvidState;
use crate::mesh::{Mesh, Name, Place, Reach, Workload};
use crate::proxy::Door;

/// The doors of every workload; an app counts as one where no proxy stands in front of it.
pub(crate) fn workloads(mesh: &Mesh, place: Place, there: &There<'_>) -> Vec<WorkloadDoors> {
    let There { doors, placement, pods } = there;
    let mut by_workload: HashMap<&Name, Vec<&Door>> = HashMap::new();
    for door in *doors {
        if let Some(workload) = door.kind.workload() {
            by_workload.entry(workload).or_default().push(door);
        }
    }
    let entry = |workload: &Workload| {
        let own = by_workload.get(&workload.name).into_iter().flatten();
        let local_ip = place.local_ip(workload)?;
        // A door on every address is met at the workload's.
        let at = |addr: SocketAddr| {
            SocketAddr::new(if addr.ip().is_unspecified() { local_ip } else { addr.ip() }, addr.port())
        };
        let own = own.map(|door| DoorView { door: door.kind.word().to_owned(), address: at(door.addr.0) });
        let apps = workload.ports.iter().filter(|_| !workload.reach.in_mesh());
        let apps = apps.filter_map(|port| placement.get(&(workload.name.clone(), port.number))?.listener());
        let apps = apps.map(|address| DoorView { door: "app".to_owned(), address });
        Some(WorkloadDoors {
            name: workload.name.to_string(),
            mesh_ip: workload.address(0).ip(),
            local_ip,
            network_namespace: pods.get(&workload.name).map(Furnished::path),
            reach: reach(workload.reach).to_owned(),
            doors: own.chain(apps).collect(),
        })
    };
    mesh.workloads().filter_map(|workload| entry(workload)).collect()
}

fn reach(reach: Reach) -> &'static str {
    match reach {
        Reach::Hbone => "hbone",
        Reach::Sidecar => "sidecar",
        Reach::Plain => "plain",
    }
}

/// Everything about the mesh as a whole, but for how long its start took. `at` is its own address and its admin API's.
pub(crate) fn whole(
    options: &Options,
    context: &str,
    (layout, place): (&Layout, Place),
    at: (IpAddr, Option<SocketAddr>),
) -> MeshInfo {
    let mesh = &options.snapshot.mesh;
    let settings = mesh.settings();
    let ttl = options.certificate_ttl;
    let hours = ttl.as_secs() / 3600;
    let life = if hours > 0 { format!("{hours}h") } else { format!("{}s", ttl.as_secs()) };
    let ca = match &options.ca {
        CaAt::Authority(_) => "in memory, made for this mesh".to_owned(),
        CaAt::Memory => format!("in memory, ECDSA P-256, certificates live {life}"),
        CaAt::Dir(folder) => format!("in {}, certificates live {life}", folder.display()),
        CaAt::Files(files) => format!("plugged in from {}, certificates live {life}", files.cert.display()),
        CaAt::Custom(_) => "the program's own".to_owned(),
    };
    MeshInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        context: context.to_owned(),
        pid: std::process::id(),
        mesh_source: options.mesh_source.clone(),
        trust_domain: settings.trust_domain.clone(),
        semantics: settings.semantics.to_string(),
        ca,
        ca_dir: match &options.ca {
            CaAt::Memory | CaAt::Authority(_) | CaAt::Files(_) | CaAt::Custom(_) => None,
            // Commands that ask may stand somewhere else.
            CaAt::Dir(folder) => {
                let absolute = std::path::absolute(folder);
                Some(absolute.as_ref().unwrap_or(folder).display().to_string())
            }
        },
        ca_is_plugged_in: matches!(options.ca, CaAt::Files(_)),
        is_tapped: options.tapping.is_on(),
        node_ip: at.0,
        cluster_domain: settings.cluster_domain.clone(),
        user_namespace: options.ground.user_namespace(),
        socks: layout.shared_door(),
        admin: at.1,
        ready_in_ns: 0,
        workloads: workloads(mesh, place, &layout.there()),
    }
}

/// Every certificate that is held now: each workload's chain, then the roots; or why there is none.
pub(crate) fn certificates(certificates: &Certificates) -> Vec<CertificateView> {
    let now = SystemTime::now();
    certificates
        .sources()
        .values()
        .flat_map(|source| match &*source.state() {
            SvidState::Available(svid) => CertificateView::of_svid(svid, now),
            missing => vec![CertificateView::missing(source.id().as_str(), missing.to_string())],
        })
        .collect()
}
