//! `why` as a program: what it answers to real messages, and what it says when it knows nothing.

use std::io::Write as _;
use std::process::{Command, Stdio};

use clap::Parser as _;
use glasstunnel::cli::Arguments;
use glasstunnel::knowledge::rows;
use glasstunnel::repro::next;

use crate::golden;

fn why(arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_glasstunnel"))
        .arg("why")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Answered with 0, in the words of the golden file `why-NAME`.
#[track_caller]
fn check(name: &str, arguments: &[&str], input: &str) {
    let (code, out, err) = why(arguments, input.as_bytes());
    assert_eq!((code, err.as_str()), (Some(0), ""), "{arguments:?}");
    golden::check(&format!("why-{name}"), &out);
}

#[test]
fn messages_lead_to_causes() {
    check("curl-56", &["curl: (56) Recv failure: Connection reset by peer"], "");
    check("openssl", &["error:0A000418:SSL routines::tlsv1 alert unknown ca"], "");
    check(
        "envoy",
        &[
            "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote \
            connection failure, transport failure reason: TLS_error:|268435703:SSL routines:OPENSSL_internal:\
            WRONG_VERSION_NUMBER:TLS_error_end",
        ],
        "",
    );
    let denied = "2026-11-21T03:28:12.619119Z\terror\taccess\tconnection complete\tsrc.addr=127.0.0.1:46388 \
        src.workload=\"client\" dst.addr=10.77.0.2:15008 dst.hbone_addr=10.77.0.2:8080 direction=\"outbound\" \
        bytes_sent=0 bytes_recv=0 duration=\"2ms\" error=\"http status: 401 Unauthorized\"\n";
    check("ztunnel", &["-"], denied);
    check("alert", &["48"], "");
    check("words", &["mysql", "hangs"], "");
    check("json", &["tls.same_name_other_key", "-o", "json"], "");
}

#[test]
fn a_log_is_summed_up() {
    check("log", &["-"], include_str!("../data/why/mixed.log"));
}

#[test]
fn what_nobody_knows_is_1() {
    let (code, out, err) = why(&["the frobnicator frobnicated"], b"");
    assert_eq!((code, out.as_str()), (Some(1), ""));
    golden::check("why-nothing", &err);
    let (code, out, _) = why(&["-", "-o", "yaml"], b"\xff\xfe\n");
    assert_eq!(code, Some(1));
    assert!(out.contains("kind: Causes") && out.contains("causes: []"), "{out}");
    let (code, out, _) = why(&["alert", "80"], b"");
    assert_eq!(code, Some(1));
    assert!(out.contains("internal_error (80)"), "{out}");
    assert_eq!(why(&[], b"").0, Some(2));
}

#[test]
fn the_number_of_causes_is_asked_for() {
    let count = |more: &[&str]| {
        let (_, out, _) = why(&[&["curl: (28)", "-o", "json"], more].concat(), b"");
        out.matches("\"tellsApart\"").count()
    };
    assert_eq!((count(&["-n", "1"]), count(&[])), (1, 5));
    assert!(count(&["--all"]) > 5);
}

/// `UPDATE_EXPECT=1` does not write the README: paste what this prints.
#[test]
fn the_readme_is_true() {
    let readme = include_str!("../../README.md");
    let (_, after) =
        readme.split_once("<!-- session: tests/cli/why.rs -->\n```console\n$ glasstunnel why '").unwrap();
    let (block, _) = after.split_once("```").unwrap();
    let (text, rest) = block.split_once("' ").unwrap();
    let (arguments, expected) = rest.split_once('\n').unwrap();
    let arguments: Vec<&str> = [text].into_iter().chain(arguments.split(' ')).collect();
    assert_eq!(why(&arguments, b"").1, expected);
}

#[test]
fn every_command_that_is_named_can_be_typed() {
    let ours = rows().flat_map(next).filter(|text| text.starts_with("glasstunnel "));
    for command in ours {
        let words = command.split(' ').map(|word| word.trim_matches('\'').replace("#ID", "#17"));
        let words: Vec<String> =
            words.map(|word| word.replace("B:PORT", "b:80").replace("HOST:PORT", "host:80")).collect();
        let parsed = Arguments::try_parse_from(&words);
        assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
    }
}
