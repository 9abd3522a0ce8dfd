//! [`Pods`]: the bridge, and what hangs on it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::net::IpAddr;
use std::ops::Range;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::net::Namespace;
use crate::netns::error::NetnsError;
use crate::netns::links;
use crate::netns::plan::{Family, Plan};
use crate::netns::rules::rules;
use crate::netns::tool::Tools;

/// How many pods there can be at a time: Linux numbers the ports of a bridge in ten bits, from 1 (net/bridge/br_private.h).
pub const PODS_MAX: usize = 1023;

/// How many pods are set up at a time. The kernel lets one at a time change links, but the programs that ask it to also
/// start and load.
const HANDS: usize = 4;

/// What errors call the namespace of the bridge.
const NODE: &str = "the node";

/// A bridge in a namespace of its own, which pods are joined by.
#[derive(Debug)]
pub struct Pods {
    tools: Tools,
    node: Namespace,
    next: AtomicU64,
    /// Held once here and once by each pod: counts them.
    ports: Arc<()>,
    /// The number of the cable of whoever claimed an address last.
    owners: Mutex<HashMap<IpAddr, u64>>,
}

/// A pod's network, on its bridge until the last clone of it is dropped and the last socket in it closed, or until another
/// [claims](Pods::claim) an address of it.
#[derive(Clone, Debug)]
pub struct Pod {
    held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    namespace: Namespace,
    /// The number of its cable.
    number: u64,
    /// A pod without its bridge would have no network.
    _node: Namespace,
    _port: Arc<()>,
}

impl Pod {
    /// Its network.
    pub fn namespace(&self) -> &Namespace {
        &self.held.namespace
    }
}

impl Pods {
    /// The bridge, with nothing on it. [`prepare`](crate::netns::prepare) must have been called.
    ///
    /// # Errors
    ///
    /// A program that it takes is missing, or the node cannot be made.
    pub fn new() -> Result<Self, NetnsError> {
        let tools = Tools::find()?;
        let node = create(NODE)?;
        within(&node, NODE, || {
            // IPv6 is for the pods: without it the bridge and its ports are silent. Where it cannot be set they are not.
            let _ = fs::write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
            tools.ip.feed(&["-batch", "-"], links::BRIDGE, NODE)
        })?;
        Ok(Self { tools, node, next: AtomicU64::new(1), ports: Arc::default(), owners: Mutex::default() })
    }

    /// The network that the bridge is in.
    pub fn node(&self) -> &Namespace {
        &self.node
    }

    /// One more pod.
    ///
    /// # Errors
    ///
    /// Those of [`Pods::add_all`].
    pub fn add(&self, plan: &Plan) -> Result<Pod, NetnsError> {
        let pod = self.bare(plan, self.numbers(1).start)?;
        self.connect([(plan, &pod)].into_iter())?;
        self.furnish(plan, &pod)?;
        Ok(pod)
    }

    /// Pods as planned, in the same order: all or none, and quicker than one by one.
    ///
    /// # Errors
    ///
    /// There are too many, or the system, or a program that it takes, refuses.
    pub fn add_all(&self, plans: &[Plan]) -> Result<Vec<Pod>, NetnsError> {
        let found = Arc::strong_count(&self.ports) - 1 + plans.len();
        if found > PODS_MAX {
            return Err(NetnsError::TooManyPods { limit: PODS_MAX, found });
        }
        let numbered = self.numbers(plans.len()).zip(plans);
        let pods = numbered.map(|(number, plan)| self.bare(plan, number)).collect::<Result<Vec<_>, _>>()?;
        self.connect(plans.iter().zip(&pods))?;
        let rest = Mutex::new(plans.iter().zip(&pods));
        let furnish_rest = || {
            let next = || rest.lock().unwrap_or_else(PoisonError::into_inner).next();
            while let Some((plan, pod)) = next() {
                self.furnish(plan, pod)?;
            }
            Ok(())
        };
        thread::scope(|scope| {
            let hands: Vec<_> = (0..HANDS.min(plans.len())).map(|_| scope.spawn(furnish_rest)).collect();
            hands.into_iter().try_for_each(|hand| hand.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })?;
        Ok(pods)
    }

    /// Numbers that no cable has had.
    fn numbers(&self, many: usize) -> Range<u64> {
        let first = self.next.fetch_add(many as u64, Ordering::Relaxed);
        first..first + many as u64
    }

    /// A pod's namespace with nothing in it.
    fn bare(&self, plan: &Plan, number: u64) -> Result<Pod, NetnsError> {
        let mut sixes = plan.of(Family::V6);
        if let Some(address) = sixes.next().filter(|_| !Path::new("/proc/sys/net/ipv6").exists()) {
            return Err(NetnsError::NoIpv6 { pod: plan.name.clone(), address });
        }
        let namespace = create(&plan.name)?;
        let (node, port) = (self.node.clone(), Arc::clone(&self.ports));
        Ok(Pod { held: Arc::new(Held { namespace, number, _node: node, _port: port }) })
    }

    /// Puts them on the bridge.
    fn connect<'a>(&self, pods: impl Iterator<Item = (&'a Plan, &'a Pod)>) -> Result<(), NetnsError> {
        let cables = links::cables(pods.map(|(plan, pod)| (pod.held.number, plan, pod.namespace())));
        within(&self.node, NODE, || self.tools.ip.feed(&["-batch", "-"], &cables, NODE))
    }

    /// Gives a pod that is on the bridge its addresses, routes and rules.
    fn furnish(&self, plan: &Plan, pod: &Pod) -> Result<(), NetnsError> {
        let Tools { ip, iptables_restore, ip6tables_restore } = &self.tools;
        let name = &plan.name;
        within(pod.namespace(), name, || {
            let has_ipv6 = plan.of(Family::V6).next().is_some();
            if has_ipv6 {
                allow_ipv6(name)?;
            }
            ip.feed(&["-batch", "-"], links::LINKS, name)?;
            let families = [(true, Family::V4, iptables_restore), (has_ipv6, Family::V6, ip6tables_restore)];
            for (_, family, restore) in families.into_iter().filter(|(wanted, ..)| *wanted) {
                ip.feed(&[family.option(), "-batch", "-"], &links::family(plan, family), name)?;
                if plan.captures() {
                    restore.feed(&["-w"], &rules(plan, family), name)?;
                }
            }
            Ok(())
        })
    }

    /// Gives pods their addresses for themselves: who had one of them before, and is none of them, is taken off the bridge, where
    /// sockets may have kept it. Pods that are there together may share an address, as those with `hostNetwork` do.
    ///
    /// # Errors
    ///
    /// The node's namespace cannot be entered.
    pub fn claim<'a>(
        &self,
        pods: impl Iterator<Item = (&'a Plan, &'a Pod)> + Clone,
    ) -> Result<(), NetnsError> {
        let number = |pod: &Pod| pod.held.number;
        let there: HashSet<u64> = pods.clone().map(|(_, pod)| number(pod)).collect();
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        let claims = pods.flat_map(|(plan, pod)| plan.addresses.iter().map(move |it| (*it, number(pod))));
        let former = claims.filter_map(|(address, number)| owners.insert(address, number));
        let former: BTreeSet<u64> = former.filter(|number| !there.contains(number)).collect();
        former.into_iter().try_for_each(|number| {
            within(&self.node, NODE, || {
                // A pod in which no socket is open has taken its cable with it already.
                let _none = self.tools.ip.feed(&["-batch", "-"], &links::no_cable(number), NODE);
                Ok(())
            })
        })
    }

    /// Changes what is taken where in a pod of which something is taken, and whose addresses stay. What it had open goes on:
    /// netfilter asks its rules about the first packet of a connection only.
    ///
    /// # Errors
    ///
    /// The system, or a program that it takes, refuses.
    pub fn retake(&self, plan: &Plan, pod: &Pod) -> Result<(), NetnsError> {
        let Tools { iptables_restore, ip6tables_restore, .. } = &self.tools;
        let has_ipv6 = plan.of(Family::V6).next().is_some();
        within(pod.namespace(), &plan.name, || {
            iptables_restore.feed(&["-w"], &rules(plan, Family::V4), &plan.name)?;
            match has_ipv6 {
                true => ip6tables_restore.feed(&["-w"], &rules(plan, Family::V6), &plan.name),
                false => Ok(()),
            }
        })
    }
}

/// A new namespace begins as the kernel was started: perhaps with `ipv6.disable_ipv6=1`.
fn allow_ipv6(network: &str) -> Result<(), NetnsError> {
    for of in ["all", "default"] {
        let path = format!("/proc/sys/net/ipv6/conf/{of}/disable_ipv6");
        let set = match fs::read_to_string(&path) {
            Ok(text) if text.trim() == "0" => Ok(()),
            _ => fs::write(&path, "0"),
        };
        set.map_err(|source| NetnsError::Setting { path, value: "0", network: network.to_owned(), source })?;
    }
    Ok(())
}

fn create(network: &str) -> Result<Namespace, NetnsError> {
    let error = |source| NetnsError::Namespace { action: "make", network: network.to_owned(), source };
    Namespace::create().map_err(error)
}

/// Runs `body` in a namespace, and the programs that it starts.
fn within<T: Send>(
    namespace: &Namespace,
    network: &str,
    body: impl FnOnce() -> Result<T, NetnsError> + Send,
) -> Result<T, NetnsError> {
    let error = |source| NetnsError::Namespace { action: "enter", network: network.to_owned(), source };
    namespace.run(|| Ok(body())).map_err(error)?
}
