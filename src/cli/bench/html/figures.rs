//! The sections with a drawing each, and the words around them.

use crate::cli::bench::cells;
use crate::cli::bench::figures::Unit;
use crate::cli::bench::html::bars::{Bar, draw};
use crate::cli::bench::html::slot::slot;
use crate::cli::bench::html::svg::{WIDTHS, figure};
use crate::cli::bench::html::{curve, memory, spread};
use crate::cli::bench::words::unit;
use crate::load::{Cpu, Metric, PathReport, Run, Work, mean, per_unit};

/// Whose processor time: its class and name, and where it stands.
type Process = (&'static str, &'static str, fn(&Cpu) -> Option<u64>);

const PROCESSES: [Process; 4] = [
    ("source", "the client's proxy", |cpu| cpu.source),
    ("destination", "the server's proxy", |cpu| cpu.destination),
    ("server", "the server", |cpu| cpu.server),
    ("generator", "the generator (not part of any figure)", |cpu| Some(cpu.generator)),
];

/// The figures whose rounds are shown.
const SPREAD: [(Metric, &str); 4] = [
    (Metric::Rate, "throughput"),
    (Metric::P50, "median latency"),
    (Metric::P99, "p99 latency"),
    (Metric::Cpu, "processor time"),
];

/// What each path did, where that was found rather than given.
pub(crate) fn rates(run: &Run) -> String {
    if run.settings.rate.is_some() {
        return String::new();
    }
    let bars: Vec<Bar> = run.paths.iter().filter_map(|path| rate(run, path)).collect();
    if bars.is_empty() {
        return String::new();
    }
    let (unit, axis) = match run.work {
        Work::Bulk => (Unit::Bits, "throughput".to_owned()),
        work => (Unit::Rate, format!("{}s done", unit(work))),
    };
    section(
        "Throughput",
        "Each connection began the next as soon as the last had ended.",
        &figure(|width| draw(&bars, unit, &axis, width)),
    )
}

fn rate(run: &Run, path: &PathReport) -> Option<Bar> {
    let estimate = mean(&Metric::Rate.of(path))?;
    Some(Bar {
        name: path.name.clone(),
        from: 0.0,
        pieces: vec![(format!("f{}", slot(run, path)), estimate.value)],
        margin: estimate.margin,
        says: Unit::of(Metric::Rate, run.work).text(estimate.value),
    })
}

/// Latency by percentile.
pub(crate) fn latencies(run: &Run) -> String {
    let intended = |path: &PathReport| path.latency.is_some();
    if !run.paths.iter().any(intended) {
        return String::new();
    }
    let drawn = both(|width| curve::draw(run, |path| path.latency.as_ref(), width));
    let service = both(|width| curve::draw(run, |path| path.service.as_ref(), width));
    let counts = match run.settings.rate {
        Some(_) => {
            "It counts from the moment that a unit was due, whether or not anything was free to begin it."
        }
        None => {
            "In a closed loop a unit is due when its connection is free: what a stall keeps from beginning is not in it."
        }
    };
    let mut text = drawn;
    if !service.is_empty() {
        text += &format!(
            "<details><summary>Service time: the same from the moment that a unit really began</summary>\n{service}</details>\n"
        );
    }
    section("Latency by percentile", counts, &text)
}

fn both(draw: impl Fn(f64) -> Option<String>) -> String {
    match WIDTHS.iter().all(|(_, width)| draw(*width).is_some()) {
        true => figure(|width| draw(width).unwrap_or_default()),
        false => String::new(),
    }
}

/// Processor time, stacked by process.
pub(crate) fn cpu(run: &Run) -> String {
    let bars: Vec<Bar> = run.paths.iter().filter_map(|path| spent(run, path)).collect();
    if bars.is_empty() {
        return String::new();
    }
    let unit_of = Unit::of(Metric::Cpu, run.work);
    let legend =
        PROCESSES.map(|(class, name, _)| format!("<li><span class=\"key {class}\"></span>{name}</li>"));
    let axis = format!("processor time for each {}", unit(run.work));
    let text = format!(
        "<ul class=\"legend\">{}</ul>\n{}",
        legend.concat(),
        figure(|width| draw(&bars, unit_of, &axis, width))
    );
    section(
        &format!("Processor time for each {}", unit(run.work)),
        "In user and kernel mode, from the scheduler's own account of each thread. Beside a bar: server and proxies together.",
        &text,
    )
}

fn spent(run: &Run, path: &PathReport) -> Option<Bar> {
    let each = |whose: fn(&Cpu) -> Option<u64>| {
        let values: Option<Vec<f64>> =
            path.rounds.iter().map(|round| per_unit(round, whose(&round.cpu)?)).collect();
        mean(&values?).map(|estimate| estimate.value)
    };
    let pieces: Vec<(String, f64)> = PROCESSES
        .into_iter()
        .filter_map(|(class, _, whose)| Some((class.to_owned(), each(whose)?)))
        .collect();
    let says = match cells::figure(path, run.work, Metric::Cpu) {
        text if text.is_empty() => "proxies unknown".to_owned(),
        text => text,
    };
    (!pieces.is_empty()).then(|| Bar { name: path.name.clone(), from: 0.0, pieces, margin: None, says })
}

/// Rounds as dots.
pub(crate) fn rounds(run: &Run) -> String {
    let shown =
        SPREAD.into_iter().filter(|(metric, _)| *metric != Metric::Rate || run.settings.rate.is_none());
    let panels: String = shown
        .filter_map(|(metric, title)| spread::draw(run, metric, title))
        .map(|svg| format!("<figure>{svg}</figure>\n"))
        .collect();
    if panels.is_empty() {
        return String::new();
    }
    section(
        "Each round by itself",
        "A dot is a round, the first above, the last below; the band is the 95 % interval of the mean. Dots that wander \
         together from path to path are the machine's doing, not the paths'.",
        &format!("<div class=\"panels\">\n{panels}</div>\n"),
    )
}

/// Memory over time.
pub(crate) fn memories(run: &Run) -> String {
    let drawn = both(|width| memory::draw(run, width));
    if drawn.is_empty() {
        return drawn;
    }
    section(
        "Memory",
        "What both proxies of a path held (RSS), anew for each round. A line pauses while the other paths have their turn.",
        &drawn,
    )
}

fn section(title: &str, says: &str, body: &str) -> String {
    format!("<section>\n<h2>{title}</h2>\n<p class=\"says\">{says}</p>\n{body}</section>\n")
}
