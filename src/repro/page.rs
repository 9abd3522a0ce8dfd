//! [`page`]: the catalogue as one page to read, `src/repro/FAILURES.md`.

use std::fmt::Write as _;

use crate::knowledge::{Area, By, Row, by_id, rows};
use crate::repro::entry::{Entry, entries, entry};
use crate::repro::left_out::LEFT_OUT;
use crate::repro::markdown::{block, cell, link, prose, quoted, source};
use crate::repro::next::next;
use crate::repro::setup::setup;
use crate::repro::sight::{expected, sights};
use crate::resources::LoadErrors;
use crate::scenario::{Aspect, Scenario};

/// The areas in the order of their letters, as chapters.
const AREAS: [(Area, &str); 7] = [
    (Area::Policy, "The wire against the policies"),
    (Area::Certificates, "Certificates and identities"),
    (Area::Tls, "TLS and the first bytes"),
    (Area::Hbone, "HBONE and HTTP/2"),
    (Area::Tcp, "Connections through the tunnel"),
    (Area::Authorization, "Who may call"),
    (Area::Topology, "What stands around the mesh"),
];

/// The page, in Markdown. A test of `tests/cli` holds the file against it.
///
/// # Errors
///
/// A mistake in an entry, of which a test knows that there is none.
pub fn page() -> Result<String, LoadErrors> {
    let mut text = head();
    text.push_str(&contents()?);
    for (area, title) in AREAS {
        let _infallible = write!(text, "\n## {title}\n");
        for entry in entries().filter(|entry| entry.row.area == area) {
            text.push_str(&told(&entry)?);
        }
    }
    text.push_str(&left_out());
    Ok(text)
}

fn head() -> String {
    format!(
        "<!-- Made from the entries: UPDATE_EXPECT=1 cargo test --test cli catalogue -->\n\
         # Failures, and how to make them happen\n\n\
         {} of {} known ways in which a connection through an ambient mesh fails, or seems to. Each is made with real \
         sockets, certificates and policies, on your own machine, by one command:\n\n{}\n\
         What is said here of a client, of an alert and of both ends' logs is what that command holds the connection \
         against; it exits with 0 only if all of it is so. The words of the other stacks are what `glasstunnel why` \
         recognises. `SERVER` in a line for plain tools is the address of a workload of yours.\n",
        entries().count(),
        rows().count(),
        block(
            "sh",
            "glasstunnel repro run B25      # expected against observed, at both ends\n\
             glasstunnel repro fix B25      # before and after the fix\n\
             glasstunnel repro show B25     # this page's words, in a terminal\n\
             glasstunnel why 'TEXT'         # from somebody's message to the entry"
        )
    )
}

/// A table for each area.
fn contents() -> Result<String, LoadErrors> {
    let mut text = String::new();
    for (area, title) in AREAS {
        let _infallible = write!(
            text,
            "\n**[{title}](#{})**, `glasstunnel repro list --area {area}`\n\n| | what | curl exit | alert | flag |\n|---|---|---|---|---|\n",
            title.to_lowercase().replace(' ', "-").replace('/', "")
        );
        for entry in entries().filter(|entry| entry.row.area == area) {
            let scenario = entry.scenario()?;
            let seen =
                |aspect| scenario.as_ref().map(|scenario| expected(scenario, aspect)).unwrap_or_default();
            let all = |aspect| seen(aspect).iter().map(|text| quoted(text)).collect::<Vec<_>>().join(" ");
            let _infallible = writeln!(
                text,
                "| {} | {} | {} | {} | {} |",
                link(entry.row),
                cell(entry.row.title),
                seen(Aspect::Exit).join(" "),
                all(Aspect::Alert),
                all(Aspect::Flag)
            );
        }
    }
    Ok(text)
}

/// One entry.
fn told(entry: &Entry) -> Result<String, LoadErrors> {
    let row = entry.row;
    let mut text =
        format!("\n### {} {}\n\n**{}.** {}\n", row.id, row.name, prose(row.title), prose(row.story));
    let scenario = entry.scenario()?;
    if let Some(scenario) = &scenario {
        text.push_str(&seen(row, scenario));
    }
    paragraph(&mut text, "What misleads", row.confusing);
    paragraph(&mut text, "How to tell", row.tells_apart);
    paragraph(&mut text, "What mends it", row.fix);
    if let Some(fix) = scenario.as_ref().and_then(|scenario| scenario.fix.as_ref()) {
        let _infallible =
            writeln!(text, "`glasstunnel repro fix {}` shows it: {}.", row.id, lower(&prose(&fix.title)));
    }
    let _infallible = write!(
        text,
        "\n<details><summary>How it is set up here: <code>{}</code></summary>\n\n{}\n[The whole file](catalogue/{})\n\n</details>\n",
        entry.file,
        block("yaml", &setup(entry.text)),
        entry.file
    );
    let tools = scenario.map(|scenario| scenario.plain_tools).unwrap_or_default();
    let _infallible = write!(text, "\n{}", block("sh", &commands(row, &tools)));
    let sources: Vec<String> = row.sources.iter().map(|text| source(text)).collect();
    let _infallible = write!(text, "\nSources: {}\n", sources.join(" · "));
    Ok(text)
}

/// What people see: of each client both ends, then the words of all stacks.
fn seen(row: &Row, scenario: &Scenario) -> String {
    let mut text = String::new();
    for sight in sights(scenario) {
        let _infallible = write!(text, "\n| | {} |\n|---|---|\n", cell(&sight.does));
        for (by, sees) in &sight.lines {
            let _infallible = writeln!(text, "| {by} | {} |", cell(sees));
        }
    }
    let elsewhere = elsewhere(row);
    if !elsewhere.is_empty() {
        text.push_str("\n| | in the words of others |\n|---|---|\n");
    }
    for (by, texts) in elsewhere {
        let _infallible = writeln!(text, "| {by} | {} |", cell(&texts.join(" ")));
    }
    text
}

/// The words of each stack, as code.
fn elsewhere(row: &Row) -> Vec<(By, Vec<String>)> {
    let mut by: Vec<(By, Vec<String>)> = Vec::new();
    for seen in row.seen {
        match by.iter_mut().find(|(who, _)| *who == seen.by) {
            Some((_, texts)) => texts.push(quoted(seen.text)),
            None => by.push((seen.by, vec![quoted(seen.text)])),
        }
    }
    by
}

fn paragraph(text: &mut String, label: &str, says: &str) {
    if !says.is_empty() {
        let _infallible = write!(text, "\n**{label}.** {}\n", prose(says));
    }
}

/// Lines for a shell: the failure here, then with the tools that are everywhere, then what tells it from others.
fn commands(row: &Row, tools: &[String]) -> String {
    let own = next(row);
    let (run, decide) = own.split_at(own.len().min(1));
    let mut lines: Vec<&str> = run.iter().map(String::as_str).collect();
    let parts = [("# with plain tools", tools), ("# to know that it is this one", decide)];
    for (title, commands) in parts.into_iter().filter(|(_, commands)| !commands.is_empty()) {
        lines.push(title);
        lines.extend(commands.iter().map(String::as_str));
    }
    lines.join("\n")
}

/// A title in the midst of a sentence, unless it begins with a word of capitals.
fn lower(title: &str) -> String {
    let mut letters = title.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => title.to_owned(),
    }
}

fn left_out() -> String {
    let mut text = "\n## Left out\n\n| | what | why it is not here |\n|---|---|---|\n".to_owned();
    for (id, reason) in LEFT_OUT {
        let title = by_id(id).map_or("", |row| row.title);
        let _infallible = writeln!(text, "| {id} | {} | {} |", cell(title), cell(reason));
    }
    let is_left = |row: &&Row| entry(row.id).is_none() && LEFT_OUT.iter().all(|(id, _)| *id != row.id);
    let left: Vec<String> = rows().filter(is_left).map(|row| format!("{} {}", row.id, row.name)).collect();
    if !left.is_empty() {
        let _infallible = write!(
            text,
            "\nNobody has written these yet; `glasstunnel why ID` says what is known: {}.\n",
            left.join(", ")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repro::markdown::anchor;

    /// GitHub stops rendering a file of more than half a mebibyte.
    const MOST: usize = 480 << 10;

    #[test]
    fn every_link_on_the_page_leads_somewhere() {
        let page = page().unwrap();
        assert!(page.len() < MOST, "{}", page.len());
        let headings: Vec<String> =
            page.lines().filter_map(|line| line.split_once("# ")).map(|(_, title)| slug(title)).collect();
        for (_, after) in page.match_indices("](#").map(|(at, _)| page.split_at(at + 3)) {
            let anchor = after.split(')').next().unwrap();
            assert!(headings.iter().any(|heading| heading == anchor), "{anchor} leads nowhere");
        }
        for entry in entries() {
            assert!(headings.contains(&anchor(entry.row)), "{} has no heading", entry.row.id);
        }
    }

    /// What GitHub makes of a heading.
    fn slug(title: &str) -> String {
        let kept = title.to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    }
}
