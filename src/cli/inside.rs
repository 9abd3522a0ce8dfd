//! What makes a program believe that it runs inside a pod: its environment, and nothing else.

use std::net::SocketAddr;

use crate::admin::{MeshInfo, WorkloadView};

/// Variables that would lead a program around the mesh. Lower case wins in curl, upper case in others.
const LEAD_ASTRAY: [&str; 6] =
    ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY"];

/// A workload's way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    workload: String,
    context: String,
    door: SocketAddr,
    /// Whether the door is shared, so that the SOCKS user name has to say who calls.
    shared: bool,
}

impl Inside {
    /// The way out of `workload` in the mesh that `info` describes: its own outbound door, or the shared one.
    pub fn of(info: &MeshInfo, workload: &WorkloadView) -> Self {
        let own = workload.doors.iter().find(|door| door.door == "outbound").map(|door| door.address);
        Self {
            workload: workload.dotted(),
            context: info.context.clone(),
            door: own.unwrap_or(info.socks),
            shared: own.is_none(),
        }
    }

    /// The variables to set.
    ///
    /// `socks5h` rather than `socks5`: the proxy resolves names, because only the mesh knows them.
    pub fn variables(&self) -> [(&'static str, String); 5] {
        let proxy = match self.shared {
            true => format!("socks5h://{}@{}", self.workload, self.door),
            false => format!("socks5h://{}", self.door),
        };
        [
            ("ALL_PROXY", proxy.clone()),
            ("all_proxy", proxy),
            ("GLASSTUNNEL_WORKLOAD", self.workload.clone()),
            ("GLASSTUNNEL_CONTEXT", self.context.clone()),
            ("GLASSTUNNEL_PROXY", self.door.to_string()),
        ]
    }

    /// The variables to take away.
    pub fn removed(&self) -> [&'static str; 6] {
        LEAD_ASTRAY
    }
}
