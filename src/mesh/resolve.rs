//! Host names, resolved as a pod's own DNS would: short, namespace-qualified, and fully qualified.

use std::net::IpAddr;
use std::sync::Arc;

use crate::mesh::name::Name;
use crate::mesh::registry::Mesh;
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
        let short = host.strip_suffix(&domain).or_else(|| host.strip_suffix(".svc")).unwrap_or(&host);
        let name = match short.split_once('.') {
            Some((name, namespace)) => Name::new(namespace, name),
            None => Name::new(namespace, short),
        };
        self.service(&name)
    }

    /// The mesh address that `host` stands for: a VIP, or for a headless service one of its pods.
    pub fn resolve_ip(&self, host: &str, namespace: &str) -> Option<IpAddr> {
        let service = self.resolve(host, namespace)?;
        let pod = || service.endpoints.first().and_then(|endpoint| endpoint.workload.addresses.first());
        service.vips.first().or_else(pod).copied()
    }
}
