//! [`Plan`]: what a pod's network is to be.

use std::net::IpAddr;

/// What a pod's network is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What errors call the pod, such as `default/reviews-v1`.
    pub name: String,
    /// Its addresses. A family of which it has none has no way out of the pod.
    pub addresses: Vec<IpAddr>,
    /// Whether TCP connections that begin in the pod are taken to [`OUTBOUND_PORT`](crate::netns::OUTBOUND_PORT).
    pub outbound: bool,
    /// Whether TCP connections from other pods are taken to [`INBOUND_PORT`](crate::netns::INBOUND_PORT).
    pub inbound: bool,
    /// Whether questions for names are taken to [`DNS_PORT`](crate::netns::DNS_PORT), whomever they are put to.
    pub dns: bool,
}

impl Plan {
    /// Its addresses of one family.
    pub(crate) fn of(&self, family: Family) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().copied().filter(move |address| Family::of(*address) == family)
    }

    /// Whether anything is to be taken anywhere.
    pub(crate) fn captures(&self) -> bool {
        self.outbound || self.inbound || self.dns
    }
}

/// A family of addresses: each has tables, rules and routes of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// An address's family. An IPv4-mapped one is IPv6, as it was written.
    pub(crate) fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// The one address that is loopback in Istio's rules.
    pub(crate) fn loopback(self) -> &'static str {
        match self {
            Self::V4 => "127.0.0.1/32",
            Self::V6 => "::1/128",
        }
    }

    /// All addresses, as `ip` writes them.
    pub(crate) fn everything(self) -> &'static str {
        match self {
            Self::V4 => "0.0.0.0/0",
            Self::V6 => "::/0",
        }
    }

    /// The option by which `ip` knows it.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::V4 => "-4",
            Self::V6 => "-6",
        }
    }
}
