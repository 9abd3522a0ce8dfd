//! Heads, good and bad.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Head, BadRequest> {
    Head::parse(&Bytes::copy_from_slice(text.as_bytes()))
}

#[test]
fn a_head_is_read() {
    fn check(text: &str, expect: (&str, &str, Body, bool, bool)) {
        let head = parse(text).unwrap();
        let found = (head.method, head.target, head.body, head.keep_alive, head.expects_continue);
        let (method, target, body, keep_alive, expects) = expect;
        assert_eq!(
            found,
            (method.to_owned().into(), target.to_owned().into(), body, keep_alive, expects),
            "{text:?}"
        );
    }
    check("GET / HTTP/1.1\r\nhost: a\r\n\r\n", ("GET", "/", Body::Length(0), true, false));
    check("GET / HTTP/1.1\nhost: a\n\n", ("GET", "/", Body::Length(0), true, false));
    check("GET / HTTP/1.0\r\n\r\n", ("GET", "/", Body::Length(0), false, false));
    check("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", ("GET", "/", Body::Length(0), true, false));
    check(
        "GET / HTTP/1.1\r\nHost: a\r\nconnection: te, Close\r\n\r\n",
        ("GET", "/", Body::Length(0), false, false),
    );
    check(
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n",
        ("POST", "/x", Body::Length(12), true, true),
    );
    check(
        "PUT * HTTP/1.1\r\nHost:\r\ntransfer-encoding: Chunked\r\n\r\n",
        ("PUT", "*", Body::Chunked, true, false),
    );
}

#[test]
fn a_bad_head_says_what_is_wrong() {
    fn check(text: &str, expect: &str) {
        assert_eq!(parse(text).unwrap_err().to_string(), expect);
    }
    check("\x16\x03\x01\r\n\r\n", "expected METHOD TARGET HTTP/1.x, found \"\\x16\\x03\\x01\"");
    check("GET /\r\n\r\n", "expected METHOD TARGET HTTP/1.x, found \"GET /\"");
    check("GET  / HTTP/1.1\r\n\r\n", "expected METHOD TARGET HTTP/1.x, found \"GET  / HTTP/1.1\"");
    check("PRI * HTTP/2.0\r\n\r\n", "expected HTTP/1.0 or HTTP/1.1, found \"HTTP/2.0\"");
    check("GET / HTTP/1.1\r\nhost : a\r\n\r\n", "expected NAME: VALUE, found \"host : a\"");
    check("GET / HTTP/1.1\r\nhost: a\r\n folded\r\n\r\n", "expected NAME: VALUE, found \" folded\"");
    check("GET / HTTP/1.1\r\n\r\n", "expected exactly one Host header, found 0");
    check("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", "expected exactly one Host header, found 2");
    let with = |header: &str| format!("GET / HTTP/1.1\r\nhost: a\r\n{header}\r\n\r\n");
    check(&with("content-length: +1"), "expected one Content-Length in digits, found \"+1\"");
    check(&with("content-length:"), "expected one Content-Length in digits, found \"\"");
    check(
        &with("content-length: 1\r\ncontent-length: 2"),
        "expected one Content-Length in digits, found \"1\"",
    );
    check(
        &with("content-length: 1\r\ntransfer-encoding: chunked"),
        "expected Transfer-Encoding: chunked alone, found \"chunked\"",
    );
    check(&with("transfer-encoding: gzip"), "expected Transfer-Encoding: chunked alone, found \"gzip\"");
}

proptest! {
    #[test]
    fn any_bytes_have_an_answer(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Head::parse(&Bytes::from(bytes));
    }

    #[test]
    fn a_good_line_makes_no_header_panic(rest in vec(any::<u8>(), 0..100)) {
        let _ = Head::parse(&Bytes::from([b"GET / HTTP/1.1\r\nhost: a\r\n", rest.as_slice()].concat()));
    }
}
