//! Abstract Unix sockets: names without files, which vanish with their process (unix(7)).
//!
//! They have no file mode, so both ends ask the kernel who the other one is. Only Linux has them; elsewhere every call
//! says so.

use std::io;

use tokio::net::{UnixListener, UnixStream};

/// Where the kernel lists Unix sockets.
#[cfg(target_os = "linux")]
const LIST: &str = "/proc/net/unix";

/// `__SO_ACCEPTCON` in the list's Flags column: the socket listens.
const LISTENS: u32 = 1 << 16;

/// Listens under `name`.
///
/// # Errors
///
/// `AddrInUse` when somebody listens under that name already.
#[cfg(target_os = "linux")]
pub(crate) fn listen(name: &str) -> io::Result<UnixListener> {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixListener as Blocking};
    let listener = Blocking::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}

/// Connects to whoever listens under `name`; local sockets connect at once or not at all.
#[cfg(target_os = "linux")]
pub(crate) fn connect(name: &str) -> io::Result<UnixStream> {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixStream as Blocking};
    let stream = Blocking::connect_addr(&SocketAddr::from_abstract_name(name)?)?;
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

/// Every abstract name that somebody listens under, in this network namespace.
#[cfg(target_os = "linux")]
pub(crate) fn names() -> io::Result<Vec<String>> {
    Ok(listening(&String::from_utf8_lossy(&std::fs::read(LIST)?)))
}

/// Whose process this is.
#[cfg(target_os = "linux")]
pub(crate) fn own_uid() -> io::Result<u32> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(std::fs::metadata("/proc/self")?.uid())
}

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{connect, listen, names, own_uid};

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::io;

    use tokio::net::{UnixListener, UnixStream};

    fn unsupported<T>() -> io::Result<T> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "finding a running mesh needs Linux's abstract sockets",
        ))
    }

    pub(crate) fn listen(_name: &str) -> io::Result<UnixListener> {
        unsupported()
    }

    pub(crate) fn connect(_name: &str) -> io::Result<UnixStream> {
        unsupported()
    }

    pub(crate) fn names() -> io::Result<Vec<String>> {
        unsupported()
    }

    pub(crate) fn own_uid() -> io::Result<u32> {
        unsupported()
    }
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
