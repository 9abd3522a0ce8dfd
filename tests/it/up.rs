//! [`Up`]: a running `glasstunnel up`, as a person has one in a terminal.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::program::{Ran, run};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_glasstunnel");

/// A copy of the program, as long as it is needed.
struct Copy(PathBuf);

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A running `glasstunnel up` with a context of its own; killed when dropped.
pub(crate) struct Up {
    pub(crate) child: Child,
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
    pub(crate) async fn with_few_files(files: u32) -> Self {
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
    pub(crate) async fn hear(&mut self, needle: Option<&str>) -> &str {
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
    pub(crate) fn socks(&self) -> String {
        let (_, after) = self.banner.split_once("socks5 for all ").unwrap();
        after.split_whitespace().next().unwrap().to_owned()
    }
}
