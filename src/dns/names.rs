//! [`Names`]: whom the server asks, so that it sees every edit of the mesh and holds none of it.

use std::net::IpAddr;
use std::sync::Arc;

use crate::mesh::Mesh;

/// A family of addresses: A or AAAA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// What is known of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It exists, with these addresses of the family; with none, it has addresses of the other one only.
    Known(Vec<IpAddr>),
    /// It would be the mesh's, which has no such name: nobody else is worth asking.
    Nobody,
    /// Not the mesh's: others may know it.
    Unknown,
}

/// Who knows names. Any function that gives the current mesh does: `move || snapshots.load().mesh.clone()`.
pub trait Names: Send + Sync + 'static {
    /// The addresses that `host`, in lower case and without the final dot, has for a pod in `namespace`.
    fn addresses(&self, host: &str, namespace: &str, family: Family) -> Found;

    /// The full name of `ip`.
    fn host_of(&self, ip: IpAddr) -> Option<String>;
}

impl<F: Fn() -> Arc<Mesh> + Send + Sync + 'static> Names for F {
    fn addresses(&self, host: &str, namespace: &str, family: Family) -> Found {
        let mesh = self();
        match mesh.resolve_all(host, namespace) {
            Some(all) => {
                Found::Known(all.into_iter().filter(|ip| ip.is_ipv4() == (family == Family::V4)).collect())
            }
            None if mesh.is_own_domain(host) => Found::Nobody,
            None => Found::Unknown,
        }
    }

    fn host_of(&self, ip: IpAddr) -> Option<String> {
        self().host_of(ip).map(str::to_owned)
    }
}
