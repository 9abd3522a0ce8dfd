//! `explain #ID`: the story of one finished connection.

use crate::admin::{Client, Document, RecordView, choose, json, yaml};
use crate::cli::args::{ExplainArguments, Story};
use crate::cli::error::CliError;
use crate::cli::output::Output;

/// Tells it.
///
/// # Errors
///
/// [`CliError`] when no mesh can be picked, it knows no such connection, or the answer cannot be written.
pub(crate) async fn run(arguments: &ExplainArguments, output: &mut Output) -> Result<(), CliError> {
    let client = Client::of(choose(arguments.context.as_deref())?);
    let record = client.record(arguments.id).await?;
    output.answer(&story(record, arguments.output))
}

/// The text comes with the record, because the recorder's own room writes it; documents go without it.
fn story(mut record: RecordView, form: Story) -> String {
    let text = record.text.take().unwrap_or_default();
    match form {
        Story::Text => text,
        Story::Json => json(&Document::one(record)),
        Story::Yaml => yaml(&Document::one(record)),
    }
}
