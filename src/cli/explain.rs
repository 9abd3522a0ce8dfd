//! `explain #ID`: the story of one finished connection.

use std::time::Duration;

use crate::admin::{Client, ClientError, Document, RecordView, choose, json, yaml};
use crate::cli::args::{ExplainArguments, Story};
use crate::cli::error::CliError;
use crate::cli::output::Output;

/// How often a record that is not there is looked for again, and how long to wait before each look. The recorder
/// gathers a batch for 10 ms; the rest is for a machine that is busy.
const LOOKS: u32 = 6;
const PAUSE: Duration = Duration::from_millis(50);

/// Tells it.
///
/// # Errors
///
/// [`CliError`] when no mesh can be picked, it knows no such connection, or the answer cannot be written.
pub(crate) async fn run(arguments: &ExplainArguments, output: &mut Output) -> Result<(), CliError> {
    let client = Client::of(choose(arguments.context.as_deref())?);
    let record = finished(&client, arguments.id).await?;
    output.answer(&story(record, arguments.output))
}

/// A script asks sooner than a person: a connection that ended this moment is not yet on record.
async fn finished(client: &Client, id: u64) -> Result<RecordView, ClientError> {
    for _ in 0..LOOKS {
        match client.record(id).await {
            Err(ClientError::Refused { .. }) => tokio::time::sleep(PAUSE).await,
            answer => return answer,
        }
    }
    client.record(id).await
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
