//! `exec`: a real program, as if inside a pod of the mesh.

use tokio::process::Command;

use crate::admin::{Client, choose};
use crate::cli::args::ExecArguments;
use crate::cli::child;
use crate::cli::error::CliError;
use crate::cli::inside::Inside;

/// Runs it; gives its exit code.
///
/// # Errors
///
/// [`CliError`] when no mesh can be picked, it knows no such workload, its network cannot be entered, or the program
/// cannot be run.
pub(crate) async fn run(arguments: &ExecArguments) -> Result<u8, CliError> {
    let client = Client::of(choose(arguments.context.as_deref())?);
    let info = client.info().await?;
    let workload = client.workload(&arguments.workload).await?;
    let inside = Inside::of(&info, &workload);
    inside.enter()?;
    Ok(child::run(command(arguments, &inside)).await?)
}

fn command(arguments: &ExecArguments, inside: &Inside) -> Command {
    let mut words = arguments.command.iter();
    // clap asks for at least one word; an empty name is answered with "no such program".
    let mut command = Command::new(words.next().map(|word| word.as_os_str()).unwrap_or_default());
    command.args(words);
    for variable in inside.removed() {
        command.env_remove(variable);
    }
    command.envs(inside.variables());
    command
}
