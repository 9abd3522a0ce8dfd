//! `repro` and `test` as programs: what they print, and how they end.

use std::process::Command;

use crate::golden;

fn program(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_glasstunnel")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The text without what changes from run to run: how long it took.
fn masked(text: &str) -> String {
    let mask = |line: &str| match line.split_once(" in ") {
        Some((before, after)) if after.ends_with(" s") && !after.contains("  ") => format!("{before} in T s"),
        _ => line.to_owned(),
    };
    text.lines().map(|line| mask(line) + "\n").collect()
}

/// A number after each `key` is nothing but a number.
fn unnumbered(text: &str, key: &str) -> String {
    let mut parts = text.split(key);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        assert_ne!(rest.len(), part.len(), "{key} without a number");
        format!("{text}{key}N{rest}")
    })
}

/// The page that people read is what the entries say.
#[test]
fn the_catalogue_s_page_is_true() {
    golden::check_path("src/repro/FAILURES.md", &glasstunnel::repro::page().unwrap());
}

#[test]
fn the_catalogue_is_listed() {
    let (code, out, err) = program(&["repro", "list", "--area", "certificates"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    golden::check("repro-list-certificates", &out);
    let (code, out, _) = program(&["repro", "list", "-o", "json"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("\"kind\": \"FailureList\"") && out.contains("\"id\": \"A01\""), "{out}");
}

#[test]
fn an_entry_is_told() {
    let (code, out, err) = program(&["repro", "show", "B25"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    golden::check("repro-show", &out);
    let (_, by_name, _) = program(&["repro", "show", "unknown-ca-different-root"]);
    assert_eq!(by_name, out);
}

#[test]
fn an_entry_is_run_and_mended() {
    let (code, out, err) = program(&["repro", "run", "B25"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    golden::check("repro-run", &masked(&out));
    let (code, out, err) = program(&["repro", "fix", "B25"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    golden::check("repro-fix", &masked(&out));
}

#[test]
fn several_are_summed_up_and_captured() {
    let path = format!("{}/repro-{:016x}.pcapng", env!("CARGO_TARGET_TMPDIR"), rand::random::<u64>());
    let (code, out, err) = program(&["repro", "run", "A05", "B22", "--trace", "--capture", &path]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("\n2 reproduced\n") && out.contains("ClientHello"), "{out}");
    assert!(err.contains("holds the keys"), "{err}");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    // The block type of a pcapng section header.
    assert!(bytes.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]));
}

#[test]
fn an_entry_printed_is_a_scenario_to_test() {
    let (_, yaml, _) = program(&["repro", "show", "A01", "-o", "yaml"]);
    let path = format!("{}/mine-{:016x}.yaml", env!("CARGO_TARGET_TMPDIR"), rand::random::<u64>());
    std::fs::write(&path, &yaml).unwrap();
    let (code, out, err) = program(&["test", &path]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    std::fs::write(&path, yaml.replace("exit: 56", "exit: 52")).unwrap();
    let (code, out, _) = program(&["test", &path]);
    assert_eq!(code, Some(1));
    golden::check("test-differs", &out.replace(&path, "mine.yaml"));
    let (code, out, _) = program(&["test", &path, "-o", "junit"]);
    assert_eq!(code, Some(1));
    golden::check("test-junit", &unnumbered(&out.replace(&path, "mine.yaml"), "time=\""));
    let (code, out, _) = program(&["test", &path, "-o", "json"]);
    assert_eq!(code, Some(1));
    golden::check("test-json", &unnumbered(&out.replace(&path, "mine.yaml"), "\"tookNs\": "));
    std::fs::write(&path, yaml.replace("verdict: deny", "verdict: denied")).unwrap();
    let (code, _, err) = program(&["test", &path]);
    assert!(code == Some(3) && err.contains("did you mean `deny`?"), "{err}");
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_shop_s_own_suite_is_run() {
    let (code, out, err) = program(&["test", "examples/scenarios"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    golden::check("test-examples", &out);
    let (code, out, _) =
        program(&["test", "examples/scenarios", "--only", "only-web-may-order", "--observe"]);
    assert!(code == Some(0) && out.contains("\nverdict: deny\n"), "{out}");
}

#[test]
fn what_there_is_not_is_said() {
    let check = |arguments: &[&str], code: i32, says: &str| {
        let (found, _, err) = program(arguments);
        assert!(found == Some(code) && err.contains(says), "{arguments:?}: {found:?} {err}");
    };
    check(&["repro", "run", "B2555"], 2, "cli.no_such_failure");
    check(&["repro", "show", "unknown-ca-diferent-root"], 2, "did you mean unknown-ca-different-root?");
    check(&["test", "examples/mesh.yaml"], 3, "cli.no_scenario");
    check(&["test", "examples/scenarios", "--only", "nobody"], 3, "only-web-may-order");
    check(&["test", "no-such.yaml"], 3, "cannot read no-such.yaml");
}
