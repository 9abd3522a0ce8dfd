//! The head of the page: what the mesh costs, and which layer of it costs what.

use crate::cli::bench::figures::Unit;
use crate::cli::bench::html::bars::{Bar, draw};
use crate::cli::bench::html::slot::slot;
use crate::cli::bench::html::svg::{escaped, figure};
use crate::cli::bench::text::{columns, figures};
use crate::cli::bench::words::{margin, sentence, unit};
use crate::load::{Metric, Price, Prices, Run, mean, prices};

/// Headline, drawing and table, for each number of connections; nothing where there is nothing to compare.
pub(crate) fn priced(run: &Run) -> String {
    prices(run).iter().map(|prices| one(run, prices)).collect()
}

fn one(run: &Run, prices: &Prices) -> String {
    let whole = &prices.whole;
    let mut text = format!(
        "<section>\n<h2>What {} costs, compared with {}</h2>\n<p class=\"says\">{}</p>\n<div class=\"cards\">\n",
        escaped(&whole.to),
        escaped(&whole.from),
        escaped(&sentence(&margin(run)))
    );
    let known = figures(run.work, whole).into_iter().zip(named(run));
    for ((_, unit, estimate), name) in known {
        if let Some(estimate) = estimate {
            text += &format!(
                "<div class=\"card\"><b>{}</b><span>{}</span></div>\n",
                large(&unit.difference(estimate)),
                escaped(&name)
            );
        }
    }
    text += "</div>\n";
    if whole.p50.is_some() && !prices.steps.is_empty() {
        text += "<h3>The median latency, layer by layer</h3>\n";
        let bars = bars(run, prices);
        text += &figure(|width| draw(&bars, Unit::Time, "median latency", width));
    }
    let rows: Vec<&Price> = prices.steps.iter().chain(&prices.others).collect();
    if !rows.is_empty() {
        text += &table(run, &rows);
    }
    text + "</section>\n"
}

/// What the four figures are, in the order of [`figures`].
fn named(run: &Run) -> [String; 4] {
    let unit = unit(run.work);
    [
        "in throughput".to_owned(),
        "in the median latency".to_owned(),
        "in the 99th percentile of latency".to_owned(),
        format!("of processor time for each {unit}, in server and proxies"),
    ]
}

/// The margin is smaller than what it is of.
fn large(difference: &str) -> String {
    match difference.split_once(" ± ") {
        Some((value, margin)) => format!("{} <small>± {}</small>", escaped(value), escaped(margin)),
        None => escaped(difference),
    }
}

/// From the one path to the other: where it begins, each layer on top of those before it, where it ends.
fn bars(run: &Run, prices: &Prices) -> Vec<Bar> {
    let end = |name: &str| {
        let path = run.paths.iter().find(|path| path.name == name)?;
        let estimate = mean(&Metric::P50.of(path))?;
        Some(Bar {
            name: name.to_owned(),
            from: 0.0,
            pieces: vec![(format!("f{}", slot(run, path)), estimate.value)],
            margin: estimate.margin,
            says: Unit::Time.text(estimate.value),
        })
    };
    let mut bars: Vec<Bar> = end(&prices.whole.from).into_iter().collect();
    let mut from = bars.first().map_or(0.0, |bar| bar.pieces.iter().map(|(_, length)| length).sum());
    for step in &prices.steps {
        let (Some(estimate), Some(path)) = (step.p50, run.paths.iter().find(|path| path.name == step.to))
        else {
            continue;
        };
        bars.push(Bar {
            name: format!("+ {}", step.buys),
            from,
            pieces: vec![(format!("f{}", slot(run, path)), estimate.value)],
            margin: estimate.margin,
            says: Unit::Time.difference(estimate),
        });
        from += estimate.value;
    }
    bars.extend(end(&prices.whole.to).map(|bar| Bar { name: format!("= {}", bar.name), ..bar }));
    bars
}

fn table(run: &Run, rows: &[&Price]) -> String {
    let cpu = format!("cpu for each {}", unit(run.work));
    let headers = ["throughput", "median latency", "p99 latency", &cpu];
    let known = columns(run.work, rows);
    let mut text = "<div class=\"scroll\"><table>\n<thead><tr><th>price of</th><th class=\"left\">from</th><th class=\"left\">to</th>".to_owned();
    for (at, _) in &known {
        text += &format!("<th>{}</th>", headers[*at]);
    }
    text += "</tr></thead>\n<tbody>\n";
    for row in rows {
        let names = [&row.from, &row.to].map(|name| format!("<td class=\"left\">{}</td>", escaped(name)));
        text += &format!("<tr><th>{}</th>{}", escaped(&row.buys), names.concat());
        let figures = figures(run.work, row);
        for (at, largest) in &known {
            let (_, unit, estimate) = figures[*at];
            let cell = estimate.map(|estimate| large(&unit.difference_among(estimate, *largest)));
            let cell = cell.unwrap_or_else(|| "–".to_owned());
            text += &format!("<td>{cell}</td>");
        }
        text += "</tr>\n";
    }
    text + "</tbody></table></div>\n"
}
