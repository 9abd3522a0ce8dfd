//! SOCKS5 (RFC 1928) with user names (RFC 1929): the user name is the source workload, the password is ignored.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::mesh::{Mesh, Workload};
use crate::proxy::orig_dst::error::OrigDstError;
use crate::proxy::orig_dst::head::{Asked, Destination, Reader, Through, destination, named};

/// Succeeded, bound to 0.0.0.0:0 (RFC 1928 §6).
pub(crate) const SUCCESS: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
/// Host unreachable.
pub(crate) const HOST_UNREACHABLE: &[u8] = &[5, 4, 0, 1, 0, 0, 0, 0, 0, 0];
/// Command not supported.
const NO_SUCH_COMMAND: &[u8] = &[5, 7, 0, 1, 0, 0, 0, 0, 0, 0];
/// General failure.
const FAILURE: &[u8] = &[5, 1, 0, 1, 0, 0, 0, 0, 0, 0];

/// Methods (RFC 1928 §3).
const NO_AUTHENTICATION: u8 = 0;
const USER_NAME: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;

pub(crate) async fn ask(
    reader: &mut Reader<'_>,
    mesh: &Mesh,
    door: Option<&Arc<Workload>>,
) -> Result<Asked, OrigDstError> {
    let source = greet(reader, mesh, door).await?;
    let [_version, command, _reserved, kind] = reader.array().await?;
    if command != 1 {
        reader.answer(NO_SUCH_COMMAND).await?;
        return Err(OrigDstError::Command { found: command });
    }
    let destination = match target(reader, kind).await {
        Err(error @ OrigDstError::Target { .. }) => {
            reader.answer(FAILURE).await?;
            return Err(error);
        }
        other => other?,
    };
    Ok(Asked { through: Through::Socks5, source, destination, early: reader.rest(), fresh_tunnel: false })
}

async fn greet(
    reader: &mut Reader<'_>,
    mesh: &Mesh,
    door: Option<&Arc<Workload>>,
) -> Result<Arc<Workload>, OrigDstError> {
    let [_version, count] = reader.array().await?;
    let methods = reader.take(usize::from(count)).await?;
    match (door, methods.contains(&USER_NAME), methods.contains(&NO_AUTHENTICATION)) {
        (Some(workload), _, true) => {
            reader.answer(&[5, NO_AUTHENTICATION]).await?;
            Ok(Arc::clone(workload))
        }
        (door, true, _) => {
            reader.answer(&[5, USER_NAME]).await?;
            user_name(reader, mesh, door).await
        }
        (_, false, _) => {
            reader.answer(&[5, NONE_ACCEPTABLE]).await?;
            Err(OrigDstError::NoWorkload)
        }
    }
}

/// RFC 1929 §2: `01 ULEN UNAME PLEN PASSWD`, answered with `01 00` or `01 01`.
async fn user_name(
    reader: &mut Reader<'_>,
    mesh: &Mesh,
    door: Option<&Arc<Workload>>,
) -> Result<Arc<Workload>, OrigDstError> {
    let [_version, length] = reader.array().await?;
    let name = reader.take(usize::from(length)).await?;
    let [length] = reader.array().await?;
    reader.take(usize::from(length)).await?;
    let source = match door {
        Some(workload) => Ok(Arc::clone(workload)),
        None => named(mesh, &String::from_utf8_lossy(&name)),
    };
    reader.answer(&[1, u8::from(source.is_err())]).await?;
    source
}

async fn target(reader: &mut Reader<'_>, kind: u8) -> Result<Destination, OrigDstError> {
    match kind {
        1 => {
            let ip = Ipv4Addr::from(reader.array::<4>().await?);
            Ok(Destination::Ip(IpAddr::V4(ip), port(reader).await?))
        }
        3 => {
            let [length] = reader.array().await?;
            let host = reader.take(usize::from(length)).await?;
            let port = port(reader).await?;
            destination(&String::from_utf8_lossy(&host), port)
        }
        4 => {
            let ip = Ipv6Addr::from(reader.array::<16>().await?);
            Ok(Destination::Ip(IpAddr::V6(ip).to_canonical(), port(reader).await?))
        }
        other => Err(OrigDstError::Target { found: format!("address type {other}") }),
    }
}

async fn port(reader: &mut Reader<'_>) -> Result<u16, OrigDstError> {
    Ok(u16::from_be_bytes(reader.array().await?))
}
