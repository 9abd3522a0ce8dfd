//! Tests of header blocks: RFC 7541's examples, and bytes that nobody meant.

use proptest::prelude::*;

use super::*;

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[track_caller]
fn check(table: &mut HeaderTable, block: &str, expect: &[(&str, &str)], size: usize) {
    let headers = table.decode(&unhex(block)).unwrap();
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (std::str::from_utf8(name).unwrap(), std::str::from_utf8(value).unwrap()))
        .collect();
    assert_eq!((headers.as_slice(), table.size), (expect, size));
}

/// RFC 7541 §C.4: three requests in Huffman's code that share a table.
#[test]
fn rfc7541_requests() {
    let start = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com")];
    let mut table = HeaderTable::default();
    check(&mut table, "828684418cf1e3c2e5f23a6ba0ab90f4ff", &start, 57);
    let second = [&start[..], &[("cache-control", "no-cache")]].concat();
    check(&mut table, "828684be5886a8eb10649cbf", &second, 110);
    let third = [
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/index.html"),
        (":authority", "www.example.com"),
        ("custom-key", "custom-value"),
    ];
    check(&mut table, "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", &third, 164);
    // A table of nothing forgets everything.
    check(&mut table, "20", &[], 0);
    assert_eq!(table.decode(&[0xbe]), None);
}

#[test]
fn what_breaks_the_rules_is_refused() {
    // No entry 0, a number without end, a text longer than the block, a table too large.
    for bad in ["80", "ffffffffffff", "0085", "3fffffffff", "40"] {
        assert_eq!(HeaderTable::default().decode(&unhex(bad)), None, "{bad}");
    }
    assert_eq!(HeaderTable::default().decode(&[0x82; MAX_HEADERS + 1]), None);
}

proptest! {
    #[test]
    fn nothing_panics(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..4)) {
        let mut table = HeaderTable::default();
        for block in blocks {
            let _ = table.decode(&block);
            prop_assert!(table.size <= LARGEST_SIZE);
        }
    }
}
