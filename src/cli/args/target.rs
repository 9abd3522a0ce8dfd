//! [`Target`]: a path through somebody else's proxies, as it is typed.

use std::net::SocketAddr;
use std::str::FromStr;

use crate::load::{Destination, OWN, Way};

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

/// What is wrong with a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what}\n\nA target is NAME=HOST:PORT or NAME=socks5://ADDR/HOST:PORT, then up to two ,pid=N and ,server=N:\n  zt=socks5://127.0.0.1:15080/10.96.0.10:80,pid=71,pid=72,server=73"
)]
pub struct BadTarget {
    what: String,
}

fn bad(what: impl Into<String>) -> BadTarget {
    BadTarget { what: what.into() }
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        let (name, rest) = text.split_once('=').ok_or_else(|| bad("expected NAME=, found no `=`"))?;
        let mut parts = rest.split(',');
        let way = way(parts.next().unwrap_or_default())?;
        let mut target = Self { name: named(name)?, way, pids: Vec::new(), server: None };
        parts.try_for_each(|part| target.add(part))?;
        Ok(target)
    }
}

impl Target {
    fn add(&mut self, part: &str) -> Result<(), BadTarget> {
        match part.split_once('=') {
            Some(("pid", id)) if self.pids.len() < 2 => self.pids.push(process(id)?),
            Some(("pid", _)) => return Err(bad("expected two pid= at most: a path has two proxies")),
            Some(("server", id)) if self.server.is_none() => self.server = Some(process(id)?),
            Some(("server", _)) => return Err(bad("expected one server=, found two")),
            _ => return Err(bad(format!("expected pid=N or server=N, found `{}`", part.escape_debug()))),
        }
        Ok(())
    }
}

fn named(name: &str) -> Result<String, BadTarget> {
    if OWN.contains(&name) {
        return Err(bad(format!(
            "expected another name than `{name}`, which is a path of the benchmark's own ({})",
            OWN.join(", ")
        )));
    }
    match !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
        true => Ok(name.to_owned()),
        false => Err(bad(format!(
            "expected a name of letters, digits, `-` and `_`, found `{}`",
            name.escape_debug()
        ))),
    }
}

fn process(id: &str) -> Result<u32, BadTarget> {
    id.parse().map_err(|_no_number| bad(format!("expected a process id, found `{}`", id.escape_debug())))
}

fn way(text: &str) -> Result<Way, BadTarget> {
    let Some(rest) = text.strip_prefix("socks5://") else { return Ok(Way::Straight(address(text)?)) };
    let (door, to) = rest.split_once('/').ok_or_else(|| {
        bad(format!("expected /HOST:PORT behind the SOCKS5 address, found `{}`", rest.escape_debug()))
    })?;
    Ok(Way::Socks { door: address(door)?, to: destination(to)? })
}

fn address(text: &str) -> Result<SocketAddr, BadTarget> {
    text.parse().map_err(|_no_address| {
        bad(format!("expected an IP address and port, found `{}`", text.escape_debug()))
    })
}

fn destination(text: &str) -> Result<Destination, BadTarget> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(Destination::At(address));
    }
    let host = |name: &str| {
        (1..=255).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
    };
    let parts = text.rsplit_once(':').filter(|(name, _)| host(name));
    let named = parts.and_then(|(name, port)| Some((name, port.parse().ok().filter(|port| *port > 0)?)));
    let (name, port) = named.ok_or_else(|| {
        bad(format!("expected a host name or IP address and a port, found `{}`", text.escape_debug()))
    })?;
    Ok(Destination::Named(name.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        let check = |text: &str, name: &str, way: Way, pids: &[u32], server: Option<u32>| {
            let expect = Target { name: name.to_owned(), way, pids: pids.to_vec(), server };
            assert_eq!(text.parse(), Ok(expect), "{text}");
        };
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        check("envoy=127.0.0.1:10000", "envoy", Way::Straight(at("127.0.0.1:10000")), &[], None);
        let to = Destination::At(at("10.96.0.10:80"));
        check(
            "zt=socks5://127.0.0.1:15080/10.96.0.10:80,pid=71,pid=72,server=73",
            "zt",
            Way::Socks { door: at("127.0.0.1:15080"), to },
            &[71, 72],
            Some(73),
        );
        let to = Destination::Named("web.default".to_owned(), 80);
        let way = Way::Socks { door: at("[::1]:1"), to };
        check("a=socks5://[::1]:1/web.default:80", "a", way, &[], None);
    }

    #[test]
    fn a_mistake_is_named() {
        for (wrong, expect) in [
            ("", "NAME=, found no `=`"),
            ("hbone=127.0.0.1:1", "another name than `hbone`"),
            ("=127.0.0.1:1", "letters, digits, `-` and `_`, found ``"),
            ("a b=127.0.0.1:1", "found `a b`"),
            ("a=localhost:1", "an IP address and port, found `localhost:1`"),
            ("a=1.1.1.1", "found `1.1.1.1`"),
            ("a=127.0.0.1:1,pid=x", "a process id, found `x`"),
            ("a=127.0.0.1:1,pid=1,pid=2,pid=3", "two pid= at most"),
            ("a=127.0.0.1:1,server=1,server=2", "one server="),
            ("a=127.0.0.1:1,server=", "a process id, found ``"),
            ("a=127.0.0.1:1,1", "pid=N or server=N, found `1`"),
            ("a=socks5://127.0.0.1:1", "/HOST:PORT behind the SOCKS5 address"),
            ("a=socks5://x/b:80", "an IP address and port, found `x`"),
            ("a=socks5://127.0.0.1:1/b:0", "and a port, found `b:0`"),
        ] {
            let error = wrong.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains(expect), "{wrong}: {error}");
        }
    }
}
