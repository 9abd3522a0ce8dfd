//! `analyze`: static findings about files or a running mesh, and the changes that leave no choice.

use std::path::Path;

use anstyle::{AnsiColor, Style};

use crate::admin::{AnalysisReportView, Client, Document, choose, json, yaml};
use crate::analyze::{CODES, Findings, Level, examine, mend};
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
/// [`CliError`] when a file cannot be read or written, no mesh can be picked or asked, or the answer cannot be written.
pub(crate) async fn run(arguments: &AnalyzeArguments, output: &mut Output) -> Result<Exit, CliError> {
    if arguments.list_codes {
        output.answer(&codes())?;
        return Ok(Exit::Done);
    }
    let (mut report, subject) = match arguments.files.is_empty() {
        true => of_running(arguments.context.as_deref()).await?,
        false => of_files(arguments, output)?,
    };
    let text = report.text.take().unwrap_or_default();
    let summary = summary(&report, &subject);
    let exit = exit(&report, arguments.failure_threshold);
    output.answer(&match arguments.output {
        Story::Text => coloured(&text),
        Story::Json => json(&Document::one(report)),
        Story::Yaml => yaml(&Document::one(report)),
    })?;
    output.talk(&summary);
    Ok(exit)
}

/// What was looked at: how a sentence names all of it, and how it counts it.
struct Subject {
    names: String,
    count: String,
}

async fn of_running(context: Option<&str>) -> Result<(AnalysisReportView, Subject), CliError> {
    let context = choose(context)?;
    let names = format!("the running mesh {}", context.name());
    let report = Client::of(context).analyze().await?;
    Ok((report, Subject { count: names.clone(), names }))
}

fn of_files(
    arguments: &AnalyzeArguments,
    output: &mut Output,
) -> Result<(AnalysisReportView, Subject), CliError> {
    let given = inputs(&arguments.files)?;
    let texts = opened(&given)?;
    let findings = match arguments.fix {
        true => fix(arguments, (&given, &texts), output)?,
        false => examine(&texts, arguments.semantics)?,
    };
    let names: Vec<&str> = texts.iter().filter_map(name_of_text).collect();
    Ok((AnalysisReportView::of(&findings), Subject { names: names.join(", "), count: files(texts.len()) }))
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

/// The findings with the level that each begins with in colour.
fn coloured(text: &str) -> String {
    text.split_inclusive('\n').map(coloured_line).collect()
}

fn coloured_line(line: &str) -> String {
    for level in [Level::Error, Level::Warning, Level::Info] {
        let word = level.to_string();
        if let Some(rest) = line.strip_prefix(&word).filter(|rest| rest.starts_with(" [")) {
            let style = style(level);
            return format!("{style}{word}{style:#}{rest}");
        }
    }
    line.to_owned()
}

fn style(level: Level) -> Style {
    match level {
        Level::Error => AnsiColor::Red.on_default().bold(),
        Level::Warning => AnsiColor::Yellow.on_default().bold(),
        Level::Info => Style::new().bold(),
    }
}

/// What stands beside the answer: istioctl's sentence, or the numbers.
fn summary(report: &AnalysisReportView, subject: &Subject) -> String {
    let note = report.unchecked.as_ref().map_or_else(String::new, |note| format!("note: {note}\n"));
    if report.findings.is_empty() {
        return format!("✔ No validation issues found when analyzing {}.\n{note}", subject.names);
    }
    let count = |number, noun: &str| match number {
        0 => None,
        1 => Some(format!("1 {noun}")),
        number => Some(format!("{number} {noun}s")),
    };
    let counts =
        [count(report.errors, "error"), count(report.warnings, "warning"), count(report.infos, "remark")];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let fixable = report.findings.iter().filter(|finding| !finding.patch.is_empty()).count();
    let fix = if fixable > 0 { format!("; --fix corrects {fixable} of them") } else { String::new() };
    format!("{} in {}{fix}\n{note}", counts.join(", "), subject.count)
}

fn files(number: usize) -> String {
    if number == 1 { "1 file".to_owned() } else { format!("{number} files") }
}

fn exit(report: &AnalysisReportView, threshold: Threshold) -> Exit {
    let worse = match threshold {
        Threshold::Never => 0,
        Threshold::At(Level::Error) => report.errors,
        Threshold::At(Level::Warning) => report.errors + report.warnings,
        Threshold::At(Level::Info) => report.findings.len(),
    };
    if worse > 0 { Exit::No } else { Exit::Done }
}

fn codes() -> String {
    let mut table = Table::new(["CODE", "LEVEL", "ABOUT"]);
    for code in CODES {
        table.row(vec![code.id.to_owned(), code.level.to_string(), code.title.to_owned()]);
    }
    table.render(true)
}
