//! The tables of the page: the paths' figures, what to know, and what it ran on.

use crate::cli::bench::cells;
use crate::cli::bench::figures::count;
use crate::cli::bench::html::slot::slot;
use crate::cli::bench::html::svg::escaped;
use crate::cli::bench::words::{more_settings, unit};
use crate::cli::units::bytes_text;
use crate::load::{Metric, PathReport, Run, Work};

/// A column: its header, and a path's cell in it.
type Column = (&'static str, fn(&PathReport, Work) -> String);

const COLUMNS: [Column; 13] = [
    ("rate", |path, work| cells::figure(path, work, Metric::Rate)),
    ("highest rate", cells::max_rate),
    ("p50", |path, _| cells::latency(path.latency.as_ref(), |latency| latency.p50)),
    ("p90", |path, _| cells::latency(path.latency.as_ref(), |latency| latency.p90)),
    ("p99", |path, _| cells::latency(path.latency.as_ref(), |latency| latency.p99)),
    ("p99.9", |path, _| cells::latency(path.latency.as_ref(), |latency| latency.p999)),
    ("slowest", |path, _| cells::latency(path.latency.as_ref(), |latency| latency.max)),
    ("service p50", |path, _| cells::latency(path.service.as_ref(), |latency| latency.p50)),
    ("service p99", |path, _| cells::latency(path.service.as_ref(), |latency| latency.p99)),
    ("errors", |path, _| count(cells::errors(path))),
    ("cpu", |path, work| cells::figure(path, work, Metric::Cpu)),
    ("memory / conn.", |path, work| cells::figure(path, work, Metric::Memory)),
    ("memory at rest", |path, _| cells::at_rest(path)),
];

/// All paths with all figures; a column that is empty for all is left out.
pub(crate) fn paths(run: &Run) -> String {
    let columns: Vec<Column> = COLUMNS
        .into_iter()
        .filter(|(_, cell)| run.paths.iter().any(|path| !cell(path, run.work).is_empty()))
        .collect();
    let headers: String = columns.iter().map(|(header, _)| format!("<th>{header}</th>")).collect();
    let rows: String = run.paths.iter().map(|path| row(run, path, &columns)).collect();
    let means = run
        .paths
        .iter()
        .map(|path| format!("<dt>{}</dt><dd>{}</dd>\n", escaped(&path.name), escaped(&path.means)));
    let failures: String = run
        .paths
        .iter()
        .flat_map(|path| cells::failures(path).into_iter().map(|said| cells::failure(&path.name, &said)))
        .map(|said| format!("<li>{}</li>\n", escaped(&said)))
        .collect();
    let failures = match failures.is_empty() {
        true => failures,
        false => format!("<h3>What came to nothing</h3>\n<ul class=\"notes\">\n{failures}</ul>\n"),
    };
    format!(
        "<section>\n<h2>All paths</h2>\n<p class=\"says\">All rounds together; cpu is that of server and proxies for each {}.</p>\n\
         <div class=\"scroll\"><table>\n<thead><tr><th>path</th>{headers}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n\
         {failures}<dl>\n{}</dl>\n</section>\n",
        unit(run.work),
        means.collect::<String>()
    )
}

fn row(run: &Run, path: &PathReport, columns: &[Column]) -> String {
    let cells = columns.iter().map(|(_, cell)| match cell(path, run.work) {
        text if text.is_empty() => "<td>–</td>".to_owned(),
        text => format!("<td>{}</td>", escaped(&text)),
    });
    format!(
        "<tr><th><span class=\"key f{}\"></span>{}</th>{}</tr>\n",
        slot(run, path),
        escaped(&path.name),
        cells.collect::<String>()
    )
}

/// What a reader has to know.
pub(crate) fn notes(run: &Run) -> String {
    if run.notes.is_empty() {
        return String::new();
    }
    let each = run
        .notes
        .iter()
        .map(|note| format!("<li>{} <code>{}</code></li>\n", escaped(&note.says), escaped(&note.code)));
    format!(
        "<section>\n<h2>To know</h2>\n<ul class=\"notes\">\n{}</ul>\n</section>\n",
        each.collect::<String>()
    )
}

/// On what and how, so that anybody can do it again.
pub(crate) fn environment(run: &Run) -> String {
    let environment = &run.environment;
    let others = run.paths.iter().flat_map(|path| &path.rounds).map(|round| round.others).reduce(f64::max);
    let others =
        others.map_or_else(String::new, |part| format!("{:.0} % of the machine at worst", part * 100.0));
    let lag = run.paths.iter().flat_map(|path| &path.rounds).filter_map(|round| round.lag).max();
    let lag = lag
        .map_or_else(String::new, |lag| format!("{} µs late at worst (p99 of a round)", count(lag / 1_000)));
    let facts = [
        ("program", format!("glasstunnel {} ({})", environment.version, environment.profile)),
        ("began", environment.began.clone()),
        ("processor", format!("{}, {} cores", environment.cpu, environment.cores)),
        ("memory", bytes_text(environment.memory)),
        ("kernel", environment.kernel.clone()),
        ("TCP's congestion control", environment.congestion_control.clone().unwrap_or_default()),
        ("governor", environment.governor.clone().unwrap_or_else(|| "not to be seen".to_owned())),
        ("load average", format!("{:.2} when it began", environment.load_average)),
        ("others took", others),
        ("generator", lag),
        ("proxies", more_settings(run).join(", ")),
    ];
    let known = facts.iter().filter(|(_, value)| !value.is_empty());
    let list: String =
        known.map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>\n", escaped(value))).collect();
    format!(
        "<section>\n<h2>How it was measured</h2>\n<dl>\n{list}</dl>\n<pre><code>{}</code></pre>\n</section>\n",
        escaped(&environment.command.join(" "))
    )
}
