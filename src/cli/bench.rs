//! `bench`: what each layer of the mesh costs, measured here and now, shown, kept and compared.

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
mod figures;
mod words;
mod cells;
mod text;
mod hgrm;
mod html;
mod save;
mod compare;
mod report;
mod work;

use crate::cli::args::{BenchArguments, BenchCommand, CompareArguments, ReportArguments};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::load::Work;

pub use compare::{
    markdown as bench_comparison_markdown, run as bench_compare, text as bench_comparison_text,
};
pub use hgrm::hgrm as bench_hgrm;
pub use html::page as bench_page;
pub use report::run as bench_report;
pub use save::{Saved, save as bench_save};
pub use text::table as bench_table;

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
        BenchCommand::Compare(asked) => compared(asked, output),
        BenchCommand::Report(asked) => reported(asked, output),
    }
}

fn compared(asked: &CompareArguments, output: &mut Output) -> Result<Exit, CliError> {
    let both = (asked.before.as_str(), asked.after.as_str());
    let (text, exit) = compare::run(both, &asked.runs, &asked.fail_if, asked.force, asked.output)?;
    output.answer(&text)?;
    Ok(exit)
}

fn reported(asked: &ReportArguments, output: &mut Output) -> Result<Exit, CliError> {
    let (text, exit) = report::run(&asked.run, &asked.runs, asked.output, asked.write.as_deref())?;
    output.answer(&text)?;
    Ok(exit)
}
