//! The real program: exit codes and streams, without a mesh.

use std::process::{Command, Output, Stdio};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_glasstunnel")).args(arguments).output().unwrap()
}

#[track_caller]
fn check(arguments: &[&str], code: i32, stdout: &str, stderr: &str) {
    let output = run(arguments);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}{err}");
    assert!(out.contains(stdout) && out.is_empty() == stdout.is_empty(), "{arguments:?} on stdout: {out}");
    assert!(err.contains(stderr) && err.is_empty() == stderr.is_empty(), "{arguments:?} on stderr: {err}");
}

#[test]
fn answers_go_to_stdout_and_talk_to_stderr() {
    check(&["--version"], 0, "glasstunnel 0.1.0", "");
    check(&["--help"], 0, "Examples:", "");
    check(&["config", "workloads", "--help"], 0, "-o, --output", "");
    check(&[], 2, "", "Usage:");
    check(&["confg"], 2, "", "a similar subcommand exists: 'config'");
    check(&["explain", "x"], 2, "", "such as 17 or '#17'");
    check(&["exec", "reviews"], 2, "", "Usage: glasstunnel exec");
    check(&["up", "--semantics", "envoy"], 2, "", "expected `istio` or `ztunnel`, found `envoy`");
}

#[test]
fn no_mesh_is_4() {
    let context = format!("none-{}", std::process::id());
    let message = format!("no mesh called `{context}` is running");
    check(&["zc", "w", "--context", &context], 4, "", &message);
    check(&["explain", "#1", "--context", &context], 4, "", &message);
    check(&["exec", "--context", &context, "reviews", "--", "true"], 4, "", &message);
    check(&["zc", "w", "--context", "Not A Name"], 2, "", "cannot name a mesh");
}

#[test]
fn colour_is_only_where_it_is_wanted() {
    let escapes = |arguments: &[&str]| run(arguments).stderr.contains(&0x1b);
    assert!(!escapes(&["zc", "w", "--context", "Not A Name"]));
    assert!(escapes(&["zc", "w", "--context", "Not A Name", "--color", "always"]));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_glasstunnel"))
        .arg("--help")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The pipe closes before the program has had time to write into it, or while it does: neither is an error.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}
