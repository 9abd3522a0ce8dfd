//! Reports as JUnit XML, which CI systems read.

use std::fmt::Write as _;

use crate::scenario::{Conclusion, Report};

/// The file: a suite with a test case for each scenario. What differed is a failure, what could not be known an error.
pub fn junit(reports: &[Report]) -> String {
    let count =
        |wanted: &[Conclusion]| reports.iter().filter(|report| wanted.contains(&report.conclusion)).count();
    let failures = count(&[Conclusion::Differed]);
    let errors = count(&[Conclusion::Inconclusive, Conclusion::Unplayable]);
    let seconds: f64 = reports.iter().map(|report| report.took().as_secs_f64()).sum();
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    let _infallible = writeln!(
        xml,
        "  <testsuite name=\"glasstunnel\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{seconds:.3}\">",
        reports.len()
    );
    reports.iter().for_each(|report| case(&mut xml, report));
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn case(xml: &mut String, report: &Report) {
    let (file, line) = report.source.rsplit_once(':').unwrap_or((&report.source, ""));
    let _infallible = write!(
        xml,
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.3}\"",
        escaped(file),
        escaped(&report.name),
        escaped(file),
        escaped(line),
        report.took().as_secs_f64()
    );
    let element = match report.conclusion {
        Conclusion::AsExpected => return xml.push_str("/>\n"),
        Conclusion::Differed => "failure",
        Conclusion::Inconclusive | Conclusion::Unplayable => "error",
    };
    let lines = lines(report);
    let first = lines.first().map(String::as_str).unwrap_or_default();
    let _infallible = writeln!(
        xml,
        ">\n      <{element} message=\"{}\">{}</{element}>\n    </testcase>",
        escaped(first),
        escaped(&lines.join("\n"))
    );
}

/// What is wrong, a line each.
fn lines(report: &Report) -> Vec<String> {
    let trouble = report.problem.iter().map(|trouble| trouble.message.clone());
    let clients = report.clients.iter().flat_map(|client| {
        let differing = client.rows.iter().filter(|row| !row.ok).map(|row| {
            format!(
                "{}: {} {}: expected {}, found {}",
                client.name, row.end, row.aspect, row.expected, row.observed
            )
        });
        differing.chain(client.inconclusive.iter().map(|why| format!("{}: {why}", client.name)))
    });
    trouble.chain(clients).collect()
}

/// Text in XML 1.0: markup is written out, and characters that XML cannot hold are left out (§2.2).
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(c),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}
