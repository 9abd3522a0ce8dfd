//! What a policy compares a connection with: ztunnel's matching (reference/hbone.md 6.1, reference/policy.md 4.6).
//!
//! Within a group of values any one must fit and none of the `not…` twin may; all groups of a [`Match`] must hold. Without
//! an identity no positive condition on it ever matches, not even `*`, and every negative one does.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::identity::SpiffeId;

/// How one value of a policy compares with text; a lone `*` asks only that there is one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StringMatch {
    /// `*`: any text but the empty one.
    Presence,
    /// `*x`: the text ends with this.
    Suffix(String),
    /// `x*`: the text begins with this.
    Prefix(String),
    /// The text is this, byte for byte.
    Exact(String),
}

impl StringMatch {
    /// Reads a value as a document writes it. A leading star wins: `*abc*` is the suffix `abc*`, and a star inside is a
    /// letter like any other.
    pub fn read(text: &str) -> Self {
        match (text, text.strip_prefix('*'), text.strip_suffix('*')) {
            ("*", ..) => Self::Presence,
            (_, Some(suffix), _) => Self::Suffix(suffix.to_owned()),
            (_, None, Some(prefix)) => Self::Prefix(prefix.to_owned()),
            (exact, None, None) => Self::Exact(exact.to_owned()),
        }
    }

    /// Whether `text` fits.
    pub fn fits(&self, text: &str) -> bool {
        match self {
            Self::Presence => !text.is_empty(),
            Self::Suffix(suffix) => text.ends_with(suffix),
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::Exact(exact) => text == exact,
        }
    }
}

impl fmt::Display for StringMatch {
    /// As a document writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Presence => f.write_str("*"),
            Self::Suffix(suffix) => write!(f, "*{suffix}"),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
            Self::Exact(exact) => f.write_str(exact),
        }
    }
}

/// A block of addresses of one family; host bits beyond the length are masked away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IpBlock {
    network: IpAddr,
    length: u8,
}

/// A text that is no address and no CIDR block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBlock {
    /// It has no `/`, and is no address.
    #[error("bad IP address ({0})")]
    Address(String),
    /// It has a `/`, and is no block.
    #[error("bad CIDR range ({0}): invalid CIDR address: {0}")]
    Range(String),
}

impl IpBlock {
    /// The block of the first `length` bits of `address`; `None` when an address of that family is shorter.
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        (length <= width(address)).then(|| Self { network: masked(address, length), length })
    }

    /// Whether `address` is in the block; IPv4 is never in an IPv6 block, `::/0` included.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.network.is_ipv4() == address.is_ipv4() && masked(address, self.length) == self.network
    }

    /// Whether its addresses are IPv4's.
    pub fn is_ipv4(&self) -> bool {
        self.network.is_ipv4()
    }

    /// How many leading bits are compared.
    pub fn length(&self) -> u8 {
        self.length
    }
}

impl FromStr for IpBlock {
    type Err = BadBlock;

    /// Reads `10.0.0.9` or `10.0.0.0/8`.
    fn from_str(text: &str) -> Result<Self, BadBlock> {
        match text.split_once('/') {
            None => {
                let address: Result<IpAddr, _> = text.parse();
                let block = address.ok().and_then(|address| Self::new(address, width(address)));
                block.ok_or_else(|| BadBlock::Address(text.escape_debug().to_string()))
            }
            Some((address, length)) => {
                let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
                let length = digits.then(|| length.parse().ok()).flatten();
                let block = address.parse().ok().zip(length).and_then(|(ip, length)| Self::new(ip, length));
                block.ok_or_else(|| BadBlock::Range(text.escape_debug().to_string()))
            }
        }
    }
}

impl fmt::Display for IpBlock {
    /// `10.0.0.9` for a single address, `10.0.0.0/8` for a block.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length == width(self.network) {
            true => write!(f, "{}", self.network),
            false => write!(f, "{}/{}", self.network, self.length),
        }
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// `address` with every bit beyond the first `length` cleared.
fn masked(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
            IpAddr::V6((address.to_bits() & mask).into())
        }
    }
}

/// A service account as `serviceAccounts` names it: its trust domain is not compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceAccount {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// One field and its `not…` twin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values<T> {
    /// One of these must fit; empty asks for nothing.
    pub any: Vec<T>,
    /// None of these may fit.
    pub none: Vec<T>,
}

impl<T> Default for Values<T> {
    fn default() -> Self {
        Self { any: Vec::new(), none: Vec::new() }
    }
}

impl<T> Values<T> {
    /// Whether neither twin says anything.
    pub fn is_empty(&self) -> bool {
        self.any.is_empty() && self.none.is_empty()
    }

    fn hold(&self, fits: impl Fn(&T) -> bool) -> bool {
        (self.any.is_empty() || self.any.iter().any(&fits)) && !self.none.iter().any(&fits)
    }
}

/// What policy sees of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The verified peer; `None` for plaintext.
    pub source: Option<&'a SpiffeId>,
    /// The peer's address, in the mesh's terms.
    pub source_ip: IpAddr,
    /// The address of the workload itself, never a service's.
    pub destination_ip: IpAddr,
    /// The workload port.
    pub port: u16,
}

/// One `source`, one `operation` or one `when` entry: every group that says something must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// `TRUST_DOMAIN/ns/NAMESPACE/sa/ACCOUNT`, without `spiffe://`.
    pub principals: Values<StringMatch>,
    /// The namespace in the peer's certificate.
    pub namespaces: Values<StringMatch>,
    /// Namespace and account in the peer's certificate.
    pub service_accounts: Values<ServiceAccount>,
    /// The trust domain in the peer's certificate. Only the documented contract has it: on its way to a ztunnel istiod
    /// drops it without a word (reference/policy.md 4.4).
    pub trust_domains: Values<StringMatch>,
    /// The peer's address.
    pub source_ips: Values<IpBlock>,
    /// The workload's address.
    pub destination_ips: Values<IpBlock>,
    /// The workload port.
    pub ports: Values<u16>,
}

impl Match {
    /// Whether it says nothing at all: then ztunnel skips it, and it matches nothing.
    pub fn is_empty(&self) -> bool {
        let texts = [&self.principals, &self.namespaces, &self.trust_domains];
        texts.iter().all(|values| values.is_empty())
            && self.service_accounts.is_empty()
            && self.source_ips.is_empty()
            && self.destination_ips.is_empty()
            && self.ports.is_empty()
    }

    /// Whether `seen` fits.
    pub fn matches(&self, seen: &Seen<'_>) -> bool {
        self.mismatch(seen).is_none()
    }

    /// The first field that `seen` does not fit, as a document names it.
    pub fn mismatch(&self, seen: &Seen<'_>) -> Option<&'static str> {
        let text = |values: &Values<StringMatch>, of: fn(&SpiffeId) -> &str| {
            values.hold(|value| seen.source.is_some_and(|source| value.fits(of(source))))
        };
        let account = |account: &ServiceAccount| {
            seen.source.is_some_and(|source| {
                source.namespace() == account.namespace && source.service_account() == account.name
            })
        };
        [
            ("principals", text(&self.principals, SpiffeId::principal)),
            ("namespaces", text(&self.namespaces, SpiffeId::namespace)),
            ("serviceAccounts", self.service_accounts.hold(account)),
            ("trustDomains", text(&self.trust_domains, SpiffeId::trust_domain)),
            ("ipBlocks", self.source_ips.hold(|block| block.contains(seen.source_ip))),
            ("destination.ip", self.destination_ips.hold(|block| block.contains(seen.destination_ip))),
            ("ports", self.ports.hold(|port| *port == seen.port)),
        ]
        .into_iter()
        .find_map(|(field, holds)| (!holds).then_some(field))
    }
}

#[cfg(test)]
mod tests;
