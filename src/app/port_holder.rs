//! Who holds a port: the first question after "address already in use".
//!
//! Linux says it in two places: `/proc/net/tcp` and `tcp6` name the inode of each listening socket (proc_net_tcp(5)), and
//! the links in `/proc/PID/fd` name the inodes that a process has open. Other users' processes keep theirs to themselves.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// `TCP_LISTEN` in the `st` column.
const LISTEN: &str = "0A";

/// Where the kernel lists TCP sockets of each family.
const LISTS: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

/// A process that listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id.
    pub pid: u32,
    /// Its command, such as `python3`.
    pub command: String,
}

/// Who listens on `addr`, or on its port on every address; `None` when that is not visible to this user.
pub fn who_holds(addr: SocketAddr) -> Option<Holder> {
    let inodes: Vec<u64> = LISTS
        .iter()
        .filter_map(|list| fs::read_to_string(list).ok())
        .flat_map(|list| listeners(&list, addr))
        .collect();
    let pids = fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let pid: u32 = pids.into_iter().find(|pid| holds_any(*pid, &inodes))?;
    let command = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(Holder { pid, command: command.trim_end().escape_debug().to_string() })
}

fn holds_any(pid: u32, inodes: &[u64]) -> bool {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    let links = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    links
        .into_iter()
        .any(|link| link.to_str().and_then(socket_inode).is_some_and(|inode| inodes.contains(&inode)))
}

/// The inode in `socket:[12345]`.
fn socket_inode(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// The inodes of the sockets in `list` that listen where a bind of `addr` would collide.
fn listeners(list: &str, addr: SocketAddr) -> Vec<u64> {
    let inode = |line: &str| {
        let mut fields = line.split_whitespace();
        let local = address(fields.nth(1)?)?;
        let listens = fields.nth(1)? == LISTEN;
        let inode = fields.nth(5)?.parse().ok()?;
        (listens && collide(local, addr)).then_some(inode)
    };
    list.lines().skip(1).filter_map(inode).collect()
}

fn collide(held: SocketAddr, wanted: SocketAddr) -> bool {
    let (held_ip, wanted_ip) = (held.ip().to_canonical(), wanted.ip().to_canonical());
    held.port() == wanted.port()
        && (held_ip == wanted_ip || held_ip.is_unspecified() || wanted_ip.is_unspecified())
}

/// Reads `0100007F:3A98`: words of the address in this machine's byte order, the port in hexadecimal.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word =
        |index: usize| Some(u32::from_str_radix(ip.get(index * 8..index * 8 + 8)?, 16).ok()?.to_ne_bytes());
    let ip = match ip.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut octets = [0; 16];
            for (index, chunk) in octets.chunks_exact_mut(4).enumerate() {
                chunk.copy_from_slice(&word(index)?);
            }
            IpAddr::V6(Ipv6Addr::from(octets))
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn our_own_listener_is_ours() {
        for ip in ["127.0.0.1", "0.0.0.0", "::1"] {
            let Ok(listener) = TcpListener::bind((ip, 0)) else { continue };
            let holder = who_holds(listener.local_addr().unwrap()).unwrap();
            assert_eq!(holder.pid, std::process::id(), "{ip}");
            assert!(!holder.command.is_empty());
        }
    }

    #[test]
    fn a_free_port_is_nobodys() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(who_holds(free), None);
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn only_listeners_that_collide_count() {
        let list =
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:3A98 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0 0 10 0
   1: 00000000:3A98 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1 0 100 0 0 10 0
   2: 0200007F:3A98 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 13 1 0 100 0 0 10 0
   3: 0100007F:3A98 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 14 1 0 100 0 0 10 0
   4: 0100007F:3A99 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 15 1 0 100 0 0 10 0
   5: broken";
        let check =
            |addr: &str, expect: &[u64]| assert_eq!(listeners(list, addr.parse().unwrap()), expect, "{addr}");
        check("127.0.0.1:15000", &[11, 12]);
        check("127.0.0.2:15000", &[12, 13]);
        check("0.0.0.0:15000", &[11, 12, 13]);
        check("127.0.0.1:15001", &[15]);
        check("127.0.0.1:15002", &[]);
        assert_eq!(address("00000000000000000000000001000000:0050"), Some("[::1]:80".parse().unwrap()));
        assert_eq!(
            address("0000000000000000FFFF00000100007F:0050").map(|addr| addr.ip().to_canonical()),
            Some("127.0.0.1".parse().unwrap())
        );
        assert_eq!(address("0100:0050"), None);
        assert_eq!(socket_inode("socket:[77]"), Some(77));
        assert_eq!(socket_inode("/dev/null"), None);
    }
}
