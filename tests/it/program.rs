//! Real programs as peers: curl and openssl. A missing one fails the test that needs it, by name.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// What a program did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `program` with `arguments` and `input` on stdin.
pub(crate) async fn run(program: &str, arguments: &[&str], input: &str) -> Ran {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    for name in ["http_proxy", "https_proxy", "all_proxy", "ALL_PROXY", "HTTPS_PROXY", "NO_PROXY", "no_proxy"]
    {
        command.env_remove(name);
    }
    let mut child =
        command.spawn().unwrap_or_else(|error| panic!("{program} is missing ({error}): run tests/run"));
    let mut stdin = child.stdin.take().unwrap();
    // A program that does not read its input may be gone already.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// curl, silent but for errors, that never waits for longer than a slow machine needs.
pub(crate) async fn curl(arguments: &[&str]) -> Ran {
    let all: Vec<&str> =
        ["-sS", "--max-time", "30", "--noproxy", ""].iter().chain(arguments).copied().collect();
    run("curl", &all, "").await
}
