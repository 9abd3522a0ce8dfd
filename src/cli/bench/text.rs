//! A run as a table: what each path did, what each layer costs, and what to know before believing it.

use crate::cli::bench::cells;
use crate::cli::bench::figures::{Unit, count};
use crate::cli::bench::words::{machine, margin, more_settings, settings, unit, work};
use crate::cli::table::Table;
use crate::cli::wrap::{harmless, wrapped};
use crate::load::{Cpu, Estimate, Metric, PathReport, Price, Prices, Run, Work, prices};

/// Columns of text that is no table.
const WIDTH: usize = 110;

/// Sorts of failures that are told of a path.
const FAILURES: usize = 3;

/// A column: its header, and a path's cell in it.
type Column = (&'static str, fn(&PathReport, Work) -> String);

const NARROW: [Column; 7] = [
    ("RATE", |path, work| cells::figure(path, work, Metric::Rate)),
    ("P50", |path, _| cells::latency(path.latency.as_ref(), |latency| latency.p50)),
    ("P90", |path, _| cells::latency(path.latency.as_ref(), |latency| latency.p90)),
    ("P99", |path, _| cells::latency(path.latency.as_ref(), |latency| latency.p99)),
    ("P99.9", |path, _| cells::latency(path.latency.as_ref(), |latency| latency.p999)),
    ("MAX", |path, _| cells::latency(path.latency.as_ref(), |latency| latency.max)),
    ("MAX-RATE", cells::max_rate),
];

const WIDE: [Column; 11] = [
    ("P99±", |path, _| cells::margin(path, Metric::P99)),
    ("SERVICE-P50", |path, _| cells::latency(path.service.as_ref(), |latency| latency.p50)),
    ("SERVICE-P99", |path, _| cells::latency(path.service.as_ref(), |latency| latency.p99)),
    ("SOURCE", |path, work| cells::cpu(path, work, |cpu| cpu.source)),
    ("DESTINATION", |path, work| cells::cpu(path, work, |cpu| cpu.destination)),
    ("SERVER", |path, work| cells::cpu(path, work, |cpu| cpu.server)),
    ("GENERATOR", |path, work| cells::cpu(path, work, |cpu: &Cpu| Some(cpu.generator))),
    ("MEM/CONN", |path, work| cells::figure(path, work, Metric::Memory)),
    ("MEM-AT-REST", |path, _| cells::at_rest(path)),
    ("LAG-P99", |path, _| cells::lag(path)),
    ("OTHERS", |path, _| cells::others(path)),
];

/// The whole report, with more columns if `wide`.
pub fn table(run: &Run, wide: bool) -> String {
    let mut text = head(run, wide);
    text.push_str(&paths(run, wide));
    text.push_str(&failures(run));
    for prices in &prices(run) {
        text.push_str(&priced(run.work, prices));
    }
    text.push_str(&foot(run, wide));
    text
}

fn head(run: &Run, wide: bool) -> String {
    let mut facts = vec![work(run.work).to_owned()];
    facts.extend(settings(run));
    facts.push(machine(run));
    let mut text = paragraph("", &facts.join(" · "));
    if wide {
        text += &paragraph("", &more_settings(run).join(" · "));
        let environment = &run.environment;
        let facts = [
            environment.cpu.clone(),
            environment.kernel.clone(),
            format!("TCP {}", environment.congestion_control.as_deref().unwrap_or("unknown")),
            format!("governor {}", environment.governor.as_deref().unwrap_or("unknown")),
            format!("glasstunnel {} ({})", environment.version, environment.profile),
            environment.began.clone(),
        ];
        text += &paragraph("", &facts.join(" · "));
    }
    text + "\n"
}

/// A column that is empty for all paths is left out: bulk has no latency, and few ask for the highest rate.
fn paths(run: &Run, wide: bool) -> String {
    let cpu: Column = (cpu_header(run.work), |path, work| cells::figure(path, work, Metric::Cpu));
    let errors: Column = ("ERRORS", |path, _| count(cells::errors(path)));
    let more = WIDE.into_iter().filter(|_| wide);
    let columns: Vec<Column> = NARROW
        .into_iter()
        .chain([errors, cpu])
        .chain(more)
        .filter(|(_, cell)| run.paths.iter().any(|path| !cell(path, run.work).is_empty()))
        .collect();
    let mut table = Table::new(["PATH"].into_iter().chain(columns.iter().map(|(header, _)| *header)));
    for path in &run.paths {
        let cells = columns.iter().map(|(_, cell)| cell(path, run.work));
        table.row([harmless(&path.name).into_owned()].into_iter().chain(cells));
    }
    table.render(true)
}

fn cpu_header(work: Work) -> &'static str {
    match work {
        Work::Handshake | Work::Connect => "CPU/CONN",
        Work::Rr => "CPU/REQ",
        Work::Bulk => "CPU/MB",
    }
}

fn failures(run: &Run) -> String {
    let told = |path: &PathReport| {
        let failures = cells::failures(path).into_iter().take(FAILURES);
        failures.map(|said| paragraph("", &cells::failure(&path.name, &said))).collect::<String>()
    };
    let text: String = run.paths.iter().map(told).collect();
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// The headline, then what each layer has in it.
fn priced(work: Work, prices: &Prices) -> String {
    let whole = &prices.whole;
    let facts: Vec<String> = figures(work, whole)
        .into_iter()
        .filter_map(|(name, unit, estimate)| Some(format!("{name} {}", unit.difference(estimate?))))
        .collect();
    let mut text =
        format!("\n{} vs {}   {}\n", harmless(&whole.to), harmless(&whole.from), facts.join("   "));
    let rows: Vec<&Price> = prices.steps.iter().chain(&prices.others).collect();
    if rows.is_empty() {
        return text;
    }
    let known = columns(work, &rows);
    let headers = ["RATE", "P50", "P99", cpu_header(work)];
    let mut table =
        Table::new(["PRICE OF", "FROM", "TO"].into_iter().chain(known.iter().map(|(at, _)| headers[*at])));
    for row in rows {
        let figures = figures(work, row);
        let cell = |(at, largest): &(usize, f64)| {
            let (_, unit, estimate) = figures[*at];
            estimate.map(|estimate| unit.difference_among(estimate, *largest)).unwrap_or_default()
        };
        let names = [&row.buys, &row.from, &row.to].map(|name| harmless(name).into_owned());
        table.row(names.into_iter().chain(known.iter().map(cell)));
    }
    text += &table.render(true);
    text
}

/// Which of [`figures`] any row has, and the largest of them, which chooses the unit.
pub(crate) fn columns(work: Work, rows: &[&Price]) -> Vec<(usize, f64)> {
    let largest = |at: usize| {
        let estimates = rows.iter().filter_map(|row| figures(work, row)[at].2);
        Some((at, estimates.map(|estimate| estimate.value.abs()).reduce(f64::max)?))
    };
    (0..4).filter_map(largest).collect()
}

/// What a price has, in the order of the columns.
pub(crate) fn figures(work: Work, price: &Price) -> [(&'static str, Unit, Option<Estimate>); 4] {
    [
        ("rate", Unit::Percent, price.rate),
        ("p50", Unit::Time, price.p50),
        ("p99", Unit::Time, price.p99),
        ("cpu", Unit::of(Metric::Cpu, work), price.cpu),
    ]
}

fn foot(run: &Run, wide: bool) -> String {
    let mut text = "\n".to_owned();
    if wide {
        for path in &run.paths {
            text += &paragraph("", &format!("{}: {}", path.name, path.means));
        }
        text += &paragraph("", &run.environment.command.join(" "));
    }
    let cpu = format!("cpu is that of server and proxies for each {}", unit(run.work));
    let latency = match run.settings.rate {
        Some(_) => "latency counts from the moment that a unit was due",
        None => "latency is that of a closed loop: what a stall keeps from beginning is not in it",
    };
    let facts: Vec<String> = match run.paths.iter().any(|path| path.latency.is_some()) {
        true => vec![latency.to_owned(), margin(run), cpu],
        false => vec![margin(run), cpu],
    };
    text += &paragraph("", &facts.join("; "));
    for note in &run.notes {
        let label = if note.doubts { "doubt" } else { "note" };
        text += &paragraph(&format!("{label} "), &format!("{} [{}]", note.says, note.code));
    }
    text
}

/// Lines of at most [`WIDTH`] columns; those after the first stand below its text.
fn paragraph(label: &str, text: &str) -> String {
    let indent = label.chars().count();
    let mut lines = String::new();
    for (at, line) in wrapped(text, WIDTH.saturating_sub(indent)).iter().enumerate() {
        let before = if at == 0 { label } else { &" ".repeat(indent) };
        lines += &format!("{before}{line}\n");
    }
    lines
}
