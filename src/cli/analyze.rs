//! `analyze`: static findings about files, and the changes that leave no choice.

use std::path::Path;

use anstyle::{AnsiColor, Style};

use crate::admin::{AnalysisReportView, Document, json, yaml};
use crate::analyze::{CODES, Finding, Findings, Level, examine, mend};
use crate::cli::args::{AnalyzeArguments, Story, Threshold};
use crate::cli::change::{difference, replace};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::files::inputs;
use crate::cli::output::Output;
use crate::cli::table::Table;
use crate::resources::{Input, opened};

/// Looks, mends if that was asked for, and tells what is left.
///
/// # Errors
///
/// [`CliError`] when a file cannot be read or written, or the answer cannot.
pub(crate) fn run(arguments: &AnalyzeArguments, output: &mut Output) -> Result<Exit, CliError> {
    if arguments.list_codes {
        output.answer(&codes())?;
        return Ok(Exit::Done);
    }
    let given = inputs(&arguments.files)?;
    let texts = opened(&given)?;
    let findings = match arguments.fix {
        true => fix(arguments, (&given, &texts), output)?,
        false => examine(&texts, arguments.semantics)?,
    };
    output.answer(&match arguments.output {
        Story::Text => text(&findings),
        Story::Json => json(&Document::one(AnalysisReportView::of(&findings))),
        Story::Yaml => yaml(&Document::one(AnalysisReportView::of(&findings))),
    })?;
    output.talk(&summary(&findings, &texts));
    Ok(exit(&findings, arguments.failure_threshold))
}

/// Writes what can be mended, file by file, and says so.
fn fix(
    arguments: &AnalyzeArguments,
    (given, texts): (&[Input], &[Input]),
    output: &mut Output,
) -> Result<Findings, CliError> {
    // What did not come from a file goes into none.
    let untouchable: Vec<&str> = given.iter().filter_map(name_of_text).collect();
    let mended = mend(texts, &untouchable, arguments.semantics)?;
    for (before, after) in texts.iter().zip(&mended.inputs) {
        let (Input::Text { name, text: before }, Input::Text { text: after, .. }) = (before, after) else {
            continue;
        };
        if before != after {
            let failed = |source| CliError::Mend { file: name.clone(), source };
            replace(Path::new(name), before, after).map_err(failed)?;
            output.talk(&format!("{}\n", difference(name, before, after)));
        }
    }
    Ok(mended.left)
}

fn name_of_text(input: &Input) -> Option<&str> {
    match input {
        Input::Text { name, .. } => Some(name),
        Input::Path(_) => None,
    }
}

fn text(findings: &Findings) -> String {
    findings.findings.iter().map(|finding| format!("{}\n\n", coloured(finding))).collect()
}

/// The finding with its level in colour.
fn coloured(finding: &Finding) -> String {
    let style = match finding.code.level {
        Level::Error => AnsiColor::Red.on_default().bold(),
        Level::Warning => AnsiColor::Yellow.on_default().bold(),
        Level::Info => Style::new().bold(),
    };
    let level = finding.code.level.to_string();
    let text = finding.to_string();
    let rest = text.strip_prefix(&level).unwrap_or(&text);
    format!("{style}{level}{style:#}{rest}")
}

/// What stands beside the answer: istioctl's sentence, or the numbers.
fn summary(findings: &Findings, texts: &[Input]) -> String {
    let note = findings.unchecked.map_or_else(String::new, |note| format!("note: {note}\n"));
    if findings.findings.is_empty() {
        let names: Vec<&str> = texts.iter().filter_map(name_of_text).collect();
        return format!("✔ No validation issues found when analyzing {}.\n{note}", names.join(", "));
    }
    let count = |level, noun: &str| match findings.count(level) {
        0 => None,
        1 => Some(format!("1 {noun}")),
        number => Some(format!("{number} {noun}s")),
    };
    let counts =
        [count(Level::Error, "error"), count(Level::Warning, "warning"), count(Level::Info, "remark")];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let fixable = findings.findings.iter().filter(|finding| !finding.patch.is_empty()).count();
    let fix = if fixable > 0 { format!("; --fix corrects {fixable} of them") } else { String::new() };
    format!("{} in {}{fix}\n{note}", counts.join(", "), files(texts.len()))
}

fn files(number: usize) -> String {
    if number == 1 { "1 file".to_owned() } else { format!("{number} files") }
}

fn exit(findings: &Findings, threshold: Threshold) -> Exit {
    match (findings.worst(), threshold) {
        (Some(worst), Threshold::At(level)) if worst >= level => Exit::No,
        _ => Exit::Done,
    }
}

fn codes() -> String {
    let mut table = Table::new(["CODE", "LEVEL", "ABOUT"]);
    for code in CODES {
        table.row(vec![code.id.to_owned(), code.level.to_string(), code.title.to_owned()]);
    }
    table.render(true)
}
