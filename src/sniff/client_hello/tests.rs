//! What is read from hellos that were built field by field.

use super::*;
use crate::sniff::extensions::{ALPN, KEY_SHARE, SERVER_NAME, SUPPORTED_GROUPS, SUPPORTED_VERSIONS};
use crate::sniff::tests::Hello;

#[test]
fn every_field_is_read() {
    let hello = Hello::padded(0);
    let expect = ClientHello {
        random: [9; 32],
        cipher_suites: vec![0x1301, 0x1302],
        server_name: Some("customers".to_owned()),
        alpn: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        versions: vec![0x0304],
        groups: vec![0x11ec, 0x001d],
        key_shares: vec![0x001d],
        length: hello.body().len(),
    };
    assert_eq!(read(&hello.body()), Ok(expect));
}

#[test]
fn a_tls_1_2_hello_may_have_no_extensions() {
    let mut body = Hello::bare().body();
    body.truncate(body.len() - 2);
    let hello = read(&body).unwrap();
    assert_eq!((hello.server_name, hello.alpn, hello.versions), (None, vec![], vec![0x0303]));
}

#[test]
fn a_field_that_does_not_fit_is_named() {
    fn check(body: &[u8], field: &'static str) {
        assert_eq!(read(body), Err(HelloFlaw::Malformed { field }), "{body:02x?}");
    }
    let with = |kind, extension: &[u8]| Hello::bare().with(kind, extension).body();
    check(b"", "legacy_version");
    check(b"\x03\x03short", "random");
    check(&Hello { session_id: vec![0; 33], ..Hello::bare() }.body(), "legacy_session_id");
    check(&Hello { cipher_suites: vec![], ..Hello::bare() }.body(), "cipher_suites");
    check(&Hello { cipher_suites: vec![1, 2, 3], ..Hello::bare() }.body(), "cipher_suites");
    check(&[Hello::bare().body(), vec![0]].concat(), "extensions");
    check(&Hello { extensions: vec![0, 0, 0, 9], ..Hello::bare() }.body(), "extensions");
    check(&with(SERVER_NAME, b""), "server_name");
    check(&with(SERVER_NAME, b"\0\0"), "server_name");
    check(&with(SERVER_NAME, b"\0\x04\0\0\x01ab"), "server_name");
    check(&with(ALPN, b"\0\x01\0"), "application_layer_protocol_negotiation");
    check(&with(ALPN, b"\0\x03\x05h2"), "application_layer_protocol_negotiation");
    check(&with(SUPPORTED_VERSIONS, b"\x03\x03\x04\x03"), "supported_versions");
    check(&with(SUPPORTED_GROUPS, b"\0\0"), "supported_groups");
    check(&with(KEY_SHARE, b"\0\x04\0\x1d\0\x09"), "key_share");
    check(
        &Hello::bare().with(ALPN, b"\0\x03\x02h2").with(ALPN, b"\0\x06\x05istio").body(),
        "application_layer_protocol_negotiation",
    );
}

#[test]
fn ten_thousand_unknown_extensions_are_no_flaw() {
    let hello = (0..10_000_u16).fold(Hello::bare(), |hello, number| hello.with(1000 + number, b""));
    assert!(read(&hello.body()).is_ok());
}
