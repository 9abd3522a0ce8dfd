//! Host names, resolved as a pod's own DNS would: short, namespace-qualified, and fully qualified.

use std::net::IpAddr;
use std::sync::Arc;

use crate::mesh::name::Name;
use crate::mesh::registry::{Mesh, Owner};
use crate::mesh::service::Service;

impl Mesh {
    /// The service that `host` means to a workload in `namespace`.
    ///
    /// Understood are `customers`, `customers.default`, `customers.default.svc` and the full name with the cluster
    /// domain, with or without the final dot, in any case (RFC 4343 §2).
    pub fn resolve(&self, host: &str, namespace: &str) -> Option<&Arc<Service>> {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        if let Some(service) = self.service_named(&host) {
            return Some(service);
        }
        let domain = format!(".svc.{}", self.settings().cluster_domain);
        let qualified = host.strip_suffix(&domain).or_else(|| host.strip_suffix(".svc"));
        let name = match (qualified, qualified.unwrap_or(&host).split_once('.')) {
            (_, Some((name, namespace))) => Name::new(namespace, name),
            (None, None) => Name::new(namespace, &*host),
            // `customers.svc` names no namespace, and in a pod it is nobody.
            (Some(_), None) => return None,
        };
        self.service(&name)
    }

    /// The mesh address that `host` stands for: a VIP, or for a headless service one of its pods.
    pub fn resolve_ip(&self, host: &str, namespace: &str) -> Option<IpAddr> {
        let service = self.resolve(host, namespace)?;
        let pod = || service.endpoints.first().and_then(|endpoint| endpoint.workload.addresses.first());
        service.vips.first().or_else(pod).copied()
    }
    /// All mesh addresses that `host` stands for, of either family: the VIPs, or for a headless service those of its
    /// pods. `None` for a name that the mesh does not know; a headless service without pods has none.
    pub fn resolve_all(&self, host: &str, namespace: &str) -> Option<Vec<IpAddr>> {
        let service = self.resolve(host, namespace)?;
        if !service.vips.is_empty() {
            return Some(service.vips.clone());
        }
        let pods = service.endpoints.iter().flat_map(|endpoint| &endpoint.workload.addresses);
        Some(pods.copied().collect())
    }

    /// Whether `host` is the cluster domain or lies in it, so that only this mesh could know it.
    pub fn is_own_domain(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let above = host.strip_suffix(&self.settings().cluster_domain);
        above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    }

    /// The full name of the service whose VIP `ip` is.
    pub fn host_of(&self, ip: IpAddr) -> Option<&str> {
        match self.owner(ip)? {
            Owner::Service(service) => Some(&service.hostname),
            Owner::Workload(_) => None,
        }
    }
}
