//! [`Ground`]: where a mesh stands on this machine, and what follows from that for doors, sockets and backends.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::app::error::StartError;
use crate::app::pods::{self, PodMap};
use crate::mesh::{Mesh, Name, Place, SLOTS, Workload};
use crate::net::{Network, Sharing, any_address};
use crate::netns::{Access, Pods};
use crate::proxy::{Door, Networks, doors, pod_doors};

/// Where a mesh stands on this machine.
#[derive(Clone, Debug, Default)]
pub enum Ground {
    /// Every workload has an address of its own in 127.0.0.0/8, and its doors there.
    #[default]
    Loopback,
    /// The network that this process runs in belongs to one workload; its app is a program of its own.
    One(One),
    /// Every workload has a network namespace of its own.
    Pods(Arc<Pods>, Access),
    /// As [`Ground::Loopback`], and only some of the workloads' doors are this process's: several processes share a mesh.
    Part(Part),
}

/// What one of several processes has of a mesh on loopback.
#[derive(Clone, Debug)]
pub struct Part {
    /// Whose proxy it is.
    pub workloads: Vec<Name>,
    /// The second octet of the mesh's addresses, which somebody else [claimed](crate::app::claim).
    pub block: u8,
}

impl Part {
    /// Where its mesh is.
    pub(crate) fn place(&self) -> Place {
        Place::Loopback { block: self.block }
    }
}

/// The proxy of one workload.
#[derive(Clone, Debug)]
pub struct One {
    /// Whose.
    pub workload: Name,
    /// Where 15001, 15006 and 15008 listen; `::` takes both families.
    pub bind: IpAddr,
    /// How its sockets are made.
    pub network: Network,
}

/// Where the app behind one port of a workload listens.
pub(crate) struct Spot {
    /// What to bind; port 0 is any free one.
    pub(crate) bind: SocketAddr,
    /// By which address the proxy reaches it.
    pub(crate) ip: IpAddr,
    /// How its socket is made.
    pub(crate) network: Arc<Network>,
    /// Who else may listen there.
    pub(crate) sharing: Sharing,
}

impl Ground {
    /// Whose proxy the process is, where the mesh has `pods`.
    pub(crate) fn networks(&self, pods: &PodMap) -> Networks {
        let networks = match self {
            Self::Loopback | Self::Pods(..) => Networks::default(),
            Self::One(one) => Networks::of_one(one.workload.clone(), one.network.clone()),
            Self::Part(part) => Networks::of_some(part.workloads.clone()),
        };
        networks.store(pods::networks(pods));
        networks
    }

    /// The pods that `mesh` wants; none where they have no networks of their own.
    ///
    /// # Errors
    ///
    /// [`StartError`]: there is no room for all of it.
    pub(crate) fn pods(&self, mesh: &Mesh, before: &PodMap) -> Result<PodMap, StartError> {
        match self {
            Self::Loopback | Self::Part(_) if mesh.workloads().any(|workload| workload.slot.is_none()) => {
                Err(StartError::TooManyWorkloads { found: mesh.workloads().count(), limit: SLOTS })
            }
            Self::Loopback | Self::One(_) | Self::Part(_) => Ok(PodMap::new()),
            Self::Pods(pods, _) => pods::arrange(pods, mesh, before),
        }
    }

    /// Changes pods from `before` to `now`, while the doors of both are open.
    pub(crate) fn settle(&self, before: &PodMap, now: &PodMap) {
        if let Self::Pods(pods, _) = self {
            pods::settle(pods, before, now);
        }
    }

    /// The user namespace that pods' networks belong to, as a path, if it is not the one that the process began in.
    pub(crate) fn user_namespace(&self) -> Option<String> {
        let own = format!("/proc/{}/ns/user", std::process::id());
        matches!(self, Self::Pods(_, Access::UserNamespace)).then_some(own)
    }

    /// The doors that `mesh` has there.
    pub(crate) fn doors(&self, mesh: &Mesh, place: Place) -> Vec<Door> {
        match self {
            Self::Loopback => doors(mesh, place),
            Self::Part(part) => {
                let own =
                    |door: &Door| door.kind.workload().is_some_and(|name| part.workloads.contains(name));
                doors(mesh, place).into_iter().filter(own).collect()
            }
            Self::One(one) => {
                mesh.workload(&one.workload).map(|own| pod_doors(own, one.bind)).unwrap_or_default()
            }
            Self::Pods(..) => mesh.workloads().flat_map(|own| pod_doors(own, any_address())).collect(),
        }
    }

    /// Where this process runs the app of `port` of `workload`; `None` if that is a program of the user's.
    ///
    /// Behind a proxy on loopback the app listens on its workload's address and any free port; outside the mesh there is no
    /// proxy in front, and the app has the declared port itself, as it has in a pod.
    pub(crate) fn spot(
        &self,
        workload: &Workload,
        (place, networks): (Place, &Networks),
        port: u16,
    ) -> Option<Spot> {
        let ip = place.local_ip(workload)?;
        let network = networks.of(&workload.name);
        match self {
            Self::Loopback | Self::Part(_) if workload.reach.in_mesh() => {
                Some(Spot { bind: SocketAddr::new(ip, 0), ip, network, sharing: Sharing::Sole })
            }
            // Where its door will be once it enters the mesh, and was before it left: for a moment both listen. The block of
            // addresses is this process's alone, so that nobody else can.
            Self::Loopback | Self::Part(_) => {
                Some(Spot { bind: SocketAddr::new(ip, port), ip, network, sharing: Sharing::Workers })
            }
            Self::One(_) => None,
            Self::Pods(..) => {
                // An app is no proxy: its answers are not marked as one's.
                let network = Arc::new(Network { mark: None, ..Network::clone(&network) });
                let bind = SocketAddr::new(any_address(), port);
                Some(Spot { bind, ip, network, sharing: Sharing::Sole })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::mesh::{BackendKind, Controller, MeshSpec, Source, WorkloadSpec, build};
    use crate::reason::Reason;

    use super::*;

    fn pod(number: usize) -> WorkloadSpec {
        let name = format!("pod-{number}");
        WorkloadSpec {
            name: Name::new("default", name.as_str()),
            service_account: "default".to_owned(),
            labels: Default::default(),
            addresses: vec![IpAddr::from([20, (number >> 16) as u8, (number >> 8) as u8, number as u8])],
            host_network: false,
            ports: Vec::new(),
            backend: BackendKind::Http,
            controller: Controller { kind: "pod", name },
            node: None,
            source: Source::new("mesh.yaml", 1),
        }
    }

    /// Where each workload has a network of its own, there are as many addresses as the mesh declares.
    #[test]
    fn only_on_loopback_is_there_a_last_workload() {
        let mesh = |pods: usize| {
            build(MeshSpec { workloads: (0..pods).map(pod).collect(), ..MeshSpec::default() }).unwrap()
        };
        let (full, more) = (mesh(SLOTS), mesh(SLOTS + 1));
        let part = Ground::Part(Part { workloads: Vec::new(), block: 77 });
        let one =
            One { workload: Name::new("default", "pod-0"), bind: any_address(), network: Network::default() };
        assert!(Ground::Loopback.pods(&full, &PodMap::new()).is_ok());
        assert!(Ground::One(one).pods(&more, &PodMap::new()).is_ok());
        for ground in [Ground::Loopback, part] {
            let refused = ground.pods(&more, &PodMap::new()).err().unwrap();
            assert_eq!(refused.code(), "start.too_many_workloads");
            assert_eq!(
                refused.to_string(),
                "expected at most 64516 workloads, as many as a mesh on loopback has addresses for, found 64517"
            );
        }
    }
}
