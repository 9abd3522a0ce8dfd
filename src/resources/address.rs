//! Addresses in the mesh.

use std::net::IpAddr;

use crate::resources::node::At;
use crate::resources::parse::Problem;

/// An address that a pod or a service can have.
///
/// A loopback address would name this machine and no workload; an unspecified or multicast one names nobody.
pub(crate) fn address(text: &str, at: At) -> Result<IpAddr, Problem> {
    let refuse = |expected: &str, why: String| Problem {
        at,
        code: "resources.address",
        message: format!("expected {expected}, found `{}`{why}", text.escape_debug()),
        help: None,
    };
    let ip: IpAddr = text.parse().map_err(|error| refuse("an IP address", format!(" ({error})")))?;
    let ip = ip.to_canonical();
    if ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() {
        return Err(refuse("an address of a workload or a service", String::new()));
    }
    Ok(ip)
}
