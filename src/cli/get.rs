//! `get`: the documents of a running mesh in kubectl's tables.

use std::time::SystemTime;

use crate::admin::{Client, ResourceList, ResourceView, choose, json, json_lines, yaml};
use crate::cli::args::{Format, GetArguments};
use crate::cli::columns::{Column, columns};
use crate::cli::error::CliError;
use crate::cli::nouns::{Noun, nouns};
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::resources::KindNames;

/// Lists what was asked for.
///
/// # Errors
///
/// [`CliError`] when no mesh can be picked, a kind or a name is unknown, or the answer cannot be written.
pub(crate) async fn run(arguments: &GetArguments, output: &mut Output) -> Result<(), CliError> {
    let wanted = nouns(&arguments.what)?;
    let client = Client::of(choose(arguments.context.as_deref())?);
    let mut found = Vec::new();
    for noun in &wanted {
        found.push((noun.kind, fetch(&client, noun, arguments).await?));
    }
    if found.len() > 1 {
        found.retain(|(_, resources)| !resources.is_empty());
    }
    if found.iter().all(|(_, resources)| resources.is_empty()) {
        output.talk(&nothing(arguments));
        return Ok(());
    }
    match arguments.output {
        Format::Table | Format::Wide => output.answer(&tables(&found, arguments, SystemTime::now())),
        Format::Name => {
            let names = found.iter().flat_map(|(kind, resources)| {
                resources.iter().map(|resource| format!("{}/{}\n", kind.qualified(), resource.name))
            });
            output.answer(&names.collect::<String>())
        }
        form => output.answer(&documents(found.into_iter().flat_map(|(_, it)| it).collect(), form, &wanted)),
    }
}

/// The resources of one kind; each name that is not there is an error of its own.
async fn fetch(
    client: &Client,
    noun: &Noun,
    arguments: &GetArguments,
) -> Result<Vec<ResourceView>, CliError> {
    let all = arguments.all_namespaces || !noun.kind.is_namespaced;
    let namespace = arguments.namespace.as_deref().unwrap_or("default");
    let namespace = (!all).then_some(namespace);
    let found = client.objects(noun.kind.kind, namespace, None).await?;
    if noun.names.is_empty() {
        return Ok(found);
    }
    let mut picked = Vec::new();
    for name in &noun.names {
        let of_name: Vec<ResourceView> = found.iter().filter(|it| it.name == *name).cloned().collect();
        if of_name.is_empty() {
            let names: Vec<String> = found.iter().map(|resource| resource.name.clone()).collect();
            return Err(CliError::NotFound {
                object: format!("{} \"{name}\"", noun.kind.qualified()),
                names,
            });
        }
        picked.extend(of_name);
    }
    Ok(picked)
}

fn nothing(arguments: &GetArguments) -> String {
    match (arguments.all_namespaces, &arguments.namespace) {
        (true, _) => "No resources found\n".to_owned(),
        (false, namespace) => {
            format!("No resources found in {} namespace.\n", namespace.as_deref().unwrap_or("default"))
        }
    }
}

/// The tables of several kinds, one below the other; `now` is what ages are counted to.
pub fn tables(
    found: &[(&'static KindNames, Vec<ResourceView>)],
    arguments: &GetArguments,
    now: SystemTime,
) -> String {
    let several = found.len() > 1;
    let one = |(kind, resources): &(&'static KindNames, Vec<ResourceView>)| {
        table((kind, several), resources, arguments, now)
    };
    found.iter().map(one).collect::<Vec<String>>().join("\n")
}

fn table(
    (kind, several): (&KindNames, bool),
    resources: &[ResourceView],
    arguments: &GetArguments,
    now: SystemTime,
) -> String {
    let wide = arguments.output == Format::Wide;
    let columns: Vec<Column> = columns(kind.kind).into_iter().filter(|column| wide || !column.wide).collect();
    let with_namespace = arguments.all_namespaces && kind.is_namespaced;
    let first = with_namespace.then_some("NAMESPACE").into_iter().chain(["NAME"]);
    let mut table = Table::new(first.chain(columns.iter().map(|column| column.header)));
    for resource in resources {
        let name = match several {
            true => format!("{}/{}", kind.qualified(), resource.name),
            false => resource.name.clone(),
        };
        let namespace = with_namespace.then(|| resource.namespace.clone());
        let cells = columns.iter().map(|column| (column.cell)(resource, now));
        table.row(namespace.into_iter().chain([name]).chain(cells));
    }
    table.render(!arguments.no_headers)
}

/// The documents as they were written: one alone for one name, else a List, as kubectl gives them.
fn documents(resources: Vec<ResourceView>, form: Format, wanted: &[Noun]) -> String {
    let one_name = matches!(wanted, [noun] if noun.names.len() == 1);
    let mut documents: Vec<_> = resources.into_iter().map(|resource| resource.document).collect();
    let alone = if one_name && documents.len() == 1 { documents.pop() } else { None };
    match (alone, form) {
        (Some(document), Format::Yaml) => yaml(&document),
        (Some(document), Format::Json) => json(&document),
        (Some(document), _) => json_lines(&[document]),
        (None, Format::Yaml) => yaml(&ResourceList::of(documents)),
        (None, Format::Json) => json(&ResourceList::of(documents)),
        (None, _) => json_lines(&documents),
    }
}
