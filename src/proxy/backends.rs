//! What answers behind a workload's ports here, and who is calling it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::mesh::Name;

/// Where a backend listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Inside this process; it may ask who is calling.
    Here(SocketAddr),
    /// The user's own server, `HOST:PORT`; the host is resolved at each dial.
    At(Arc<str>),
}

/// Who calls an in-process backend: what the proxy knows, and the application behind a real mesh never sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// `namespace/name`, if the address is a workload's.
    pub workload: Option<String>,
    /// The verified SPIFFE ID.
    pub identity: Option<String>,
    /// `hbone`, `mtls`, `tls` or `raw`.
    pub wire: &'static str,
}

/// The backends of all workload ports.
#[derive(Clone, Default)]
pub struct Backends {
    addresses: Arc<ArcSwap<HashMap<(Name, u16), Backend>>>,
    callers: Arc<Mutex<HashMap<SocketAddr, Caller>>>,
}

impl Backends {
    /// Replaces all of them.
    pub fn store(&self, backends: HashMap<(Name, u16), Backend>) {
        self.addresses.store(Arc::new(backends));
    }

    /// The backend of `port` of `workload`.
    pub fn get(&self, workload: &Name, port: u16) -> Option<Backend> {
        // The key is cloned: two reference counts, no text.
        self.addresses.load().get(&(workload.clone(), port)).cloned()
    }

    /// Who dialled from `socket`; asked by the in-process backends.
    pub fn caller(&self, socket: SocketAddr) -> Option<Caller> {
        self.lock().get(&socket).cloned()
    }

    /// Whether what answers behind `port` of `workload` is inside this process.
    pub(crate) fn is_here(&self, workload: &Name, port: u16) -> bool {
        matches!(self.addresses.load().get(&(workload.clone(), port)), Some(Backend::Here(_)))
    }

    /// Notes who dials from `socket` until the guard is dropped.
    pub(crate) fn introduce(&self, socket: SocketAddr, caller: Caller) -> Introduced {
        self.lock().insert(socket, caller);
        Introduced { backends: self.clone(), socket }
    }

    /// The map holds plain values: a panic while it was locked cannot have left it half-written.
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SocketAddr, Caller>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A caller that is known while this lives.
pub(crate) struct Introduced {
    backends: Backends,
    socket: SocketAddr,
}

impl Drop for Introduced {
    fn drop(&mut self) {
        self.backends.lock().remove(&self.socket);
    }
}
