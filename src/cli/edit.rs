//! `apply` and `delete`: kubectl's verbs on the documents of a running mesh.

use std::path::PathBuf;

use crate::admin::{Client, EditedView, NamedText, choose};
use crate::cli::args::{ApplyArguments, DeleteArguments};
use crate::cli::error::CliError;
use crate::cli::files::inputs;
use crate::cli::nouns::{Noun, nouns};
use crate::cli::output::Output;
use crate::resources::{Objects, texts};

/// Applies files.
///
/// # Errors
///
/// [`CliError`]; then nothing has changed.
pub(crate) async fn apply(arguments: &ApplyArguments, output: &mut Output) -> Result<(), CliError> {
    let files = read(&arguments.files)?;
    let client = Client::of(choose(arguments.context.as_deref())?);
    let edited = client.apply(&files, arguments.dry_run, None).await?;
    say(&edited, arguments.dry_run, output)
}

/// Deletes what files or names name.
///
/// # Errors
///
/// [`CliError`]; then nothing has changed.
pub(crate) async fn delete(arguments: &DeleteArguments, output: &mut Output) -> Result<(), CliError> {
    if !arguments.files.is_empty() {
        let files = read(&arguments.files)?;
        let client = Client::of(choose(arguments.context.as_deref())?);
        return say(&client.delete_those_in(&files).await?, false, output);
    }
    let wanted = nouns(&arguments.what)?;
    let client = Client::of(choose(arguments.context.as_deref())?);
    let namespace = arguments.namespace.as_deref().unwrap_or("default");
    for Noun { kind, names } in wanted {
        if names.is_empty() {
            return Err(CliError::Nameless { kind: kind.singular });
        }
        for name in names {
            say(&client.delete(kind.kind, namespace, &name).await?, false, output)?;
        }
    }
    Ok(())
}

/// The files with their names. They are read here first: a mistake in one is shown where it stands, and the mesh never
/// hears of it.
fn read(paths: &[PathBuf]) -> Result<Vec<NamedText>, CliError> {
    let inputs = inputs(paths)?;
    Objects::read(&inputs)?;
    let files = texts(&inputs)?.into_iter();
    Ok(files.map(|(name, text)| NamedText { name, text }).collect())
}

/// What was done, in kubectl's words.
fn say(edited: &[EditedView], dry_run: bool, output: &mut Output) -> Result<(), CliError> {
    let manner = if dry_run { " (dry run)" } else { "" };
    output.answer(&edited.iter().map(|edited| done(edited, manner)).collect::<String>())
}

/// One line; `manner` stands behind it.
pub(crate) fn done(edited: &EditedView, manner: &str) -> String {
    match edited.done.as_str() {
        "deleted" => {
            let (kind, name) = edited.object.split_once('/').unwrap_or((&edited.object, ""));
            format!("{kind} \"{name}\" deleted{manner}\n")
        }
        done => format!("{} {done}{manner}\n", edited.object),
    }
}
