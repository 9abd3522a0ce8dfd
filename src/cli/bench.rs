//! `bench`: what each layer of the mesh costs, measured here and now.

mod mesh;
mod place;
mod serve;
mod child;
mod process;
mod stage;
mod lane;
mod progress;
mod rounds;
mod memory;
mod show;
mod work;

use crate::cli::args::{BenchArguments, BenchCommand};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::load::Work;

/// Does what was asked for.
///
/// # Errors
///
/// [`CliError`] when nothing can be measured, or a run cannot be read or kept.
pub(crate) async fn run(arguments: &BenchArguments, output: &mut Output) -> Result<Exit, CliError> {
    match &arguments.command {
        BenchCommand::Handshake(asked) => work::paced(Work::Handshake, asked, output).await,
        BenchCommand::Connect(asked) => work::paced(Work::Connect, asked, output).await,
        BenchCommand::Rr(asked) => work::paced(Work::Rr, asked, output).await,
        BenchCommand::Bulk(asked) => work::bulk(asked, output).await,
        BenchCommand::Serve(asked) => serve::run(asked, output).await.map(|()| Exit::Done),
        BenchCommand::Child(asked) => child::run(asked, output).await.map(|()| Exit::Done),
        BenchCommand::Compare(_) | BenchCommand::Report(_) => Ok(Exit::Done),
    }
}
