//! `certs`: certificates looked at, held against each other, made, and found wanting.

mod validity;
mod party;
mod inspect;
mod verify;
mod issue;
mod lint;
mod list;

use crate::cli::args::{CertsArguments, CertsCommand};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;

pub(crate) use party::{host_and_port, party};

/// Does what was asked for.
///
/// # Errors
///
/// [`CliError`] when something cannot be read, made or written, or no mesh can be asked.
pub(crate) async fn run(arguments: &CertsArguments, output: &mut Output) -> Result<Exit, CliError> {
    match &arguments.command {
        CertsCommand::List(list) => list::run(list, output).await,
        CertsCommand::Inspect(asked) => inspect::run(asked, output).await,
        CertsCommand::Verify(asked) => verify::run(asked, output).await,
        CertsCommand::Issue(asked) => issue::run(asked, output),
        CertsCommand::Lint(asked) => lint::run(asked, output).await,
    }
}
