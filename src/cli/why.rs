//! `why`: from what somebody said to what may be behind it.

mod text;

use std::io::Read as _;

use crate::admin::{CausesView, Document, json, yaml};
use crate::cli::args::{Story, WhyArguments};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::knowledge::{MAX_TEXT, causes};
use crate::repro::next;

/// Looks it up; 1 if nothing is known about it. Needs no mesh.
///
/// # Errors
///
/// [`CliError`] when standard input cannot be read, or the answer cannot be written.
pub(crate) fn run(arguments: &WhyArguments, output: &mut Output) -> Result<Exit, CliError> {
    let said = match arguments.text.as_slice() {
        [dash] if dash == "-" => stdin()?,
        words => words.join(" "),
    };
    let causes = causes(&said);
    let limit = if arguments.all { usize::MAX } else { arguments.limit.max(1) };
    output.answer(&match arguments.output {
        Story::Text => text::of(&causes, limit),
        Story::Json => json(&Document::one(CausesView::of(&causes, limit, next))),
        Story::Yaml => yaml(&Document::one(CausesView::of(&causes, limit, next))),
    })?;
    if causes.truncated {
        output.talk(&format!("note: only the first {} MiB were looked at\n", MAX_TEXT >> 20));
    }
    if causes.matches.is_empty() {
        output.talk(&text::nothing(&causes));
        return Ok(Exit::No);
    }
    Ok(Exit::Done)
}

/// A byte more than is looked at, so that it is known whether there is more.
fn stdin() -> Result<String, CliError> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_TEXT).unwrap_or(u64::MAX).saturating_add(1);
    std::io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(CliError::Read)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
