//! [`DomainName`]: a name as it stands in a message (RFC 1035 §3.1), and the addresses that names under `arpa` mean.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest name, with its length bytes and its end (RFC 1035 §2.3.4).
const LONGEST: usize = 255;
/// The longest label; a length byte with either of the two higher bits is none (RFC 1035 §4.1.4).
const LONGEST_LABEL: u8 = 63;

/// A whole name in the form of the wire, as its sender spelt it: some clients mix cases and want them back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DomainName {
    wire: Vec<u8>,
}

impl DomainName {
    /// Reads a name without compression: a question is the first name of its message, and has nothing to point at.
    pub(crate) fn read(input: &mut &[u8]) -> Option<Self> {
        let mut wire = Vec::new();
        loop {
            let length = *input.split_off_first()?;
            wire.push(length);
            if length == 0 {
                return Some(Self { wire });
            }
            if length > LONGEST_LABEL || wire.len() + usize::from(length) >= LONGEST {
                return None;
            }
            wire.extend(input.split_off(..usize::from(length))?);
        }
    }

    /// Reads past a name, wherever it may point; says whether it is the root.
    pub(crate) fn skip(input: &mut &[u8]) -> Option<bool> {
        let mut is_root = true;
        loop {
            match *input.split_off_first()? {
                0 => return Some(is_root),
                length @ 1..=LONGEST_LABEL => drop(input.split_off(..usize::from(length))?),
                0xc0.. => return input.split_off_first().map(|_| false),
                _ => return None,
            }
            is_root = false;
        }
    }

    /// The name that `text` spells, with or without the final dot; `None` if it is too long for a message.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let mut wire = Vec::new();
        for label in text.strip_suffix('.').unwrap_or(text).split('.') {
            let length = u8::try_from(label.len()).ok()?;
            if !(1..=LONGEST_LABEL).contains(&length) {
                return None;
            }
            wire.push(length);
            wire.extend(label.as_bytes());
        }
        wire.push(0);
        (wire.len() <= LONGEST).then_some(Self { wire })
    }

    /// As in the message.
    pub(crate) fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// In lower case, because case does not matter (RFC 4343 §3), without the final dot.
    ///
    /// `None` for a name with other than printable ASCII in it or with a dot inside a label: nobody in the mesh is
    /// called so, and it must not be taken for somebody who is.
    pub(crate) fn text(&self) -> Option<String> {
        let mut text = String::new();
        let mut rest = self.wire.as_slice();
        while let Some(length @ 1..) = rest.split_off_first().copied() {
            let label = rest.split_off(..usize::from(length))?;
            if !label.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'.') {
                return None;
            }
            if !text.is_empty() {
                text.push('.');
            }
            text.extend(label.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
        }
        Some(text)
    }
}

/// The address that `text` asks the name of: `4.3.2.1.in-addr.arpa` (RFC 1035 §3.5), or 32 nibbles under `ip6.arpa`
/// (RFC 3596 §2.5).
pub(crate) fn reversed(text: &str) -> Option<IpAddr> {
    if let Some(octets) = text.strip_suffix(".in-addr.arpa") {
        let octets: Vec<u8> = octets.rsplit('.').map(|octet| octet.parse().ok()).collect::<Option<_>>()?;
        return <[u8; 4]>::try_from(octets).ok().map(|octets| Ipv4Addr::from(octets).into());
    }
    let nibbles = text.strip_suffix(".ip6.arpa")?;
    if nibbles.split('.').count() != 32 || nibbles.split('.').any(|nibble| nibble.len() != 1) {
        return None;
    }
    let digits: String = nibbles.rsplit('.').collect();
    u128::from_str_radix(&digits, 16).ok().map(|bits| Ipv6Addr::from(bits).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_the_wire_and_compare_without_case() {
        let check = |text: &str, expect: Option<&str>| {
            let found = DomainName::of(text).and_then(|name| {
                let mut rest = name.wire();
                assert_eq!(DomainName::read(&mut rest).as_ref(), Some(&name));
                assert!(rest.is_empty());
                name.text()
            });
            assert_eq!(found.as_deref(), expect, "{text}");
        };
        check("Customers.default.SVC.cluster.local.", Some("customers.default.svc.cluster.local"));
        check("a", Some("a"));
        check("a..b", None);
        check("", None);
        check("a b", None);
        check(&"x".repeat(63), Some(&"x".repeat(63)));
        check(&"x".repeat(64), None);
        let long = vec!["x".repeat(49); 5].join(".");
        check(&format!("{long}.abc"), Some(&format!("{long}.abc")));
        check(&format!("{long}.abcd"), None);
    }

    #[test]
    fn a_dot_inside_a_label_is_nobodys_name() {
        let mut wire: &[u8] = b"\x0dcustomers.foo\0";
        assert_eq!(DomainName::read(&mut wire).unwrap().text(), None);
    }

    #[test]
    fn bad_names_end() {
        for bad in [&b"\xc0\x0c"[..], b"\x40a", b"\x03ab", b"", b"\x01a"] {
            assert_eq!(DomainName::read(&mut &bad[..]), None, "{bad:?}");
        }
        let endless = b"\x01a".repeat(200);
        assert_eq!(DomainName::read(&mut endless.as_slice()), None);
    }

    #[test]
    fn addresses_are_read_backwards() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(reversed(text), expect.map(|ip| ip.parse().unwrap()), "{text}");
        };
        check("4.3.2.1.in-addr.arpa", Some("1.2.3.4"));
        check("3.2.1.in-addr.arpa", None);
        check("5.4.3.2.1.in-addr.arpa", None);
        check("256.3.2.1.in-addr.arpa", None);
        let one = format!("1.{}ip6.arpa", "0.".repeat(31));
        check(&one, Some("::1"));
        check(&format!("0.{one}"), None);
        check(&one.replace("1.", "+."), None);
        check("customers.default.svc.cluster.local", None);
    }
}
