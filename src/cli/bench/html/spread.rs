//! Rounds as dots: how far each was from the mean of its path, which is all that is known of how sure a figure is.

use crate::cli::bench::figures::{Unit, number, signed};
use crate::cli::bench::html::axis::{Scale, linear_marks};
use crate::cli::bench::html::slot::{short, slot};
use crate::cli::bench::html::svg::{Anchor, Svg};
use crate::load::{Metric, PathReport, Run, mean};

const WIDTH: f64 = 330.0;
const ROW: f64 = 34.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = WIDTH - 84.0;
/// Rounds that are all alike need an axis too, in per cent.
const LEAST: f64 = 1.0;

/// A path's rounds, in per cent of their mean.
struct Row<'a> {
    path: &'a PathReport,
    mean: f64,
    margin: f64,
    rounds: Vec<f64>,
}

/// Draws one figure of all paths; `None` where none has two rounds of it.
pub(crate) fn draw(run: &Run, metric: Metric, title: &str) -> Option<String> {
    let rows: Vec<Row<'_>> = run.paths.iter().filter_map(|path| row(path, metric)).collect();
    if rows.is_empty() {
        return None;
    }
    let reach = |row: &Row<'_>| row.rounds.iter().fold(row.margin, |most, part| most.max(part.abs()));
    let most = rows.iter().map(reach).fold(LEAST, f64::max);
    let marks = linear_marks(most, 1);
    let last = marks.last().copied().unwrap_or(LEAST);
    let x = Scale::linear((-last, last), (LEFT, RIGHT));
    #[expect(clippy::cast_precision_loss, reason = "there are few paths")]
    let bottom = 28.0 + rows.len() as f64 * ROW;
    let mut svg = Svg::new(WIDTH, bottom + 42.0);
    svg.text("name", Anchor::Start, (0.0, 14.0), title);
    let both = marks.iter().skip(1).map(|mark| -mark).chain(marks.iter().copied());
    for mark in both {
        let place = x.at(mark);
        svg.line(if mark == 0.0 { "zero" } else { "grid" }, &[(place, 24.0), (place, bottom)]);
        let digits = usize::from(last < 1.9);
        let text = if mark == 0.0 { number(0.0, 0) } else { signed(mark, digits) };
        svg.text("tick", Anchor::Middle, (place, bottom + 16.0), &text);
    }
    svg.text("axis", Anchor::Middle, (f64::midpoint(LEFT, RIGHT), bottom + 35.0), "% from the path's mean");
    let unit = Unit::of(metric, run.work);
    let mut top = 28.0;
    for row in &rows {
        one(&mut svg, row, &x, (top, slot(run, row.path)));
        svg.text(
            "tick",
            Anchor::Start,
            (RIGHT + 12.0, top + ROW / 2.0 + 4.0),
            &short(&unit.text(row.mean), 11),
        );
        top += ROW;
    }
    let said: Vec<String> = rows
        .iter()
        .map(|row| format!("{} {} ± {:.1} %", row.path.name, unit.text(row.mean), row.margin))
        .collect();
    Some(svg.finish(&format!("{title}, rounds as dots around the mean of their path: {}", said.join(", "))))
}

fn row(path: &PathReport, metric: Metric) -> Option<Row<'_>> {
    let values = metric.of(path);
    let estimate = mean(&values).filter(|estimate| estimate.value > 0.0)?;
    let part = |value: f64| value / estimate.value * 100.0;
    Some(Row {
        path,
        mean: estimate.value,
        margin: part(estimate.margin?),
        rounds: values.iter().map(|value| part(value - estimate.value)).collect(),
    })
}

/// The first round above, the last below: a drift is a slope.
fn one(svg: &mut Svg, row: &Row<'_>, x: &Scale, (top, slot): (f64, usize)) {
    let (low, high) = (x.at(-row.margin), x.at(row.margin));
    svg.rectangle("band", (low, top + 4.0), ((high - low).max(1.0), ROW - 8.0));
    svg.text("name", Anchor::Start, (0.0, top + ROW / 2.0 + 4.0), &short(&row.path.name, 10));
    let count = f64::from(u32::try_from(row.rounds.len()).unwrap_or(u32::MAX));
    let mut at = 0.5;
    for round in &row.rounds {
        let y = top + 5.0 + (ROW - 10.0) * at / count;
        svg.dot(&format!("f{slot}"), (x.at(*round), y), 3.2);
        at += 1.0;
    }
}
