//! `strict`: who would break if a workload accepted mutual TLS only, and then doing it, with a way back.

use std::time::Duration;

use crate::admin::{
    Client, Document, NamedText, RehearsalRowView, RehearsalView, ResourceList, choose, json, json_lines,
    yaml,
};
use crate::cli::args::{Rehearsed, StrictArguments};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::cli::units::duration_text;

const STRICT: &str = "STRICT";

/// Rehearses or applies. A rehearsal that would break somebody is a no.
///
/// # Errors
///
/// [`CliError`]; then nothing has changed.
pub(crate) async fn run(arguments: &StrictArguments, output: &mut Output) -> Result<Exit, CliError> {
    let client = Client::of(choose(arguments.context.as_deref())?);
    if !arguments.dry_run {
        return apply(&client, arguments, output).await;
    }
    if let Some(wait) = arguments.period {
        // The name is checked before anybody waits.
        client.rehearse(&arguments.target, STRICT, Some(Duration::ZERO)).await?;
        output.talk(&format!("observing {} for {}…\n", arguments.target, duration_text(wait)));
        tokio::time::sleep(wait).await;
    }
    let view = client.rehearse(&arguments.target, STRICT, arguments.period).await?;
    let exit = if view.breaking == 0 { Exit::Done } else { Exit::No };
    let text = match arguments.output {
        Rehearsed::Text => rehearsal(&view, arguments.period),
        Rehearsed::Json => json(&Document::one(view)),
        // The policy, to be kept: what `apply -f -` reads.
        Rehearsed::Yaml => yaml(&ResourceList::of(view.documents)),
    };
    output.answer(&text)?;
    Ok(exit)
}

async fn apply(client: &Client, arguments: &StrictArguments, output: &mut Output) -> Result<Exit, CliError> {
    let target = &arguments.target;
    let before = client.rehearse(target, STRICT, None).await?;
    let text = json_lines(&before.documents).lines().collect::<Vec<&str>>().join("\n---\n");
    let file = NamedText { name: format!("strict {target}"), text };
    for edited in &client.apply(&[file], false, arguments.period).await? {
        output.answer(&format!("{} {}\n", edited.object, edited.done))?;
    }
    let Some(wait) = arguments.period else { return Ok(Exit::Done) };
    output.talk(&format!("{target} is STRICT for {}, and reverts by itself\n", duration_text(wait)));
    tokio::time::sleep(wait).await;
    let refused = refused(client, target, wait).await?;
    if refused.is_empty() {
        output.answer("reverted: nobody was refused\n")?;
        return Ok(Exit::Done);
    }
    output.answer(&format!("reverted: refused meanwhile\n\n{}", table(&refused).render(true)))?;
    Ok(Exit::No)
}

/// Who was refused in the last `wait`: with the old policies back, a rehearsal of that time says who would be again.
async fn refused(client: &Client, target: &str, wait: Duration) -> Result<Vec<RehearsalRowView>, CliError> {
    let view = client.rehearse(target, STRICT, Some(wait)).await?;
    Ok(view.rows.into_iter().filter(|row| row.then != "allow").collect())
}

/// The table, what it comes to, and what to do.
pub fn rehearsal(view: &RehearsalView, period: Option<Duration>) -> String {
    let RehearsalView { target, mode, connections, breaking, cut, .. } = view;
    let since = period
        .map_or_else(|| "on record".to_owned(), |period| format!("of the last {}", duration_text(period)));
    if *connections == 0 {
        return format!(
            "No connection to {target} is {since}: nothing can be said yet. Let traffic flow and ask again, or observe:\n  \
             glasstunnel strict {target} --dry-run --for 30s\n"
        );
    }
    let mut text =
        format!("Connections to {target} {since}, through the candidate policy ({mode}): {connections}\n\n");
    text.push_str(&table(&view.rows).render(true));
    let sources = breaking_rows(view).count();
    text.push_str(&match sources {
        0 => "\nNobody would break.\n".to_owned(),
        _ => {
            let noun = if sources == 1 { "source" } else { "sources" };
            format!(
                "\n{sources} {noun} would break ({breaking} of {connections} connections); of the open ones {cut} would be cut.\n"
            )
        }
    });
    text.push_str(&advice(view));
    text
}

fn breaking_rows(view: &RehearsalView) -> impl Iterator<Item = &RehearsalRowView> {
    view.rows.iter().filter(|row| row.now == "allow" && row.then != "allow")
}

fn table(rows: &[RehearsalRowView]) -> Table {
    let mut table = Table::new(["SOURCE", "WIRE", "PORT", "CONNS", "OPEN", "NOW", "STRICT", "WHY"]);
    let loud = |verdict: &str| match verdict {
        "allow" => verdict.to_owned(),
        refused => refused.to_ascii_uppercase(),
    };
    for row in rows {
        table.row([
            row.source.clone(),
            row.wire.clone(),
            row.port.to_string(),
            row.connections.to_string(),
            row.open.to_string(),
            loud(&row.now),
            loud(&row.then),
            row.why.clone().unwrap_or_default(),
        ]);
    }
    table
}

/// What to do next, with the commands.
fn advice(view: &RehearsalView) -> String {
    let target = &view.target;
    let mut lines = Vec::new();
    if let Some(row) = breaking_rows(view).next() {
        if row.source.contains('/') {
            let says = format!("label {} with istio.io/dataplane-mode: ambient", row.source);
            lines.push(("put the caller in the mesh", says));
        }
        lines.push(("exempt the port", format!("portLevelMtls: {{{}: {{mode: PERMISSIVE}}}}", row.port)));
    }
    lines.push(("try it, with a way back", format!("glasstunnel strict {target} --for 30s")));
    lines.push(("do it", format!("glasstunnel strict {target}")));
    lines.push(("the policy as YAML", format!("glasstunnel strict {target} --dry-run -o yaml")));
    lines.iter().map(|(label, says)| format!("  {label:<26}   {says}\n")).collect()
}
