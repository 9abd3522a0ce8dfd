//! `forwarded`: the client as the source proxy saw it (RFC 7239 §4), in the two forms that ztunnel writes.

use std::fmt;
use std::net::SocketAddr;

use crate::addr::write_addr;

/// `for="10.77.0.1:57586"`, and `;host=…` when the target was a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// The client's address in the mesh.
    pub client: SocketAddr,
    /// The service's host name, if a service was dialled.
    pub host: Option<String>,
}

impl Forwarded {
    /// Reads the `host=` of a value, the only part that ztunnel reads, quoted or not.
    pub fn host_of(value: &str) -> Option<&str> {
        let mut parts = value.split(';').filter_map(|part| part.trim().split_once('='));
        let (_, host) = parts.find(|(key, _)| key.eq_ignore_ascii_case("host"))?;
        let host = host.trim_matches('"');
        (!host.is_empty() && host.len() <= 255).then_some(host)
    }

    /// Reads a value whole; `None` when it is not of the forms above.
    pub fn parse(value: &str) -> Option<Self> {
        let mut parts = value.split(';').filter_map(|part| part.trim().split_once('='));
        let (_, client) = parts.find(|(key, _)| key.eq_ignore_ascii_case("for"))?;
        let client = client.trim_matches('"').parse().ok()?;
        Some(Self { client, host: Self::host_of(value).map(str::to_owned) })
    }
}

impl fmt::Display for Forwarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("for=\"")?;
        write_addr(self.client, f)?;
        f.write_str("\"")?;
        match &self.host {
            Some(host) => write!(f, ";host={host}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_ztunnel_writes() {
        let check = |text: &str| assert_eq!(Forwarded::parse(text).unwrap().to_string(), text);
        check("for=\"10.77.0.1:57586\"");
        check("for=\"[fd77::1]:57586\"");
        check("for=\"127.0.0.1:33684\";host=server.default.svc.cluster.local");
        assert_eq!(Forwarded::host_of("Host=\"a.b\";for=x"), Some("a.b"));
        assert_eq!(Forwarded::parse("for=unknown"), None);
    }

    proptest! {
        #[test]
        fn never_panics(value in ".{0,80}") {
            let _ = (Forwarded::parse(&value), Forwarded::host_of(&value));
        }

        #[test]
        fn what_is_read_prints_back(
            ip: IpAddr,
            port: u16,
            host in proptest::option::of("[a-z0-9.-]{1,40}"),
        ) {
            let forwarded = Forwarded { client: SocketAddr::new(ip, port), host };
            prop_assert_eq!(Forwarded::parse(&forwarded.to_string()), Some(forwarded));
        }
    }
}
