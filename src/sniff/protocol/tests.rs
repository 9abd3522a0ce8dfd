//! The verdicts in words, and which hellos are mesh mTLS.

use super::*;

fn tls(server_name: Option<&str>, alpn: &[&[u8]]) -> Protocol {
    Protocol::Tls(Box::new(ClientHello {
        random: [0; 32],
        cipher_suites: vec![0x1301],
        server_name: server_name.map(str::to_owned),
        alpn: alpn.iter().map(|name| name.to_vec()).collect(),
        versions: vec![0x0304],
        groups: vec![],
        key_shares: vec![],
        length: 100,
    }))
}

#[test]
fn verdicts_are_said_in_words_and_escaped() {
    fn check(protocol: &Protocol, expect: &str) {
        assert_eq!(protocol.says(), expect);
    }
    check(&tls(Some("customers"), &[b"h2", b"http/1.1"]), "TLS ClientHello, SNI customers, ALPN h2,http/1.1");
    check(&tls(None, &[]), "TLS ClientHello, no SNI, no ALPN");
    check(
        &tls(Some("a\r\n\u{1b}[31m\u{202e}"), &[b"\xff,\0"]),
        "TLS ClientHello, SNI a\\r\\n\\x1b[31m\\xe2\\x80\\xae, ALPN \\xff,\\x00",
    );
    check(&Protocol::Http1 { method: "GET" }, "raw: HTTP/1 \"GET \"");
    let flaw = HelloFlaw::RecordVersion { major: 3, minor: Some(9) };
    check(
        &Protocol::NotTls(flaw),
        "raw: first byte 16 as in TLS, but expected record version 03 00 to 03 04, found 03 09",
    );
    let first = FirstBytes::of(b"SSH-2.0-OpenSSH_9.2p1 Debian");
    check(
        &Protocol::Opaque { first },
        "raw: first bytes 53 53 48 2d 32 2e 30 2d \"SSH-2.0-OpenSSH_9.2p1 De\"",
    );
    check(&Protocol::Silent, "raw: nothing by the deadline, the server may have to speak first");
}

#[test]
fn istio_marks_mesh_tls_by_alpn() {
    fn check(alpn: &[&[u8]], expect: Option<&[u8]>) {
        assert_eq!(tls(None, alpn).istio_alpn(), expect, "{alpn:?}");
    }
    for name in ISTIO_ALPN {
        check(&[b"h2", name], Some(name));
    }
    check(&[b"istio-peer-exchange", b"istio"], Some(b"istio-peer-exchange"));
    check(&[], None);
    check(&[b"h2", b"http/1.1"], None);
    check(&[b"Istio", b"istio-http/2", b"istio "], None);
    assert_eq!(Protocol::Silent.istio_alpn(), None);
    assert!(!Protocol::Silent.is_client_hello());
}
