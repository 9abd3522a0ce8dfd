//! The real binary: what it prints, what it exits with, and that it leaves nothing behind.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::program::{Ran, run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_glasstunnel");

/// A copy of the program, as long as it is needed.
struct Copy(PathBuf);

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A running `glasstunnel up` with a context of its own; killed when dropped.
pub(crate) struct Up {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    talk: Lines<BufReader<ChildStderr>>,
    said: String,
    context: String,
    /// What to run the program by: itself, or as somebody else.
    program: Vec<String>,
    copy: Option<Copy>,
    /// What it printed until it was ready, with the lines to paste.
    pub(crate) banner: String,
}

impl Up {
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        Self::by(vec![PROGRAM.to_owned()], arguments).await
    }

    /// With secrets of its TLS connections in a file.
    pub(crate) async fn with_keys(file: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.env("SSLKEYLOGFILE", file);
        Self::from(command, vec![PROGRAM.to_owned()], arguments).await
    }

    /// As a user who may do nothing, if this one may do more.
    pub(crate) async fn as_nobody(arguments: &[&str]) -> Self {
        // Nobody may look into the folder that the program was built in.
        let copy = std::env::temp_dir().join(format!("glasstunnel-it-{}", std::process::id()));
        std::fs::copy(PROGRAM, &copy).unwrap();
        let drop =
            "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all env PATH=/usr/bin:/bin";
        let copy = copy.to_str().unwrap();
        let program = match nix::unistd::Uid::effective().is_root() {
            true => drop.split(' ').chain([copy]).map(str::to_owned).collect(),
            false => vec![PROGRAM.to_owned()],
        };
        let mut up = Self::by(program, arguments).await;
        up.copy = Some(Copy(copy.into()));
        up
    }

    /// With at most `files` open files, so that they run out.
    async fn with_few_files(files: u32) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\""), PROGRAM]);
        Self::from(command, vec![PROGRAM.to_owned()], &["--workers", "1"]).await
    }

    async fn by(program: Vec<String>, arguments: &[&str]) -> Self {
        let mut command = Command::new(&program[0]);
        command.args(&program[1..]);
        Self::from(command, program, arguments).await
    }

    async fn from(mut command: Command, program: Vec<String>, arguments: &[&str]) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let context = format!("it-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        command.args(["up", "--context", &context]).args(arguments).kill_on_drop(true);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let talk = BufReader::new(child.stderr.take().unwrap()).lines();
        let (said, banner) = (String::new(), String::new());
        let mut up = Self { child, lines, talk, said, context, program, copy: None, banner };
        up.read_banner().await;
        up
    }

    async fn read_banner(&mut self) {
        loop {
            let Some(line) = self.lines.next_line().await.unwrap() else {
                let said = self.hear(None).await;
                panic!("up ended: {said}");
            };
            // The header of the live lines comes last.
            if line.starts_with("TIME") {
                return;
            }
            let banner = &mut self.banner;
            banner.push_str(&line);
            banner.push('\n');
        }
    }

    /// The banner as `up` alone would print it, with the program on the PATH.
    pub(crate) fn plain_banner(&self) -> String {
        let relative =
            PROGRAM.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(PROGRAM).trim_start_matches('/');
        let named = self.banner.replace(PROGRAM, "glasstunnel").replace(relative, "glasstunnel");
        named.replace(&format!("--context {} ", self.context), "").replace(&self.context, "default")
    }

    /// Applies `documents`.
    pub(crate) async fn apply(&self, documents: &str) -> Ran {
        self.tell(&["apply"], &["-f", "-"], documents).await
    }

    /// Runs `glasstunnel COMMAND --context THIS REST`.
    pub(crate) async fn ask(&self, command: &[&str], rest: &[&str]) -> Ran {
        self.tell(command, rest, "").await
    }

    async fn tell(&self, command: &[&str], rest: &[&str], input: &str) -> Ran {
        let (program, before) = self.program.split_first().unwrap();
        let before = before.iter().map(String::as_str);
        let context = ["--context", &self.context];
        let words = command.iter().chain(&context).chain(rest).copied();
        run(program, &before.chain(words).collect::<Vec<_>>(), input).await
    }

    /// Starts the same, to be spoken with while it runs.
    pub(crate) fn spawn(&self, command: &[&str], rest: &[&str]) -> Child {
        let (program, before) = self.program.split_first().unwrap();
        let mut words = Command::new(program);
        words.args(before).args(command).args(["--context", &self.context]).args(rest);
        words.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap()
    }

    /// The next live line.
    pub(crate) async fn line(&mut self) -> String {
        self.lines.next_line().await.unwrap().unwrap()
    }

    /// Reads stderr until a line holds `needle`, or to the end; everything that was said so far.
    async fn hear(&mut self, needle: Option<&str>) -> &str {
        while let Some(line) = self.talk.next_line().await.unwrap() {
            self.said.push_str(&line);
            self.said.push('\n');
            if needle.is_some_and(|needle| line.contains(needle)) {
                break;
            }
        }
        &self.said
    }

    /// Sends a signal by name and waits for the end.
    pub(crate) async fn end(mut self, signal: &str) {
        let pid = self.child.id().unwrap().to_string();
        assert_eq!(run("kill", &[signal, &pid], "").await.code, 0);
        self.child.wait().await.unwrap();
    }

    /// Sends a signal by name, waits for the end; its exit code and all of its stderr.
    pub(crate) async fn stop(mut self, signal: &str) -> (i32, String) {
        let pid = self.child.id().unwrap().to_string();
        assert_eq!(run("kill", &[signal, &pid], "").await.code, 0);
        let talk = self.hear(None).await.to_owned();
        (self.child.wait().await.unwrap().code().unwrap(), talk)
    }

    /// How many pages the kernel has given it so far (proc_pid_stat(5), minflt).
    pub(crate) fn page_faults(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id().unwrap())).unwrap();
        // The name before it may hold anything, spaces and parentheses too.
        let (_, after_name) = stat.rsplit_once(") ").unwrap();
        after_name.split(' ').nth(7).unwrap().parse().unwrap()
    }

    /// An address that stands in the banner's `context` line: the shared outbound door.
    fn socks(&self) -> String {
        let (_, after) = self.banner.split_once("socks5 for all ").unwrap();
        after.split_whitespace().next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn up_exec_config_explain_and_a_clean_end() {
    let mut up = Up::start(&[]).await;
    assert!(up.banner.contains("Nothing was written to disk."), "{}", up.banner);
    let ran = up.ask(&["exec"], &["curl-client", "--", "curl", "-sS", "http://customers/health"]).await;
    assert_eq!((ran.code, ran.out.trim()), (0, "ok"), "{ran:?}");
    let line = up.line().await;
    assert!(line.contains("#1 ") && line.contains("hbone ALLOW"), "{line}");
    let ran = up
        .ask(&["exec"], &["curl-client.outside", "--", "curl", "-sS", "http://webhook.default:8080/"])
        .await;
    assert_eq!(ran.code, 56, "the program's own exit code: {ran:?}");
    let line = up.line().await;
    assert!(line.contains("raw   DENY    DENY") && line.contains("STRICT"), "{line}");
    let ran = up.ask(&["explain"], &["#2"]).await;
    assert!(ran.code == 0 && ran.out.contains("peer_auth.strict_refuses_plaintext"), "{ran:?}");
    for noun in ["workloads", "services", "policies", "certificates", "connections", "all"] {
        let ran = up.ask(&["config", noun], &["-o", "json"]).await;
        assert!(
            ran.code == 0 && ran.out.contains("\"apiVersion\": \"glasstunnel.dev/v1\""),
            "{noun}: {ran:?}"
        );
    }
    let (code, talk) = up.stop("-INT").await;
    assert_eq!(code, 0, "{talk}");
    assert!(talk.contains("draining") && talk.contains("stopped: everything finished"), "{talk}");
}

/// What a workload shows is the same by its name and at its door, and the verifier of the wire is asked about it.
#[tokio::test]
async fn certificates_of_a_running_mesh_are_looked_at() {
    let up = Up::start(&[]).await;
    let listed = up.ask(&["certs", "list"], &["-o", "wide"]).await;
    assert!(listed.code == 0 && listed.out.contains("5 of 5"), "{listed:?}");
    let customers = up.banner.lines().find(|line| line.contains("customers.default ")).unwrap();
    let local = customers.split_whitespace().nth(3).unwrap();
    let shown = up.ask(&["certs", "inspect"], &["customers"]).await;
    let serial = shown.out.lines().find(|line| line.contains("serial")).unwrap();
    let seen = up.ask(&["certs", "inspect"], &[&format!("{local}:15008")]).await;
    assert!(
        seen.out.contains(serial) && seen.out.contains("certificate_required (116)"),
        "{seen:?} {shown:?}"
    );
    let raw = up.ask(&["certs", "inspect"], &[&format!("{local}:3000"), "--alpn", "none"]).await;
    assert!(raw.code == 1 && raw.err.contains("tls.not_tls"), "{raw:?}");
    let met = up.ask(&["certs", "verify"], &["customers", "webhook"]).await;
    assert!(met.code == 0 && met.out.matches(": accepted").count() == 2, "{met:?}");
    let linted = up.ask(&["certs", "lint"], &["customers"]).await;
    assert_eq!((linted.code, linted.out.as_str()), (0, ""), "{linted:?}");
}

/// A connection that ends at the last moment has its line, too.
#[tokio::test]
async fn no_line_is_lost_to_ctrl_c() {
    let mut up = Up::start(&[]).await;
    let ran = up
        .ask(&["exec"], &["curl-client.outside", "--", "curl", "-sS", "http://webhook.default:8080/"])
        .await;
    assert_eq!(ran.code, 56, "{ran:?}");
    let pid = up.child.id().unwrap().to_string();
    assert_eq!(run("kill", &["-INT", &pid], "").await.code, 0);
    let line = up.line().await;
    assert!(line.contains("DENY"), "{line}");
}

#[tokio::test]
async fn sigterm_drains_too() {
    let up = Up::start(&["--workers", "1", "--admin", "none"]).await;
    let (code, talk) = up.stop("-TERM").await;
    assert_eq!(code, 0, "{talk}");
}

#[tokio::test]
async fn the_printed_mesh_is_read_back() {
    let printed = run(PROGRAM, &["up", "--print-mesh"], "").await;
    assert_eq!((printed.code, printed.out.as_str()), (0, glasstunnel::resources::DEMO));
    let folder = std::env::temp_dir().join(format!("glasstunnel-print-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("mesh.yaml");
    std::fs::write(&file, &printed.out).unwrap();
    let up = Up::start(&["-f", file.to_str().unwrap()]).await;
    let ran = up.ask(&["exec"], &["web-frontend", "--", "curl", "-sS", "http://customers/health"]).await;
    assert_eq!(ran.out.trim(), "ok", "{ran:?}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_kept_ca_survives_a_restart() {
    let folder = std::env::temp_dir().join(format!("glasstunnel-ca-{}", std::process::id()));
    let mut roots = Vec::new();
    for _ in 0..2 {
        let up = Up::start(&["--ca-dir", folder.to_str().unwrap()]).await;
        assert!(!up.banner.contains("Nothing was written"), "{}", up.banner);
        let ran = up.ask(&["config", "certificates"], &[]).await;
        let root = ran.out.lines().find(|line| line.contains("Root")).unwrap();
        roots.push(root.split_whitespace().nth(4).unwrap().to_owned());
    }
    assert_eq!(roots[0], roots[1]);
    for entry in std::fs::read_dir(&folder).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().contains("key") {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn mistakes_have_their_exit_codes_and_start_nothing() {
    let errors = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/errors");
    let file = |name: &str| format!("{errors}/{name}");
    let check = |arguments: Vec<String>, code: i32, says: &'static str| async move {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ran = run(PROGRAM, &arguments, "").await;
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(says) && ran.out.is_empty(), "{arguments:?}: {ran:?}");
    };
    let up = |file: String| vec!["up".to_owned(), "-f".to_owned(), file];
    check(up(file("unknown_mode.yaml")), 3, "did you mean `STRICT`?").await;
    check(up(file("duplicate_name.yaml")), 3, "is declared twice").await;
    check(up(file("missing.yaml")), 3, "cannot read").await;
    check(
        vec!["explain".into(), "#1".into(), "--context".into(), "no-such-mesh".into()],
        4,
        "no mesh called",
    )
    .await;
    check(vec!["up".into(), "--wrong".into()], 2, "--wrong").await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = taken.local_addr().unwrap().to_string();
    let context = format!("taken-{}", std::process::id());
    let arguments = ["up", "--context", &context, "--admin", &admin].map(str::to_owned).to_vec();
    check(arguments, 5, "the port is in use by").await;
}

#[tokio::test]
async fn names_that_nobody_has_are_answered_with_the_nearest() {
    let up = Up::start(&[]).await;
    let ran = up.ask(&["exec"], &["curl-clent", "--", "true"]).await;
    assert!(ran.code == 1 && ran.err.contains("did you mean"), "{ran:?}");
    let ran = up.ask(&["exec"], &["curl-client", "--", "no-such-program"]).await;
    assert_eq!(ran.code, 127, "{ran:?}");
    let ran = up.ask(&["exec"], &["curl-client", "--", "sh", "-c", "exit 42"]).await;
    assert_eq!(ran.code, 42, "{ran:?}");
    let ran = up.ask(&["explain"], &["#99"]).await;
    assert!(ran.code == 1 && ran.err.contains("#99"), "{ran:?}");
}

/// Out of descriptors: no log storm, and the mesh recovers by itself (reference/reliability.md section 0 row 2).
#[tokio::test]
async fn running_out_of_files_is_said_once_a_second_and_passes() {
    let mut up = Up::with_few_files(150).await;
    let socks = up.socks();
    let mut hoard = Vec::new();
    for _ in 0..300 {
        hoard.push(TcpStream::connect(&socks).await.unwrap());
    }
    up.hear(Some("cannot accept connections")).await;
    drop(hoard);
    let health = ["curl-client", "--", "curl", "-sS", "-m", "5", "http://customers/health"];
    let mut ran = up.ask(&["exec"], &health).await;
    for _ in 0..20 {
        if ran.code == 0 {
            break;
        }
        ran = up.ask(&["exec"], &health).await;
    }
    assert_eq!(ran.out.trim(), "ok", "it did not recover: {ran:?}");
    let (_, talk) = up.stop("-INT").await;
    assert!(talk.contains("cannot accept connections"), "{talk}");
    assert!(talk.len() < 10_000, "a log storm of {} bytes", talk.len());
}
