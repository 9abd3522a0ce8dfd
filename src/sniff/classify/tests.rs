//! The law of the classifier: one answer for all ways of splitting the same bytes. Real hellos, built ones, and junk.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::sniff::flaw::HelloFlaw;
use crate::sniff::tests::{Hello, in_records};

macro_rules! captured {
    ($name:literal, $says:literal) => {
        (
            $name,
            $says,
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/hello/", $name, ".bin")),
        )
    };
}

/// Captured from real clients; tests/data/hello/README.md says how.
const CAPTURED: [(&str, &str, &[u8]); 10] = [
    captured!("curl-http2", "SNI customers, ALPN h2,http/1.1"),
    captured!("curl-http1", "SNI customers, ALPN http/1.1"),
    captured!("curl-no-alpn", "SNI customers, no ALPN"),
    captured!("curl-tls12", "SNI customers, ALPN h2,http/1.1"),
    captured!(
        "openssl-istio",
        "SNI outbound_.9080_._.reviews.default.svc.cluster.local, ALPN istio-peer-exchange,istio"
    ),
    captured!("openssl-istio-http", "no SNI, ALPN istio-http/1.1,istio,http/1.1"),
    captured!("openssl-p521", "no SNI, no ALPN"),
    captured!("python-h2", "SNI reviews.default, ALPN h2"),
    captured!("node-h2", "SNI ratings, ALPN h2,http/1.1"),
    captured!("rustls-mlkem-h2", "no SNI, ALPN h2"),
];

fn known(seen: &[u8]) -> Protocol {
    match classify(seen) {
        Verdict::Known(protocol) => protocol,
        Verdict::NeedMore => panic!("undecided after {} bytes", seen.len()),
    }
}

/// Holds the law for `bytes`: every prefix is undecided or has the answer of the whole, and the answer stays.
fn obeys_the_law(bytes: &[u8]) {
    let whole = classify(bytes);
    let mut incremental = Classifier::default();
    let mut decided = false;
    for length in 0..=bytes.len() {
        let verdict = incremental.look(&bytes[..length]);
        assert_eq!(verdict, classify(&bytes[..length]), "after {length} bytes");
        assert!(!decided || verdict == whole, "changed its mind after {length} bytes");
        decided = verdict != Verdict::NeedMore;
        assert!(!decided || verdict == whole, "{verdict:?} after {length} bytes, later {whole:?}");
        if decided {
            // A decided classifier is not asked again.
            incremental = Classifier::default();
        }
    }
}

#[test]
fn real_hellos_are_read() {
    for (name, says, bytes) in CAPTURED {
        assert_eq!(known(bytes).says(), format!("TLS ClientHello, {says}"), "{name}");
        assert_eq!(classify(&bytes[..bytes.len() - 1]), Verdict::NeedMore, "{name} but for the last byte");
    }
}

#[test]
fn real_hellos_are_read_however_they_are_split() {
    for (name, _, bytes) in CAPTURED {
        obeys_the_law(bytes);
        let whole = known(bytes);
        for size in [1, 2, 3, 4, 5, 40, 200, 512] {
            let again = in_records(&bytes[5..], size);
            assert_eq!(known(&again), whole, "{name} in records of {size}");
        }
        obeys_the_law(&in_records(&bytes[5..], 1));
    }
}

#[test]
fn large_hellos_are_read_up_to_the_limit() {
    for padding in [40 * 1024, 60 * 1024] {
        let hello = Hello::padded(padding);
        for size in [1, 100, 16 * 1024] {
            let wire = hello.records(size);
            assert!(known(&wire).is_client_hello(), "{padding} in records of {size}");
            assert_eq!(classify(&wire[..wire.len() - 1]), Verdict::NeedMore);
        }
    }
}

#[test]
fn what_only_starts_like_tls_is_raw() {
    fn check(seen: &[u8], flaw: HelloFlaw) {
        assert_eq!(known(seen), Protocol::NotTls(flaw));
        assert_eq!(classify(&seen[..seen.len() - 1]), Verdict::NeedMore, "not decided on the earliest byte");
        obeys_the_law(&[seen, b"more"].concat());
    }
    check(b"\x16G", HelloFlaw::RecordVersion { major: b'G', minor: None });
    check(b"\x16\x03\x09", HelloFlaw::RecordVersion { major: 3, minor: Some(9) });
    check(b"\x16\x03\x01\0\0", HelloFlaw::RecordLength { found: 0 });
    check(b"\x16\x03\x01\xff\xff", HelloFlaw::RecordLength { found: 0xffff });
    check(b"\x16\x03\x01\x40\x01", HelloFlaw::RecordLength { found: 16385 });
    check(b"\x16\x03\x01\0\x20\x02", HelloFlaw::MessageType { found: 2 });
    check(b"\x16\x03\x01\0\x20\x01\xff\0\0", HelloFlaw::TooLong { claimed: 0xff_0000 });
    check(b"\x16\x03\x01\0\x20\x01\x01\0\x01", HelloFlaw::TooLong { claimed: 65537 });
    check(b"\x16\x03\x01\0\x04\x01\0\0\0", HelloFlaw::Malformed { field: "legacy_version" });
    check(b"\x16\x03\x01\0\x01\x01\x14", HelloFlaw::RecordType { found: 0x14 });
}

fn hello_like() -> impl Strategy<Value = Vec<u8>> {
    let base = (0..2000_usize, 1..600_usize).prop_map(|(padding, size)| Hello::padded(padding).records(size));
    (base, vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)).prop_map(|(mut bytes, changes)| {
        for (index, byte) in changes {
            let place = index.index(bytes.len());
            bytes[place] = byte;
        }
        bytes
    })
}

fn text_like() -> impl Strategy<Value = Vec<u8>> {
    let starts: Vec<&[u8]> =
        vec![b"", b"GET ", b"P", b"PRI * HTTP/2.0\r\n\r\n", b"PROXY", b"\r\n\r\n\0\r\nQUIT\n"];
    (prop::sample::select(starts), vec(any::<u8>(), 0..40)).prop_map(|(start, rest)| [start, &rest].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_split_gives_one_answer(bytes in prop_oneof![hello_like(), text_like(), vec(any::<u8>(), 0..300)]) {
        obeys_the_law(&bytes);
    }

    #[test]
    fn records_hide_nothing(sizes in vec(1..300_usize, 1..20)) {
        let message = Hello::padded(300).message();
        let mut rest = message.as_slice();
        let mut wire = Vec::new();
        for size in sizes.into_iter().cycle() {
            let (part, next) = rest.split_at(size.min(rest.len()));
            wire.extend(in_records(part, 300));
            rest = next;
            if rest.is_empty() { break }
        }
        prop_assert_eq!(known(&wire), known(&in_records(&message, 16 * 1024)));
    }

    #[test]
    fn raw_is_decided_within_24_bytes(first in any::<u8>(), rest in vec(any::<u8>(), 23)) {
        prop_assume!(first != 0x16);
        prop_assert!(!known(&[vec![first], rest].concat()).is_client_hello());
    }
}
