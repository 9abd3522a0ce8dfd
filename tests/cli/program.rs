//! The real program: exit codes and streams, without a mesh.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

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

/// A real `up`, stopped when it goes out of scope.
pub(crate) struct Mesh {
    pub(crate) context: String,
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Mesh {
    /// `name` tells the meshes of one run of the tests apart.
    pub(crate) fn up(name: &str, more: &[&str]) -> Self {
        let context = format!("{name}-{}", std::process::id());
        let mut process = Command::new(env!("CARGO_BIN_EXE_glasstunnel"))
            .args(["up", "--context", &context, "--admin", "none"])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = lines.by_ref().map(Result::unwrap).any(|line| line.contains("Ctrl-C stops."));
        assert!(ready, "`up` ended before it was ready");
        Self { context, process, lines }
    }

    pub(crate) fn run(&self, arguments: &[&str], command: &[&str]) -> (Option<i32>, String, String) {
        let (command_name, rest) = arguments.split_first().unwrap();
        let mut all = vec![*command_name, "--context", &self.context];
        all.extend(rest);
        all.extend(command);
        let output = run(&all);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn exec(&self, workload: &str, command: &[&str]) -> (Option<i32>, String, String) {
        let command: Vec<_> = ["--"].iter().chain(command).copied().collect();
        self.run(&["exec", workload], &command)
    }
}

impl Drop for Mesh {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

#[test]
fn a_program_runs_as_if_inside_a_pod() {
    let mut mesh = Mesh::up("cli", &[]);
    assert_eq!(mesh.exec("customers", &["sh", "-c", "exit 7"]).0, Some(7));
    assert_eq!(mesh.exec("customers", &["sh", "-c", "kill -KILL $$"]).0, Some(137));
    let script = "echo $GLASSTUNNEL_WORKLOAD $ALL_PROXY $all_proxy ${HTTP_PROXY-unset} ${no_proxy-unset}";
    let (code, out, _) = mesh.exec("curl-client.outside", &["sh", "-c", script]);
    let words: Vec<_> = out.split_whitespace().collect();
    assert_eq!((code, words[0], words[1]), (Some(0), "curl-client.outside", words[2]));
    assert!(words[1].starts_with("socks5h://127.") && words[1].ends_with(":15080"), "{out}");
    assert_eq!(words[3..], ["unset", "unset"]);
    let (code, _, err) = mesh.exec("custmers", &["true"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("did you mean `customers.default`?"), "{err}");
    assert_eq!(mesh.exec("customers", &["no-such-program-anywhere"]).0, Some(127));
    assert_eq!(mesh.exec("customers", &["/"]).0, Some(126));
    let (code, _, err) = mesh.run(&["explain", "17"], &[]);
    assert_eq!(
        (code, err.lines().next()),
        (Some(1), Some("error: there is no finished connection #17 [admin.refused]"))
    );
    let stop = Command::new("kill").arg(mesh.process.id().to_string()).status().unwrap();
    assert!(stop.success());
    assert_eq!(mesh.process.wait().unwrap().code(), Some(0));
    assert!(
        mesh.lines.by_ref().map(Result::unwrap).any(|line| line.starts_with("TIME ")),
        "no header of the tail"
    );
}

/// On a terminal both streams are one: the program's last sentence comes behind the lines of what ended while it drained.
#[test]
fn stopped_is_said_last() {
    /// Enough that their lines take a moment to be written.
    const MANY: usize = 100;
    let context = format!("last-{}", std::process::id());
    let (both, end) = std::io::pipe().unwrap();
    let mut process = Command::new(env!("CARGO_BIN_EXE_glasstunnel"))
        .args(["up", "--context", &context, "--admin", "none"])
        .stdout(end.try_clone().unwrap())
        .stderr(end)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(both).lines().map(Result::unwrap);
    let banner: Vec<_> = lines.by_ref().take_while(|line| !line.contains("Ctrl-C stops.")).collect();
    let customers = banner.iter().find(|line| line.contains("customers.default ")).unwrap();
    let local = customers.split_whitespace().nth(3).unwrap();
    let open: Vec<_> = (0..MANY)
        .map(|_| {
            let mut client = TcpStream::connect(format!("{local}:3000")).unwrap();
            client.write_all(b"GET /health HTTP/1.1\r\nHost: customers\r\n\r\n").unwrap();
            client.read_exact(&mut [0]).unwrap();
            client
        })
        .collect();
    let stop = Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap();
    assert!(stop.success());
    assert!(lines.by_ref().any(|line| line.starts_with("draining: ")));
    drop(open);
    let seen: Vec<_> = lines.collect();
    assert_eq!(process.wait().unwrap().code(), Some(0), "{seen:?}");
    let ended = seen.iter().filter(|line| line.contains("customers:3000")).count();
    assert_eq!(ended, MANY, "{seen:?}");
    assert_eq!(seen.last().map(String::as_str), Some("stopped: everything finished"), "{seen:?}");
}
