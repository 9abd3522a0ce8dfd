//! [`Target`]: a path through somebody else's proxies, as it is typed.

use std::net::SocketAddr;
use std::str::FromStr;

use crate::load::{Destination, Way};

/// `NAME=[socks5://ADDR/]HOST:PORT[,pid=N]…[,server=N]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What the path is called.
    pub name: String,
    /// How to get there.
    pub way: Way,
    /// Whose processor time and memory count: the client's proxy, then the server's.
    pub pids: Vec<u32>,
    /// The `bench serve` behind them, whose processor time is a part of each unit's, as it is of every other path's.
    pub server: Option<u32>,
}

const EXPECTED: &str = "expected NAME=HOST:PORT or NAME=socks5://ADDR/HOST:PORT, then up to two ,pid=N and ,server=N: zt=socks5://127.0.0.1:15080/10.96.0.10:80,pid=71,pid=72,server=73";

/// The names of the benchmark's own paths.
const OWN: [&str; 5] = ["direct", "raw", "tls", "mtls", "hbone"];

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::read(text).ok_or_else(|| EXPECTED.to_owned())
    }
}

impl Target {
    fn read(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('=')?;
        let mut parts = rest.split(',');
        let way = way(parts.next()?)?;
        let (mut pids, mut server) = (Vec::new(), None);
        for part in parts {
            match part.split_once('=')? {
                ("pid", pid) if pids.len() < 2 => pids.push(pid.parse().ok()?),
                ("server", pid) if server.is_none() => server = Some(pid.parse().ok()?),
                _ => return None,
            }
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let fits = !name.is_empty() && !OWN.contains(&name) && name.chars().all(fits);
        fits.then(|| Self { name: name.to_owned(), way, pids, server })
    }
}

fn way(text: &str) -> Option<Way> {
    match text.strip_prefix("socks5://") {
        None => Some(Way::Straight(text.parse().ok()?)),
        Some(rest) => {
            let (door, to) = rest.split_once('/')?;
            Some(Way::Socks { door: door.parse().ok()?, to: destination(to)? })
        }
    }
}

fn destination(text: &str) -> Option<Destination> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(Destination::At(address));
    }
    let (name, port) = text.rsplit_once(':')?;
    let fits = (1..=255).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    Some(Destination::Named(fits.then(|| name.to_owned())?, port.parse().ok().filter(|port| *port > 0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        let check = |text: &str, expect: Option<(&str, Way, &[u32], Option<u32>)>| {
            let expect = expect.map(|(name, way, pids, server)| {
                let (name, pids) = (name.to_owned(), pids.to_vec());
                Target { name, way, pids, server }
            });
            assert_eq!(Target::read(text), expect, "{text}");
        };
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        check("envoy=127.0.0.1:10000", Some(("envoy", Way::Straight(at("127.0.0.1:10000")), &[], None)));
        let to = Destination::At(at("10.96.0.10:80"));
        check(
            "zt=socks5://127.0.0.1:15080/10.96.0.10:80,pid=71,pid=72,server=73",
            Some(("zt", Way::Socks { door: at("127.0.0.1:15080"), to }, &[71, 72], Some(73))),
        );
        let to = Destination::Named("web.default".to_owned(), 80);
        check(
            "a=socks5://[::1]:1/web.default:80",
            Some(("a", Way::Socks { door: at("[::1]:1"), to }, &[], None)),
        );
        for wrong in [
            "",
            "hbone=127.0.0.1:1",
            "=127.0.0.1:1",
            "a b=127.0.0.1:1",
            "a=localhost:1",
            "a=1.1.1.1",
            "a=127.0.0.1:1,pid=x",
            "a=127.0.0.1:1,pid=1,pid=2,pid=3",
            "a=127.0.0.1:1,server=1,server=2",
            "a=127.0.0.1:1,server=",
            "a=127.0.0.1:1,1",
            "a=socks5://127.0.0.1:1",
            "a=socks5://127.0.0.1:1/b:0",
        ] {
            check(wrong, None);
        }
    }
}
