//! The networks of a mesh's pods: made, kept and let go as the mesh changes, each with a name server.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::app::error::StartError;
use crate::dns::{Responder, serve_tcp, serve_udp};
use crate::drain::Tasks;
use crate::mesh::{Mesh, Name, Workload};
use crate::net::{Capture, Congestion, Network, Sharing};
use crate::netns::{DNS_PORT, PROXY_MARK, Plan, Pod, Pods};
use crate::policy::Snapshots;

/// A pod that is there.
#[derive(Clone)]
pub(crate) struct Furnished {
    plan: Plan,
    pod: Pod,
    network: Arc<Network>,
    /// Its name server answers until the last clone of this is dropped.
    names: Arc<NameServer>,
}

/// All of them; the last clone of a pod that is dropped takes the network with it.
pub(crate) type PodMap = HashMap<Name, Furnished>;

/// The sockets of a pod's name server, or the way to close it once it answers.
struct NameServer {
    sockets: std::sync::Mutex<Option<(Vec<UdpSocket>, Vec<TcpListener>)>>,
    namespace: String,
    close: std::sync::Mutex<Option<oneshot::Sender<()>>>,
}

/// The pods that `mesh` wants: those of `before` that have the addresses, and new ones for the rest. What is taken where in
/// those that stay is changed by [`settle`].
pub(crate) fn arrange(pods: &Pods, mesh: &Mesh, before: &PodMap) -> Result<PodMap, StartError> {
    let wanted: Vec<(Name, Plan)> =
        mesh.workloads().map(|workload| (workload.name.clone(), plan(workload))).collect();
    let there = |(name, plan): &(Name, Plan)| {
        before.get(name).filter(|there| there.plan.addresses == plan.addresses).cloned()
    };
    let (kept, new): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|wanted| there(wanted).is_some());
    let kept = kept.into_iter().filter_map(|wanted| Some((there(&wanted)?, wanted)));
    let mut map: PodMap = kept.map(|(pod, (name, plan))| (name, Furnished { plan, ..pod })).collect();
    let plans: Vec<Plan> = new.iter().map(|(_, plan)| plan.clone()).collect();
    for ((name, plan), pod) in new.into_iter().zip(pods.add_all(&plans)?) {
        let network = Arc::new(Network {
            namespace: Some(pod.namespace().clone()),
            mark: Some(PROXY_MARK),
            capture: Capture::Redirect,
            original_source: true,
            congestion: Congestion::default(),
        });
        let names = Arc::new(NameServer::bind(&network, &name, &plan)?);
        map.insert(name, Furnished { plan, pod, network, names });
    }
    Ok(map)
}

/// Outside the mesh a pod's way out is taken over all the same: somebody has to lead services' addresses to pods, as
/// kube-proxy does in a cluster.
fn plan(workload: &Workload) -> Plan {
    Plan {
        name: workload.name.to_string(),
        addresses: workload.addresses.clone(),
        outbound: true,
        inbound: workload.reach.in_mesh(),
        dns: true,
    }
}

/// How the sockets of each pod's proxy are made.
pub(crate) fn networks(pods: &PodMap) -> HashMap<Name, Arc<Network>> {
    pods.iter().map(|(name, pod)| (name.clone(), Arc::clone(&pod.network))).collect()
}

/// The workloads whose network is another one than `before`: what listened in the old one is gone with it.
pub(crate) fn renewed(before: &PodMap, now: &PodMap) -> HashSet<Name> {
    let is_renewed = |(name, pod): &(&Name, &Furnished)| {
        before.get(*name).is_some_and(|old| !Arc::ptr_eq(&old.network, &pod.network))
    };
    now.iter().filter(is_renewed).map(|(name, _)| name.clone()).collect()
}

/// Changes what is taken where in the pods of `before` that stay, and gives all their addresses for themselves. The doors of
/// `now` must be open, and those of `before` too.
pub(crate) fn settle(pods: &Pods, before: &PodMap, now: &PodMap) {
    for (name, pod) in now {
        let stays = before.get(name).filter(|old| Arc::ptr_eq(&old.network, &pod.network));
        if stays.is_some_and(|old| old.plan != pod.plan)
            && let Err(error) = pods.retake(&pod.plan, &pod.pod)
        {
            tracing::error!(target: "glasstunnel::app", %name, %error, "a pod's network is not as it should be");
        }
    }
    if let Err(error) = pods.claim(now.values().map(|pod| (&pod.plan, &pod.pod))) {
        tracing::error!(target: "glasstunnel::app", %error, "who left may still have the addresses of pods");
    }
}

/// Lets the name servers of pods that are new answer. Must be called on a runtime.
pub(crate) fn serve_names(pods: &PodMap, snapshots: &Snapshots, tasks: &Tasks) {
    for pod in pods.values() {
        pod.names.serve(snapshots, tasks);
    }
}

impl Furnished {
    /// The path by which other processes enter the pod.
    pub(crate) fn path(&self) -> String {
        self.pod.namespace().path()
    }
}

impl NameServer {
    fn bind(network: &Network, pod: &Name, plan: &Plan) -> Result<Self, StartError> {
        let has_ipv6 = plan.addresses.iter().any(IpAddr::is_ipv6);
        let six = has_ipv6.then_some(IpAddr::V6(Ipv6Addr::LOCALHOST));
        let at: Vec<SocketAddr> = [IpAddr::V4(Ipv4Addr::LOCALHOST)]
            .into_iter()
            .chain(six)
            .map(|ip| SocketAddr::new(ip, DNS_PORT))
            .collect();
        let refused = |addr| {
            move |source: io::Error| StartError::Bind { addr, door: format!("the names of {pod}"), source }
        };
        let udp = at.iter().map(|addr| network.datagrams(*addr).map_err(refused(*addr)));
        let udp = udp.collect::<Result<_, _>>()?;
        let tcp = at.iter().map(|addr| network.listen(*addr, Sharing::Sole).map_err(refused(*addr)));
        let tcp = tcp.collect::<Result<_, _>>()?;
        let namespace = pod.namespace.to_string();
        Ok(Self { sockets: Some((udp, tcp)).into(), namespace, close: None.into() })
    }

    /// The second call does nothing.
    fn serve(&self, snapshots: &Snapshots, tasks: &Tasks) {
        let Some((udp, tcp)) = locked(&self.sockets).take() else { return };
        let snapshots = snapshots.clone();
        let mesh = move || Arc::clone(&snapshots.load().mesh);
        let responder = Arc::new(Responder::new(mesh, &self.namespace, Vec::new()));
        let (close, closed) = oneshot::channel();
        *locked(&self.close) = Some(close);
        let inside = tasks.clone();
        tasks.spawn("names", async move {
            let udp = udp.into_iter().filter_map(|socket| tokio::net::UdpSocket::from_std(socket).ok());
            let tcp = tcp.into_iter().filter_map(|listener| tokio::net::TcpListener::from_std(listener).ok());
            let mut serving = tokio::task::JoinSet::new();
            udp.for_each(|socket| {
                serving.spawn(serve_udp(socket, Arc::clone(&responder), inside.clone()));
            });
            tcp.for_each(|listener| {
                serving.spawn(serve_tcp(listener, Arc::clone(&responder), inside.clone()));
            });
            // Dropping the set ends what is in it.
            tokio::select! { () = async { while serving.join_next().await.is_some() {} } => {}, _ = closed => {} }
        });
    }
}

/// Nothing panics under these locks.
fn locked<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
