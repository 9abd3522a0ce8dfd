//! What the kernel knows of a connection that was led to a door: where it was meant to go.

use tokio::net::TcpStream;

use crate::addr::MeshAddr;
use crate::net::Capture;
use crate::proxy::orig_dst::error::OrigDstError;
use crate::proxy::ports;

/// Where a connection to a workload was meant to go. The proxy's own ports are no destination: 15006 itself is what a
/// connection gives that nobody redirected.
pub(crate) fn inward(capture: Capture, stream: &TcpStream) -> Result<MeshAddr, OrigDstError> {
    let to = original(capture, stream)?;
    if ports::is_own(to.port()) { Err(OrigDstError::SelfCall { to: to.0 }) } else { Ok(to) }
}

/// Where a workload's own connection was meant to go. Another workload's proxy ports are its proxy's to refuse; those on
/// loopback are this proxy's (reference/hbone.md 5.0), and so is a connection that nobody redirected.
pub(crate) fn outward(capture: Capture, stream: &TcpStream) -> Result<MeshAddr, OrigDstError> {
    let to = original(capture, stream)?;
    // Only asked of the few that name such a port: it is a system call.
    let direct =
        || stream.local_addr().is_ok_and(|own| own.ip().to_canonical() == to.ip() && own.port() == to.port());
    let own = ports::is_own(to.port()) && (to.ip().is_loopback() || direct());
    if own { Err(OrigDstError::SelfCall { to: to.0 }) } else { Ok(to) }
}

fn original(capture: Capture, stream: &TcpStream) -> Result<MeshAddr, OrigDstError> {
    let to = capture.original_destination(stream).map_err(OrigDstError::Unknowable)?;
    Ok(MeshAddr::new(to.ip(), to.port()))
}
