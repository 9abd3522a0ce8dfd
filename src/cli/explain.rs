//! `explain`: the story of one finished connection, or of one that nobody made.

use std::time::Duration;

use serde::Serialize;

use crate::admin::{Client, ClientError, Document, ExplanationView, Kind, RecordView, choose, json, yaml};
use crate::cli::args::{ExplainArguments, Story};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::files::{inputs, read_as_is};
use crate::cli::output::Output;
use crate::explain::{Question, explain};

/// How often a record that is not there is looked for again, and how long to wait before each look. The recorder
/// gathers a batch for 10 ms; the rest is for a machine that is busy.
const LOOKS: u32 = 6;
const PAUSE: Duration = Duration::from_millis(50);

/// Tells it. For a question the exit code is the answer: 0 for yes, 1 for no.
///
/// # Errors
///
/// [`CliError`] when no mesh can be picked or read, it knows no such connection or name, or the answer cannot be
/// written.
pub(crate) async fn run(arguments: &ExplainArguments, output: &mut Output) -> Result<Exit, CliError> {
    match (arguments.id, &arguments.from, &arguments.to) {
        (Some(id), ..) => {
            let client = Client::of(choose(arguments.context.as_deref())?);
            let mut record = finished(&client, id).await?;
            let text = record.text.take();
            output.answer(&story(text, record, arguments.output))?;
            Ok(Exit::Done)
        }
        (None, Some(from), Some(to)) => {
            let mut view = foreseen(arguments, (from, to)).await?;
            let exit = if view.verdict == "allow" { Exit::Done } else { Exit::No };
            let text = view.text.take();
            output.answer(&story(text, view, arguments.output))?;
            Ok(exit)
        }
        // The definitions of the arguments ask for one or the other.
        _ => Ok(Exit::Usage),
    }
}

/// The answer to a question, from files or from a running mesh.
async fn foreseen(
    arguments: &ExplainArguments,
    (from, to): (&str, &str),
) -> Result<ExplanationView, CliError> {
    if arguments.files.is_empty() {
        let client = Client::of(choose(arguments.context.as_deref())?);
        let manner = arguments.manner.map(|manner| manner.to_string());
        let under = arguments.under.map(|mode| mode.to_string());
        return Ok(client.explain((from, to), manner.as_deref(), under.as_deref()).await?);
    }
    let snapshot = read_as_is(&inputs(&arguments.files)?, arguments.semantics)?.snapshot;
    let question = Question::read(&snapshot.mesh, from, to, arguments.manner)?;
    let question = Question { under: arguments.under, ..question };
    Ok(ExplanationView::of(&explain(&snapshot, &question)))
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

/// The text comes with the view, because a lower room writes it; documents go without it.
fn story<T: Kind + Serialize>(text: Option<String>, view: T, form: Story) -> String {
    match form {
        Story::Text => text.unwrap_or_default(),
        Story::Json => json(&Document::one(view)),
        Story::Yaml => yaml(&Document::one(view)),
    }
}
