//! ztunnel's matching, value by value.

use super::*;
use proptest::prelude::*;

fn id(text: &str) -> SpiffeId {
    text.parse().unwrap()
}

fn seen(source: Option<&SpiffeId>) -> Seen<'_> {
    Seen { source, source_ip: [10, 0, 0, 9].into(), destination_ip: [10, 0, 0, 1].into(), port: 8080 }
}

#[test]
fn stars_mean_what_they_mean_in_ztunnel() {
    let check = |pattern: &str, text: &str, expect: bool| {
        assert_eq!(StringMatch::read(pattern).fits(text), expect, "{pattern} on {text}");
    };
    check("*", "x", true);
    check("*", "", false);
    check("ab*", "abc", true);
    check("ab*", "xab", false);
    check("*bc", "abc", true);
    check("*bc", "bcd", false);
    check("*bc*", "abc*", true);
    check("*bc*", "abcd", false);
    check("a*c", "abc", false);
    check("a*c", "a*c", true);
    check("abc", "ABC", false);
    check("", "", true);
}

#[test]
fn blocks_are_masked_and_never_cross_families() {
    let check = |block: &str, ip: &str, expect: bool| {
        assert_eq!(block.parse::<IpBlock>().unwrap().contains(ip.parse().unwrap()), expect, "{block} {ip}");
    };
    check("10.0.0.9", "10.0.0.9", true);
    check("10.0.0.9/24", "10.0.0.200", true);
    check("10.0.0.9/24", "10.0.1.9", false);
    check("0.0.0.0/0", "203.0.113.7", true);
    check("::/0", "203.0.113.7", false);
    check("::/0", "fd00::1", true);
    check("0.0.0.0/0", "fd00::1", false);
    check("fd00::/8", "fd12::1", true);
    for bad in ["", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "ten", "10.0.0.0/+8"] {
        assert!(bad.parse::<IpBlock>().is_err(), "{bad}");
    }
    assert_eq!("10.1.2.3/8".parse::<IpBlock>().unwrap().to_string(), "10.0.0.0/8");
}

#[test]
fn without_an_identity_only_negatives_match() {
    let star = || vec![StringMatch::Presence];
    let positive = Match { principals: Values { any: star(), none: Vec::new() }, ..Match::default() };
    let negative = Match { principals: Values { any: Vec::new(), none: star() }, ..Match::default() };
    let curl = id("spiffe://cluster.local/ns/client/sa/curl");
    assert!(positive.matches(&seen(Some(&curl))) && !positive.matches(&seen(None)));
    assert!(!negative.matches(&seen(Some(&curl))) && negative.matches(&seen(None)));
    let namespace = Match {
        namespaces: Values { any: Vec::new(), none: vec![StringMatch::read("bad")] },
        ..Match::default()
    };
    assert!(namespace.matches(&seen(None)), "notNamespaces admits every plaintext client");
}

#[test]
fn groups_are_anded_and_values_ored() {
    let ports = Values { any: vec![80, 8080], none: Vec::new() };
    let both = Match {
        ports: ports.clone(),
        source_ips: Values { any: vec!["10.0.0.0/8".parse().unwrap()], none: Vec::new() },
        ..Match::default()
    };
    assert!(both.matches(&seen(None)));
    let elsewhere = Seen { source_ip: [11, 0, 0, 1].into(), ..seen(None) };
    assert_eq!(both.mismatch(&elsewhere), Some("ipBlocks"));
    assert_eq!(both.mismatch(&Seen { port: 81, ..seen(None) }), Some("ports"));
    let not = Match { ports: Values { any: ports.any, none: vec![8080] }, ..Match::default() };
    assert!(!not.matches(&seen(None)), "a value that both twins name does not match");
}

#[test]
fn a_principal_has_no_scheme() {
    let curl = id("spiffe://cluster.local/ns/client/sa/curl");
    let check = |value: &str, expect: bool| {
        let any = vec![StringMatch::read(value)];
        let only = Match { principals: Values { any, none: Vec::new() }, ..Match::default() };
        assert_eq!(only.matches(&seen(Some(&curl))), expect, "{value}");
    };
    check("cluster.local/ns/client/sa/curl", true);
    check("spiffe://cluster.local/ns/client/sa/curl", false);
    check("*/ns/client/sa/curl", true);
    check("cluster.local/ns/client/*", true);
}

proptest! {
    #[test]
    fn a_block_holds_its_own_addresses(bits: u32, length in 0u8..=32) {
        let address = IpAddr::V4(bits.into());
        prop_assert!(IpBlock::new(address, length).unwrap().contains(address));
    }

    #[test]
    fn reading_a_block_is_total(text in ".{0,24}") {
        let _ = text.parse::<IpBlock>();
    }

    #[test]
    fn a_pattern_is_written_as_it_was_read(text in "[a*]{0,6}") {
        prop_assert_eq!(StringMatch::read(&text).to_string(), text);
    }
}
