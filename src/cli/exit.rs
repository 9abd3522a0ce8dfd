//! Exit codes: every one of them is decided here (DESIGN section 5).

use std::io::ErrorKind;
use std::process::ExitCode;

use crate::admin::{ClientError, ContextError};
use crate::app::StartError;
use crate::cli::child::ChildError;
use crate::cli::error::CliError;
use crate::identity::IdentityError;
use crate::load::BenchError;
use crate::telemetry::LoggingError;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, allowed, reproduced as documented.
    Done,
    /// 1: the answer is no.
    No,
    /// 2: the arguments make no sense.
    Usage,
    /// 3: the mesh's configuration is invalid.
    Configuration,
    /// 4: no running mesh, or not the one that was asked for.
    NoMesh,
    /// 5: the machine lacks something: a free port, a permission, descriptors.
    Environment,
    /// 6: no answer either way.
    Inconclusive,
    /// 70: a bug in this program (sysexits' EX_SOFTWARE).
    Bug,
    /// The code of the program that `exec` ran.
    Program(u8),
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::NoMesh => 4,
            Self::Environment => 5,
            Self::Inconclusive => 6,
            Self::Bug => 70,
            Self::Program(code) => code,
        }
    }

    /// How an error ends the process.
    pub fn of(error: &CliError) -> Self {
        match error {
            CliError::Context(error) => Self::of_context(error),
            CliError::Client(ClientError::Context(error)) => Self::of_context(error),
            CliError::Client(ClientError::Refused { status: 422, .. }) => Self::Configuration,
            CliError::Client(ClientError::Refused { .. }) => Self::No,
            CliError::Client(ClientError::Unreachable { .. } | ClientError::Broken { .. }) => Self::NoMesh,
            CliError::Client(ClientError::TooSlow { .. } | ClientError::Unreadable { .. }) => {
                Self::Inconclusive
            }
            // What shells say of a program that is not there, and of one that may not be run (POSIX XCU 2.8.2).
            CliError::Child(ChildError::NotFound { .. }) => Self::Program(127),
            CliError::Child(ChildError::NotExecutable { .. }) => Self::Program(126),
            CliError::Child(ChildError::Lost { .. }) => Self::Environment,
            // `glasstunnel config workloads | head -1`: the reader has what it wanted.
            CliError::Write(error) if error.kind() == ErrorKind::BrokenPipe => Self::Done,
            CliError::Load(_) | CliError::Start(StartError::Crl { .. }) => Self::Configuration,
            CliError::Identity(IdentityError::File { .. } | IdentityError::Exists { .. }) => {
                Self::Environment
            }
            CliError::Identity(_) | CliError::Ca(_) => Self::Configuration,
            CliError::Tls(_) | CliError::NoCertificate { .. } => Self::No,
            CliError::NoSuchParty { .. }
            | CliError::NoIdentity
            | CliError::NoPlace { .. }
            | CliError::Keyless { .. } => Self::Usage,
            CliError::NothingThere { .. } => Self::Configuration,
            CliError::Question(_) | CliError::Workload(_) | CliError::Kind(_) | CliError::Nameless { .. } => {
                Self::Usage
            }
            CliError::Scenario(error) if error.is_mistake() => Self::Configuration,
            CliError::Runs(error) if error.is_unreadable() => Self::Configuration,
            CliError::Runs(error) if error.is_unwritable() => Self::Environment,
            CliError::Runs(_) => Self::Usage,
            CliError::Logging(LoggingError::Filter { .. }) => Self::Usage,
            CliError::Bench(BenchError::Ended) => Self::Inconclusive,
            CliError::Bench(BenchError::WrongWire { .. }) => Self::Bug,
            CliError::Bench(BenchError::Streams { .. } | BenchError::NoProcess { .. }) => Self::Usage,
            CliError::Scenario(_) | CliError::Bench(_) => Self::Environment,
            CliError::NoSuchFailure { .. } | CliError::KeepsOne { .. } => Self::Usage,
            CliError::NotReproducible { .. } => Self::No,
            CliError::NoScenario { .. } => Self::Configuration,
            CliError::NotFound { .. } => Self::No,
            CliError::Unrecorded { .. } => Self::Inconclusive,
            CliError::Start(StartError::Context(error)) => Self::of_context(error),
            CliError::Start(StartError::Ca(_)) => Self::Configuration,
            CliError::Start(_)
            | CliError::Network(_)
            | CliError::Dial { .. }
            | CliError::Logging(LoggingError::Taken(_))
            | CliError::Write(_)
            | CliError::Read(_)
            | CliError::Mend { .. }
            | CliError::KeyLog { .. }
            | CliError::Capture { .. }
            | CliError::Runtime(_) => Self::Environment,
        }
    }

    fn of_context(error: &ContextError) -> Self {
        match error {
            ContextError::NoneRunning | ContextError::NotRunning { .. } => Self::NoMesh,
            ContextError::Several { .. } | ContextError::BadName { .. } => Self::Usage,
            ContextError::Taken { .. }
            | ContextError::Socket { .. }
            | ContextError::Unlisted { .. }
            | ContextError::Foreign { .. } => Self::Environment,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn each_error_has_its_code() {
        let check = |error: CliError, expect: u8| assert_eq!(Exit::of(&error).code(), expect, "{error}");
        check(ContextError::NoneRunning.into(), 4);
        check(ContextError::Several { running: vec![] }.into(), 2);
        check(ContextError::Taken { name: String::new() }.into(), 5);
        check(ClientError::from(ContextError::NoneRunning).into(), 4);
        check(CliError::Write(io::Error::from(ErrorKind::BrokenPipe)), 0);
        check(CliError::Write(io::Error::from(ErrorKind::StorageFull)), 5);
        check(ChildError::NotFound { program: String::new(), nearest: None }.into(), 127);
    }
}
