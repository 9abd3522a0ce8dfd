//! Abstract Unix sockets: names without files, which vanish with their process (unix(7)).
//!
//! They have no file mode, so both ends ask the kernel who the other one is. Only Linux has them; elsewhere every call
//! says so.

use std::io;

use tokio::net::{UnixListener, UnixStream};

/// Where the kernel lists Unix sockets.
const LIST: &str = "/proc/net/unix";

/// `__SO_ACCEPTCON` in the list's Flags column: the socket listens.
const LISTENS: u32 = 1 << 16;

/// Listens under `name`.
///
/// # Errors
///
/// `AddrInUse` when somebody listens under that name already.
pub(crate) fn listen(name: &str) -> io::Result<UnixListener> {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixListener as Blocking};
    let listener = Blocking::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}

/// Connects to whoever listens under `name`; local sockets connect at once or not at all.
pub(crate) fn connect(name: &str) -> io::Result<UnixStream> {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixStream as Blocking};
    let stream = Blocking::connect_addr(&SocketAddr::from_abstract_name(name)?)?;
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

/// Every abstract name that somebody listens under, in this network namespace.
pub(crate) fn names() -> io::Result<Vec<String>> {
    Ok(listening(&String::from_utf8_lossy(&std::fs::read(LIST)?)))
}

/// Whose process this is.
pub(crate) fn own_uid() -> io::Result<u32> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(std::fs::metadata("/proc/self")?.uid())
}

/// The user's number outside of the user namespace that the process may have moved into (user_namespaces(7)): what
/// processes that did not move know it by.
pub(crate) fn outer_uid() -> io::Result<u32> {
    let own = own_uid()?;
    let map = std::fs::read_to_string("/proc/self/uid_map")?;
    Ok(mapped(&map, own).unwrap_or(own))
}

/// What `uid` is outside: lines of `inside outside count`.
fn mapped(map: &str, uid: u32) -> Option<u32> {
    map.lines().find_map(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        let (inside, outside, count) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
        let offset = uid.checked_sub(inside)?;
        (offset < count).then(|| outside.checked_add(offset))?
    })
}

/// Reads the kernel's list: `Num: RefCount Protocol Flags Type St Inode Path`, where an abstract name begins with `@`.
pub(crate) fn listening(list: &str) -> Vec<String> {
    let name = |line: &str| {
        let mut fields = line.split_whitespace();
        let flags = u32::from_str_radix(fields.nth(3)?, 16).ok()?;
        let path = fields.nth(3)?;
        path.strip_prefix('@').filter(|_| flags & LISTENS != 0).map(str::to_owned)
    };
    list.lines().skip(1).filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_known_outside_by_the_number_outside() {
        let check =
            |map: &str, uid: u32, expect: Option<u32>| assert_eq!(mapped(map, uid), expect, "{map:?}");
        check("         0          0 4294967295\n", 1000, Some(1000));
        check("0 65534 1\n", 0, Some(65534));
        check("0 1000 1\n1 100000 65536\n", 7, Some(100_006));
        check("0 65534 1\n", 1, None);
        check("", 0, None);
        check("nonsense\n5", 0, None);
    }

    #[test]
    fn only_listening_abstract_names_count() {
        let list = "Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 17302 @glasstunnel/1000/default
0000000000000000: 00000003 00000000 00000000 0001 03 17303 @glasstunnel/1000/default
0000000000000000: 00000002 00000000 00010000 0001 01 17304 /run/some.sock
0000000000000000: 00000002 00000000 00000000 0002 01 17305
broken";
        assert_eq!(listening(list), ["glasstunnel/1000/default"]);
        assert!(listening("").is_empty());
    }
}
