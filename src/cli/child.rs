//! Running somebody's program in our place: its streams, its signals, its exit code.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use crate::mesh::nearest;
use crate::reason::{Reason, Side};

/// Shells report a program that died of signal N as 128 + N (POSIX XCU 2.8.2).
const SIGNALLED: i32 = 128;

/// Why a program did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// There is no such program.
    #[error("no program is called `{program}`{}", nearest.as_deref().map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default())]
    NotFound {
        /// What was to be run.
        program: String,
        /// The nearest program that could be.
        nearest: Option<String>,
    },
    /// It is there and may not be run.
    #[error("cannot run `{program}`")]
    NotExecutable {
        /// What was to be run.
        program: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// It ran, and its end cannot be learnt.
    #[error("lost sight of `{program}`")]
    Lost {
        /// What was run.
        program: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl Reason for ChildError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "exec.not_found",
            Self::NotExecutable { .. } => "exec.not_executable",
            Self::Lost { .. } => "exec.lost",
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { .. } => {
                Some("the program is one of this machine, not of a container image".to_owned())
            }
            Self::NotExecutable { .. } => {
                Some("is it a folder, or not marked executable? chmod +x".to_owned())
            }
            Self::Lost { .. } => None,
        }
    }
}

/// Runs `command` with our streams and waits for its end; the code is what a shell would report.
///
/// # Errors
///
/// [`ChildError`] when it cannot be started, or its end cannot be learnt.
pub(crate) async fn run(mut command: Command) -> Result<u8, ChildError> {
    let program = command.as_std().get_program().to_owned();
    let name = program.to_string_lossy().into_owned();
    let lost = |source| ChildError::Lost { program: name.clone(), source };
    let ignored = Ignored::install().map_err(lost)?;
    let mut child = command.spawn().map_err(|source| not_started(&program, source))?;
    let status = ignored.wait(&mut child).await.map_err(lost)?;
    Ok(code(status))
}

/// The signals that are the program's business as long as it runs.
struct Ignored {
    interrupt: tokio::signal::unix::Signal,
    quit: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

impl Ignored {
    /// Handlers instead of SIG_IGN: a handler is reset in the program (execve(2)), a disposition to ignore is not.
    fn install() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Ctrl-C reaches the program by itself, because it is in the terminal's foreground group as we are; a signal that was
    /// sent to us alone is passed on.
    async fn wait(mut self, child: &mut Child) -> io::Result<ExitStatus> {
        loop {
            tokio::select! {
                status = child.wait() => return status,
                _ = self.interrupt.recv() => {}
                _ = self.quit.recv() => {}
                _ = self.terminate.recv() => pass_on(child, Signal::TERM),
                _ = self.hang_up.recv() => pass_on(child, Signal::HUP),
            }
        }
    }
}

fn pass_on(child: &Child, signal: Signal) {
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    // A program that has just ended needs no signal; its end is about to be seen.
    let _ended = id.map(|id| kill_process(id, signal));
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| Some(SIGNALLED + status.signal()?));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

fn not_started(program: &OsStr, source: io::Error) -> ChildError {
    let name = program.to_string_lossy().into_owned();
    match source.kind() {
        ErrorKind::NotFound => ChildError::NotFound { nearest: nearest_program(program), program: name },
        _ => ChildError::NotExecutable { program: name, source },
    }
}

/// The nearest name where the program was looked for: in its folder, or on the PATH.
fn nearest_program(program: &OsStr) -> Option<String> {
    let path = Path::new(program);
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folders = parent.map_or_else(search_path, |parent| vec![parent.to_owned()]);
    let names: Vec<String> = folders
        .iter()
        .filter_map(|folder| folder.read_dir().ok())
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let typed = path.file_name()?.to_str()?;
    let found = nearest(typed, names.iter().map(String::as_str))?;
    Some(parent.map_or_else(|| found.to_owned(), |parent| parent.join(found).display().to_string()))
}

fn search_path() -> Vec<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the environment is read in cli, and this is cli")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Stdio;
    use tokio::io::AsyncReadExt;

    async fn check(program: &str, arguments: &[&str], expect: Result<u8, &str>) {
        let mut command = Command::new(program);
        command.args(arguments);
        let found = run(command).await.map_err(|error| error.to_string());
        assert_eq!(found, expect.map_err(str::to_owned));
    }

    #[tokio::test]
    async fn codes_are_what_a_shell_would_report() {
        check("sh", &["-c", "exit 7"], Ok(7)).await;
        check("true", &[], Ok(0)).await;
        check("sh", &["-c", "kill -TERM $$"], Ok(143)).await;
        check("crul-of-nowhere-at-all", &[], Err("no program is called `crul-of-nowhere-at-all`")).await;
        check("/bin/shh", &[], Err("no program is called `/bin/shh`; did you mean `/bin/sh`?")).await;
        check("/", &[], Err("cannot run `/`")).await;
    }

    #[tokio::test]
    async fn a_terminate_is_passed_on() {
        let script = "trap 'exit 3' TERM; echo ready; read never";
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut ready = [0; 6];
        child.stdout.take().unwrap().read_exact(&mut ready).await.unwrap();
        let _open = child.stdin.take();
        pass_on(&child, Signal::TERM);
        assert_eq!(code(child.wait().await.unwrap()), 3);
    }
}
