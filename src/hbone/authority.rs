//! The authority of a CONNECT, parsed strictly: one spelling per address, so that no policy is asked about another.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::addr::write_addr;
use crate::hbone::error::HboneError;
use crate::reason::shown;

/// The longest host name (RFC 1035 §2.3.4).
const LONGEST_HOST: usize = 255;

/// Where a CONNECT leads (RFC 9113 §8.5, RFC 9110 §9.3.6): always with a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// `10.244.1.7:3000` or `[fd00::7]:3000`.
    Address(SocketAddr),
    /// A host name, lower case.
    Host {
        /// The name.
        host: String,
        /// 1 to 65535.
        port: u16,
    },
}

impl Authority {
    /// Parses `text`, which a peer chose.
    ///
    /// # Errors
    ///
    /// [`HboneError::Authority`], which says what is wrong. Refused are user names, zone ids, IPv4-mapped addresses,
    /// numbers that only some parsers take for addresses (`127.1`, `2130706433`, `0x7f.1`), and ports with signs or
    /// leading zeros.
    pub fn parse(text: &str) -> Result<Self, HboneError> {
        let wrong = |why| HboneError::Authority { found: shown(text), why };
        let (host, port) = split(text).map_err(wrong)?;
        let port = parse_port(port).map_err(wrong)?;
        if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            return Ok(Self::Address(SocketAddr::new(v6(inner).map_err(wrong)?, port)));
        }
        if let Ok(ip) = host.parse::<Ipv4Addr>() {
            return Ok(Self::Address(SocketAddr::new(IpAddr::V4(ip), port)));
        }
        Ok(Self::Host { host: parse_host(host).map_err(wrong)?, port })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        match self {
            Self::Address(addr) => addr.port(),
            Self::Host { port, .. } => *port,
        }
    }
}

fn split(text: &str) -> Result<(&str, &str), &'static str> {
    if text.contains('@') {
        return Err("a user name has no place in it");
    }
    text.rsplit_once(':').ok_or("the port is missing")
}

fn parse_port(text: &str) -> Result<u16, &'static str> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(port) if digits && port > 0 && !text.starts_with('0') => Ok(port),
        _ => Err("the port must be 1 to 65535, in plain digits"),
    }
}

fn v6(text: &str) -> Result<IpAddr, &'static str> {
    let ip: Ipv6Addr = match text.parse() {
        Ok(ip) => ip,
        Err(_not_an_address) => return Err("what stands in brackets is no IPv6 address"),
    };
    match ip.to_ipv4_mapped() {
        Some(_) => Err("an IPv4-mapped address must be written as IPv4"),
        None => Ok(IpAddr::V6(ip)),
    }
}

fn parse_host(host: &str) -> Result<String, &'static str> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if host.is_empty() || host.len() > LONGEST_HOST || !host.bytes().all(legal) {
        return Err("the host is no host name");
    }
    // WHATWG URL §3.5: a last label that is a number makes a parser read the whole as an IPv4 address.
    let last = host.rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    if last.bytes().all(|byte| byte.is_ascii_digit()) || hex.is_some() {
        return Err("the host looks like an address, and is none");
    }
    Ok(host.to_ascii_lowercase())
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(addr) => write_addr(*addr, f),
            Self::Host { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_spelling_per_address() {
        let good =
            |text: &str| assert_eq!(Authority::parse(text).unwrap().to_string(), text.to_ascii_lowercase());
        for text in ["10.0.0.1:80", "[fd00::7]:3000", "customers.default.svc.cluster.local:80", "A-b.c:65535"]
        {
            good(text);
        }
        for text in [
            "",
            ":",
            ":80",
            "10.0.0.1",
            "10.0.0.1:",
            "10.0.0.1:0",
            "10.0.0.1:080",
            "10.0.0.1:+80",
            "10.0.0.1:65536",
            "10.0.0.1:８０",
            "127.1:80",
            "2130706433:80",
            "0x7f000001:80",
            "0177.0.0.1:80",
            "127.0.0.1.:80",
            "[::ffff:127.0.0.1]:80",
            "[fe80::1%lo]:80",
            "::1:80",
            "user@10.0.0.1:80",
            "a b:80",
            "a/b:80",
            "a,b:80",
            "a\r\nb:80",
            "a\0:80",
            "[10.0.0.1]:80",
            "10.0.0.1:80:80",
        ] {
            assert!(Authority::parse(text).is_err(), "{text:?} got through");
        }
        assert!(Authority::parse(&format!("{}:80", "a".repeat(256))).is_err());
    }

    proptest! {
        #[test]
        fn never_panics_and_round_trips(text in ".{0,80}") {
            if let Ok(authority) = Authority::parse(&text) {
                prop_assert_eq!(Authority::parse(&authority.to_string()).unwrap(), authority);
            }
        }

        #[test]
        fn addresses_round_trip(ip: IpAddr, port in 1u16..) {
            let authority = Authority::Address(SocketAddr::new(ip.to_canonical(), port));
            prop_assert_eq!(Authority::parse(&authority.to_string()).unwrap(), authority);
        }
    }
}
