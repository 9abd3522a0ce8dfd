//! Who holds a port: read from /proc, as far as this user may look. Elsewhere than on Linux nobody is named.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// LISTEN in /proc/net/tcp's `st` column (include/net/tcp_states.h).
const LISTEN: &str = "0A";

/// A process that listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// Its command name.
    pub command: String,
}

/// The process whose listener keeps `addr` from being bound.
pub fn who_holds(addr: SocketAddr) -> Option<Holder> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let texts = tables.iter().filter_map(|path| fs::read_to_string(path).ok());
    let inode = texts.into_iter().find_map(|text| listening_inode(&text, addr))?;
    holder_of(&format!("socket:[{inode}]"))
}

/// The inode of the listener in a /proc/net/tcp table that has `addr`, or its port on every address.
fn listening_inode(table: &str, addr: SocketAddr) -> Option<u64> {
    table.lines().skip(1).find_map(|line| {
        let mut columns = line.split_whitespace();
        let local = parse_address(columns.nth(1)?)?;
        let state = columns.nth(1)?;
        let inode = columns.nth(5)?.parse().ok()?;
        let same = local == addr || (local.ip().is_unspecified() && local.port() == addr.port());
        (state == LISTEN && same).then_some(inode)
    })
}

/// `0100007F:1F90`: the address in host byte order per 32-bit word, the port in network order.
fn parse_address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words: Option<Vec<u32>> =
        ip.as_bytes().chunks(8).map(|word| u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()).collect();
    let octets: Vec<u8> = words?.into_iter().flat_map(u32::to_ne_bytes).collect();
    let ip = match octets.len() {
        4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?)),
        _ => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?)).to_canonical(),
    };
    Some(SocketAddr::new(ip, port))
}

fn holder_of(link: &str) -> Option<Holder> {
    fs::read_dir("/proc").ok()?.filter_map(Result::ok).find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let has = |descriptor: fs::DirEntry| {
            fs::read_link(descriptor.path()).is_ok_and(|target| target == Path::new(link))
        };
        let mut descriptors = fs::read_dir(entry.path().join("fd")).ok()?.filter_map(Result::ok);
        descriptors.any(has).then(|| {
            let command = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            Holder { pid, command: command.trim().to_owned() }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_behind_its_own_listener() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let holder = who_holds(listener.local_addr().unwrap()).unwrap();
        assert_eq!(holder.pid, std::process::id());
    }

    #[test]
    fn addresses_are_read_as_the_kernel_writes_them() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(parse_address(text), expect.map(|text| text.parse().unwrap()), "{text}");
        };
        check("0100007F:1F90", Some("127.0.0.1:8080"));
        check("00000000000000000000000001000000:0050", Some("[::1]:80"));
        check("nonsense", None);
        check("", None);
    }
}
