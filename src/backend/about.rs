//! [`About`]: who a backend is, and how it learns who calls.

use std::fmt;
use std::net::SocketAddr;

/// What a backend tells about itself.
pub struct About {
    /// The workload's name.
    pub workload: String,
    /// Its namespace.
    pub namespace: String,
    /// Tells who is behind a peer's socket address. Asked when a request has arrived, not when the connection has: by
    /// then the proxy that dialled knows.
    pub caller: Box<dyn Fn(SocketAddr) -> Caller + Send + Sync>,
}

/// Who calls: what the proxy knows, and an application behind a real mesh never sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// `namespace/name`, if the address is a workload's.
    pub workload: Option<String>,
    /// The verified SPIFFE ID.
    pub identity: Option<String>,
    /// `hbone`, `mtls`, `tls` or `raw`; in other words if no proxy is in front.
    pub wire: String,
}

impl fmt::Debug for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("About")
            .field("workload", &self.workload)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
