//! The running mesh as the API and the banner tell it.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use crate::admin::{CertificateView, DoorView, MeshInfo, WorkloadDoors};
use crate::app::backends::Placement;
use crate::app::certificates::Certificates;
use crate::app::options::CaAt;
use crate::identity::SvidState;
use crate::mesh::{Mesh, Name, Place, Reach, Workload};
use crate::proxy::{self, Door};

/// The doors of every workload; an app counts as one where no proxy stands in front of it.
pub(crate) fn workloads(
    mesh: &Mesh,
    place: Place,
    doors: &[Door],
    placement: &Placement,
) -> Vec<WorkloadDoors> {
    let mut by_workload: HashMap<&Name, Vec<&Door>> = HashMap::new();
    for door in doors {
        if let Some(workload) = door.kind.workload() {
            by_workload.entry(workload).or_default().push(door);
        }
    }
    let entry = |workload: &Workload| {
        let own = by_workload.get(&workload.name).into_iter().flatten();
        let own = own.map(|door| DoorView { door: door.kind.word().to_owned(), address: door.addr.0 });
        let apps = workload.ports.iter().filter(|_| !workload.reach.in_mesh());
        let apps = apps.filter_map(|port| placement.get(&(workload.name.clone(), port.number))?.listener());
        let apps = apps.map(|address| DoorView { door: "app".to_owned(), address });
        Some(WorkloadDoors {
            name: workload.name.to_string(),
            mesh_ip: workload.address(0).ip(),
            local_ip: place.local_ip(workload)?,
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

/// Everything about the mesh as a whole, once it is ready.
pub(crate) struct Whole<'a> {
    pub(crate) mesh: &'a Mesh,
    pub(crate) place: Place,
    pub(crate) context: &'a str,
    pub(crate) mesh_source: String,
    pub(crate) ca: &'a CaAt,
    pub(crate) ttl: Duration,
    pub(crate) admin: Option<std::net::SocketAddr>,
    pub(crate) workloads: Vec<WorkloadDoors>,
}

pub(crate) fn whole(whole: Whole<'_>, ready_in: Duration) -> MeshInfo {
    let settings = whole.mesh.settings();
    let hours = whole.ttl.as_secs() / 3600;
    let life = if hours > 0 { format!("{hours}h") } else { format!("{}s", whole.ttl.as_secs()) };
    let ca = match whole.ca {
        CaAt::Memory => format!("in memory, ECDSA P-256, certificates live {life}"),
        CaAt::Dir(folder) => format!("in {}, certificates live {life}", folder.display()),
        CaAt::Files(files) => format!("plugged in from {}, certificates live {life}", files.cert.display()),
        CaAt::Custom(_) => "the program's own".to_owned(),
    };
    MeshInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        context: whole.context.to_owned(),
        pid: std::process::id(),
        mesh_source: whole.mesh_source,
        trust_domain: settings.trust_domain.clone(),
        semantics: settings.semantics.to_string(),
        ca,
        ca_dir: match whole.ca {
            CaAt::Memory | CaAt::Files(_) | CaAt::Custom(_) => None,
            CaAt::Dir(folder) => Some(folder.display().to_string()),
        },
        node_ip: whole.place.node_ip(),
        socks: std::net::SocketAddr::new(whole.place.node_ip(), proxy::SOCKS5),
        admin: whole.admin,
        ready_in_ns: u64::try_from(ready_in.as_nanos()).unwrap_or(u64::MAX),
        workloads: whole.workloads,
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
