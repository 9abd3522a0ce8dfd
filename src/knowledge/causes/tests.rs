//! Every row is found by each of its own symptoms; noise is not; nothing panics.

use proptest::prelude::*;

use crate::knowledge::causes::{Causes, MAX_TEXT, causes};
use crate::knowledge::table::{by_id, rows};

fn ids(causes: &Causes) -> Vec<&'static str> {
    causes.ranked().iter().map(|(row, _)| row.id).collect()
}

/// The ranked ids begin with `expect`.
#[track_caller]
fn check(text: &str, expect: &[&str]) {
    let causes = causes(text);
    let ids = ids(&causes);
    assert!(ids.starts_with(expect), "{text:?}: expected {expect:?} first, found {ids:?}: {causes:#?}");
}

/// In the midst of what logs have around it.
fn noisy(text: &str) -> String {
    format!(
        "2026-11-21T03:28:12.619119Z\terror\taccess\tconnection complete\tsrc.addr=10.0.0.1:46388 duration=\"3ms\" error=\"{}\" x=1",
        text.replace('…', "10.0.0.7:8080, t7: ")
    )
}

#[test]
fn every_row_is_found_by_its_own_symptoms() {
    for row in rows() {
        for seen in row.seen {
            for text in [seen.text.replace('…', "-"), noisy(seen.text)] {
                let causes = causes(&text);
                let ids = ids(&causes);
                let at = ids.iter().position(|id| *id == row.id);
                assert!(at.is_some(), "{} is not found by {text:?}, but {ids:?}", row.id);
                assert!(seen.shared || at == Some(0), "{} is not first for {text:?}, but {ids:?}", row.id);
                let follows = |id: &&str| by_id(id).unwrap().looks_like.contains(&ids[0]);
                let alone = ids[1..].iter().all(follows);
                assert!(!seen.shared || alone || causes.matches[0].is_ambiguous(), "{}: {text:?}", row.id);
            }
        }
    }
}

#[test]
fn every_row_is_found_by_its_id_name_codes_flags_and_alerts() {
    for row in rows() {
        check(row.id, &[row.id]);
        check(&row.id.to_lowercase(), &[row.id]);
        check(row.name, &[row.id]);
        let codes = row.codes.iter().map(|code| format!("tls failed [{code}]"));
        let flags = row.flags.iter().map(|flag| format!("response_flags=\"{flag}\""));
        let alerts = row.alerts.iter().map(u8::to_string);
        for text in codes.chain(flags).chain(alerts) {
            let found = ids(&causes(&text));
            assert!(found.contains(&row.id), "{} is not found by {text:?}, but {found:?}", row.id);
        }
    }
}

#[test]
fn stacks_words_lead_to_rows() {
    check("curl: (56) Recv failure: Connection reset by peer", &["A01", "D64", "D65", "E81", "A05"]);
    check("curl: (28) Operation timed out", &["C57", "G97"]);
    check("curl: (55) getpeername() failed with errno 107", &["A05", "B22"]);
    check("error:0A000418:SSL routines::tlsv1 alert unknown ca", &["B25", "B27", "B41"]);
    check("error:14094418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca", &["B25"]);
    check(
        "TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end",
        &["B22"],
    );
    check(
        "remote connection failure, transport failure reason: TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end",
        &["A06", "A11"],
    );
    check("delayed connect error: 111", &["D65"]);
    check("io error: invalid peer certificate: UnknownIssuer", &["B25", "B27"]);
    check("received fatal alert: CertificateUnknown", &["B30"]);
    check("http2 handshake failed: received fatal alert: DecryptError", &["D69", "B26"]);
    check("remote error: tls: bad certificate", &["B25", "B32", "B44"]);
    check("unknown_ca", &["B25"]);
    check("48", &["B25"]);
    check("401", &["D64", "F87"]);
    check("56", &["A01", "D64", "A05"]);
    check("curl exit 35", &["A02"]);
    check("104", &["A01"]);
    check("111", &["D65", "G97", "G102"]);
    check("UF,URX", &["A06"]);
    check("mysql hangs", &["C58"]);
}

#[test]
fn noise_is_nothing() {
    for text in [
        "",
        "hello world",
        "frobnicate the widget",
        "2026-11-21T03:28:12.619119Z\tinfo\taccess\tconnection complete\tsrc.addr=127.0.0.1:48 bytes_sent=45 duration=\"3ms\"",
        "CONNECT 10.0.0.1:15008",
        "\"GET / HTTP/1.1\" 200 - \"-\" \"curl/7.88.1\"",
        "B25 and some words that go on and on for longer than any name would",
        "7000",
    ] {
        let causes = causes(text);
        assert!(causes.matches.is_empty(), "{text:?}: {causes:#?}");
    }
}

#[test]
fn a_log_is_grouped() {
    let blocked = "error=\"connection timed out, maybe a NetworkPolicy is blocking HBONE port 15008: deadline has elapsed\"";
    let denied = "error=\"http status: 401 Unauthorized\"";
    let text = format!("start\n{denied}\n{blocked}\nnoise\n\n{blocked}\n{denied}\n{denied}\n");
    let causes = causes(&text);
    let found: Vec<_> = causes.matches.iter().map(|m| (m.rows[0].id, m.count, m.line)).collect();
    assert_eq!(found, [("G97", 2, 3), ("D64", 3, 2)]);
    assert_eq!((causes.lines, causes.known, causes.truncated), (7, 5, false));
}

#[test]
fn a_text_has_an_end() {
    let text = format!("unknown_ca\n{}é\nB25", " ".repeat(MAX_TEXT - "unknown_ca\né".len() + 1));
    let causes = causes(&text);
    assert!(causes.truncated);
    assert_eq!(causes.matches.len(), 1);
}

proptest! {
    #[test]
    fn nothing_panics(text in "(?s).{0,300}") {
        let _any = causes(&text);
    }

    /// A log that is three times as long says the same three times: lines do not know of each other.
    #[test]
    fn lines_are_independent(picks in proptest::collection::vec((0_usize..105, 0_usize..8), 4..12)) {
        let line = |(row, seen): &(usize, usize)| {
            let row = rows().nth(*row).unwrap();
            row.seen.get(*seen).map_or(row.id, |seen| seen.text).to_owned() + "\n"
        };
        let log: String = picks.iter().map(line).collect();
        let (once, thrice) = (causes(&log), causes(&log.repeat(3)));
        prop_assert_eq!((once.lines * 3, once.known * 3), (thrice.lines, thrice.known));
        let counts = |causes: &Causes, times: usize| {
            causes.matches.iter().map(|found| (found.rows[0].id, found.count * times)).collect::<Vec<_>>()
        };
        prop_assert_eq!(counts(&once, 3), counts(&thrice, 1));
    }

    /// Words of the table in any order, cut anywhere: excerpts are whole characters and every count is right.
    #[test]
    fn pieces_of_symptoms_are_read(
        picks in proptest::collection::vec((0_usize..105, 0_usize..8, 0_usize..40, "[ \n\té:\u{1b}]"), 0..20)
    ) {
        let piece = |(row, seen, cut, between): &(usize, usize, usize, String)| {
            let row = rows().nth(*row).unwrap();
            let text = row.seen.get(*seen).map_or(row.name, |seen| seen.text);
            text.chars().take(*cut).collect::<String>() + between
        };
        let text: String = picks.iter().map(piece).collect();
        let causes = causes(&text);
        prop_assert!(causes.known <= causes.lines);
        for found in &causes.matches {
            prop_assert!(!found.rows.is_empty() && found.count >= 1);
            prop_assert!(found.excerpt.chars().all(|c| !c.is_control()));
        }
    }
}
