//! [`Process`]: a child of the benchmark's, as its parent sees it.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::cli::args::Role;
use crate::load::BenchError;

/// How long a child may take to say something: a mesh of a hundred thousand documents, in a debug build, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long it may take to end by itself when its standard input has.
const END: Duration = Duration::from_secs(2);

/// A child that runs. Dropped, it is killed.
pub(crate) struct Process {
    child: Child,
    orders: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
    who: &'static str,
    /// Its process id.
    pub(crate) pid: u32,
}

impl Process {
    /// Starts this program again as `role`, with these further arguments of `bench child`, and waits until it is ready; what it
    /// said behind that word comes with it.
    pub(crate) async fn start(role: Role, arguments: &[String]) -> Result<(Self, String), BenchError> {
        let who = match role {
            Role::Source => "the client's proxy",
            Role::Destination => "the server's proxy",
            Role::Both => "the proxies",
            Role::Server => "the server",
        };
        let failed = |source| BenchError::Child { who, source };
        let word = format!("{role:?}").to_lowercase();
        let mut command = Command::new(std::env::current_exe().map_err(failed)?);
        command.args(["bench", "child", &word]).args(arguments);
        // In a group of its own, Ctrl-C reaches the parent alone, which then keeps what is whole.
        command.process_group(0).kill_on_drop(true).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let (pid, pipes) = (child.id(), child.stdin.take().zip(child.stdout.take()));
        let gone = || failed(io::ErrorKind::BrokenPipe.into());
        let (orders, said) = pipes.ok_or_else(gone)?;
        let mut process =
            Self { child, orders, said: BufReader::new(said).lines(), who, pid: pid.ok_or_else(gone)? };
        let line = process.hear("ready").await?;
        match line.strip_prefix("ready") {
            Some(rest) => Ok((process, rest.trim().to_owned())),
            None => Err(BenchError::Unheard { who, expected: "ready", found: format!("`{line}`") }),
        }
    }

    /// Asks for the wire of the next connection that ends.
    pub(crate) async fn wire(&mut self) -> Result<(), BenchError> {
        let written = self.orders.write_all(b"wire\n").await;
        written.map_err(|source| BenchError::Child { who: self.who, source })
    }

    /// The next line that it says, where `expected` is meant to come.
    pub(crate) async fn hear(&mut self, expected: &'static str) -> Result<String, BenchError> {
        let found = match timeout(PATIENCE, self.said.next_line()).await {
            Ok(Ok(Some(line))) => return Ok(line),
            Ok(Ok(None)) => "its end".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_elapsed) => format!("silence for {} s", PATIENCE.as_secs()),
        };
        Err(BenchError::Unheard { who: self.who, expected, found })
    }

    /// Lets it end, and waits for that.
    pub(crate) async fn end(self) {
        let Self { mut child, orders, said, .. } = self;
        drop((orders, said));
        if timeout(END, child.wait()).await.is_err() {
            // Whoever does not end by itself is killed; there is nobody left to tell.
            let _ = child.kill().await;
        }
    }
}
