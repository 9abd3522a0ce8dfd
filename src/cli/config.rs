//! `config`: istioctl's nouns, asked of the running mesh.

use serde::Serialize;

use crate::admin::{CertificateView, ConfigView, ConnectionView, PolicyView, ServiceView, WorkloadView};
use crate::admin::{Client, Document, choose, json, json_lines, yaml};
use crate::cli::args::{ConfigArguments, ConfigNoun, Format, ListArguments};
use crate::cli::error::CliError;
use crate::cli::listed::{Listed, listing};
use crate::cli::output::Output;

/// Lists what was asked for.
///
/// # Errors
///
/// [`CliError`] when no mesh can be picked, it does not answer, or the answer cannot be written.
pub(crate) async fn run(arguments: &ConfigArguments, output: &mut Output) -> Result<(), CliError> {
    match &arguments.noun {
        ConfigNoun::Workloads(list) => show(client(list)?.workloads().await?, list, output),
        ConfigNoun::Services(list) => show(client(list)?.services().await?, list, output),
        ConfigNoun::Policies(list) => show(client(list)?.policies().await?, list, output),
        ConfigNoun::Certificates(list) => show(client(list)?.certificates().await?, list, output),
        ConfigNoun::Connections(asked) => {
            let connections = client(&asked.list)?.connections(asked.finished).await?;
            let nothing = if asked.finished { NONE_AT_ALL } else { ConnectionView::NOTHING };
            show_or(nothing, connections, &asked.list, output)
        }
        ConfigNoun::All(list) => all(list, output).await,
    }
}

/// Instead of an empty table of connections, where finished ones were asked for too.
const NONE_AT_ALL: &str = "no connections: none is open, and none has ended yet";

fn client(list: &ListArguments) -> Result<Client, CliError> {
    Ok(Client::of(choose(list.context.as_deref())?))
}

fn show<T: Listed>(items: Vec<T>, list: &ListArguments, output: &mut Output) -> Result<(), CliError> {
    show_or(T::NOTHING, items, list, output)
}

fn show_or<T: Listed>(
    nothing: &str,
    items: Vec<T>,
    list: &ListArguments,
    output: &mut Output,
) -> Result<(), CliError> {
    let items = of_namespace(items, list);
    let for_people = matches!(list.output, Format::Table | Format::Wide);
    if items.is_empty() && for_people {
        output.talk(&format!("{}\n", of_where(nothing, list)));
        return Ok(());
    }
    output.answer(&listing(&items, list.output, !list.no_headers))?;
    if let (Some(note), true) = (T::NOTE, for_people) {
        output.talk(&format!("{note}\n"));
    }
    Ok(())
}

fn of_namespace<T: Listed>(mut items: Vec<T>, list: &ListArguments) -> Vec<T> {
    if let Some(namespace) = &list.namespace {
        items.retain(|item| item.namespace() == Some(namespace));
    }
    items
}

fn of_where(nothing: &str, list: &ListArguments) -> String {
    match &list.namespace {
        Some(namespace) => format!("nothing in namespace {namespace}: {nothing}"),
        None => nothing.to_owned(),
    }
}

async fn all(list: &ListArguments, output: &mut Output) -> Result<(), CliError> {
    let client = client(list)?;
    let config = ConfigView {
        workloads: of_namespace(client.workloads().await?, list),
        services: of_namespace(client.services().await?, list),
        policies: of_namespace(client.policies().await?, list),
        certificates: of_namespace(client.certificates().await?, list),
        connections: of_namespace(client.connections(false).await?, list),
    };
    output.answer(&everything(config, list))
}

/// Every list, one after the other or as one document.
fn everything(config: ConfigView, list: &ListArguments) -> String {
    match list.output {
        Format::Json => json(&Document::one(config)),
        Format::Yaml => yaml(&Document::one(config)),
        Format::Jsonl => {
            lines(&config.workloads)
                + &lines(&config.services)
                + &lines(&config.policies)
                + &lines(&config.certificates)
                + &lines(&config.connections)
        }
        Format::Table | Format::Wide | Format::Name => [
            section::<WorkloadView>(&config.workloads, list),
            section::<ServiceView>(&config.services, list),
            section::<PolicyView>(&config.policies, list),
            section::<CertificateView>(&config.certificates, list),
            section::<ConnectionView>(&config.connections, list),
        ]
        .join("\n"),
    }
}

/// Lines of several kinds each say which they are.
fn lines<T: Listed + Serialize>(items: &[T]) -> String {
    json_lines(&items.iter().cloned().map(Document::one).collect::<Vec<_>>())
}

fn section<T: Listed>(items: &[T], list: &ListArguments) -> String {
    match items.is_empty() {
        true => format!("{}\n", of_where(T::NOTHING, list)),
        false => listing(items, list.output, !list.no_headers),
    }
}
