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

/// The same of lines that end with how long it took.
fn unnumbered_seconds(text: &str) -> String {
    let mask = |line: &str| match line.rsplit_once("  ") {
        Some((before, after)) if after.ends_with(" s") => format!("{before}  T s"),
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
    let (code, out, _) = program(&["repro", "fix", "D64"]);
    assert_eq!(code, Some(0), "{out}");
    golden::check("repro-fix-policy", &masked(&out));
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
    golden::check("test-differs", &unnumbered_seconds(&out.replace(&path, "mine.yaml")));
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

/// What `show -o yaml` prints is a file that `test` runs as it is: all of them in one folder.
#[test]
fn every_entry_printed_is_a_file_of_a_suite() {
    let folder = format!("{}/printed-{:016x}", env!("CARGO_TARGET_TMPDIR"), rand::random::<u64>());
    std::fs::create_dir(&folder).unwrap();
    for entry in glasstunnel::repro::entries() {
        std::fs::write(format!("{folder}/{}", entry.file), entry.standalone().unwrap()).unwrap();
    }
    let (code, out, err) = program(&["test", &folder]);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let count = glasstunnel::repro::entries().count();
    assert!(out.ends_with(&format!("\n{count} ok\n")), "{out}");
}

#[test]
fn rounds_are_compared() {
    let (code, out, err) = program(&["repro", "run", "A05", "B25", "--times", "2"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let rounds: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("round  ")).collect();
    assert!(rounds.iter().all(|line| line.ends_with("2 reproduced")) && rounds.len() == 2, "{out}");
    assert!(out.ends_with("\n2 rounds, no difference between them\n"), "{out}");
}

/// One document of one shape, however many were run.
#[test]
fn reports_are_a_list() {
    for ids in [&["B25"][..], &["B25", "A01"]] {
        let (code, out, _) = program(&[&["repro", "run", "-o", "json"], ids].concat());
        let count = out.matches("\"conclusion\": \"asExpected\"").count();
        assert!(code == Some(0) && out.contains("\"kind\": \"ScenarioReportList\""), "{out}");
        assert_eq!(count, ids.len(), "{out}");
    }
}

/// Certificates end, and what holds depends on when it is asked.
#[test]
fn time_is_a_parameter() {
    let (code, out, err) = program(&["repro", "run", "B25", "--at", "+25h"]);
    assert!(code == Some(0) && out.contains("found one that expired"), "{out}{err}");
    let (code, _, err) = program(&["repro", "run", "B25", "--at", "tomorrow"]);
    assert!(code == Some(2) && err.contains("expected +25h, -1h"), "{err}");
}

#[test]
fn a_shop_s_own_suite_is_run() {
    let (code, out, err) = program(&["test", "examples/scenarios"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    golden::check("test-examples", &unnumbered_seconds(&out));
    let (code, out, _) =
        program(&["test", "examples/scenarios", "--only", "only-web-may-order", "--observe"]);
    assert!(code == Some(0) && out.contains("\n    expect:\n      verdict: deny\n"), "{out}");
    assert_eq!(observed_again(&out), (Some(0), 2), "{out}");
}

/// What was observed, pasted as what is expected: the exit code, and how many scenarios are as expected then.
fn observed_again(out: &str) -> (Option<i32>, usize) {
    let suite = std::fs::read_to_string("examples/scenarios/strict.yaml").unwrap();
    let (mesh, _) = suite.split_once("---\napiVersion: glasstunnel.dev/v1\n").unwrap();
    let mut text = mesh.to_owned();
    for (at, block) in out.split("    # ").skip(1).enumerate() {
        let (does, expect) = block.split_once('\n').unwrap();
        let (from, to) = does.split_once(" → ").unwrap();
        let expect: String =
            expect.lines().take_while(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect();
        text.push_str(&format!(
            "---\napiVersion: glasstunnel.dev/v1\nkind: Scenario\nmetadata: {{name: pasted-{at}}}\nspec:\n  clients:\n  - \
             from: {from}\n    to: {to}\n{expect}"
        ));
    }
    let path = format!("{}/pasted-{:016x}.yaml", env!("CARGO_TARGET_TMPDIR"), rand::random::<u64>());
    // Our own sentence names the file of the policy, which is another one now.
    std::fs::write(&path, text.replace("examples/scenarios/strict.yaml", &path)).unwrap();
    let (code, out, err) = program(&["test", &path]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(err, "", "{text}");
    (code, out.lines().filter(|line| line.starts_with("ok ")).count())
}

/// The README's sessions print what they are said to print, but for numbers.
#[test]
fn the_readme_is_true() {
    let readme = include_str!("../../README.md");
    let words = |text: &str| {
        let letters = text.chars().filter(|c| !c.is_ascii_digit());
        letters.collect::<String>().lines().map(|line| line.trim_end().to_owned() + "\n").collect::<String>()
    };
    let sessions: Vec<&str> =
        readme.split("<!-- session: tests/cli/repro.rs -->\n```console\n").skip(1).collect();
    assert_eq!(sessions.len(), 2, "a session is gone");
    for session in sessions {
        let (block, _) = session.split_once("```").unwrap();
        for command in block.split("$ glasstunnel ").skip(1) {
            let (command, expected) = command.split_once('\n').unwrap();
            let (_, out, err) = program(&command.split(' ').collect::<Vec<_>>());
            assert_eq!(words(&(out + &err)), words(expected), "{command}");
        }
    }
}

#[test]
fn what_there_is_not_is_said() {
    let check = |arguments: &[&str], code: i32, says: &str| {
        let (found, _, err) = program(arguments);
        assert!(found == Some(code) && err.contains(says), "{arguments:?}: {found:?} {err}");
    };
    check(&["repro", "run", "B2555"], 2, "cli.no_such_failure");
    check(&["repro", "show", "unknown-ca-diferent-root"], 2, "did you mean unknown-ca-different-root?");
    check(&["repro", "run", "A01", "B25", "--keep"], 2, "cli.keeps_one");
    check(&["repro", "list", "--area", "certificate"], 2, "did you mean `certificates`?");
    check(&["test", "examples/mesh.yaml"], 3, "cli.no_scenario");
    check(&["test", "examples/scenarios", "--only", "nobody"], 3, "only-web-may-order");
    check(&["test", "no-such.yaml"], 3, "cannot read no-such.yaml");
}
