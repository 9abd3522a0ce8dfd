//! Latency by percentile: the tail is where the paths differ, so that it has most of the room.

use crate::cli::bench::figures::Unit;
use crate::cli::bench::html::axis::{Scale, log_marks};
use crate::cli::bench::html::slot::{apart, short, slot};
use crate::cli::bench::html::svg::{Anchor, Point, Svg};
use crate::load::{Latency, PathReport, Run};

const HEIGHT: f64 = 420.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = HEIGHT - 46.0;
const LEFT: f64 = 58.0;

/// The percentiles that the axis names, each with what is above it as one in so many.
const MARKS: [(&str, f64); 8] = [
    ("0", 1.0),
    ("50", 2.0),
    ("90", 10.0),
    ("99", 100.0),
    ("99.9", 1e3),
    ("99.99", 1e4),
    ("99.999", 1e5),
    ("99.9999", 1e6),
];

/// A path's line.
struct Line<'a> {
    path: &'a PathReport,
    /// One in so many is slower, and how slow that is, in nanoseconds.
    points: Vec<Point>,
}

/// Draws the curves of all paths that have one.
pub(crate) fn draw(run: &Run, pick: fn(&PathReport) -> Option<&Latency>, width: f64) -> Option<String> {
    let lines: Vec<Line<'_>> = run
        .paths
        .iter()
        .filter_map(|path| Some(Line { path, points: points(pick(path)?) }))
        .filter(|line| !line.points.is_empty())
        .collect();
    let all = || lines.iter().flat_map(|line| &line.points);
    let farthest = all().map(|point| point.0).fold(10.0, f64::max);
    let least = all().map(|point| point.1).reduce(f64::min)?;
    let most = all().map(|point| point.1).fold(least, f64::max);
    let right = width - if width > 600.0 { 112.0 } else { 66.0 };
    let marks = log_marks(least, most, 12);
    let ends = (marks.first().copied().unwrap_or(1.0), marks.last().copied().unwrap_or(10.0));
    let x = Scale::log((1.0, farthest), (LEFT, right));
    let y = Scale::log(ends, (BOTTOM, TOP));
    let mut svg = Svg::new(width, HEIGHT);
    grid(&mut svg, (&x, farthest), (&y, &marks), (right, width));
    let wanted: Vec<f64> =
        lines.iter().map(|line| line.points.last().map_or(BOTTOM, |point| y.at(point.1))).collect();
    let places = apart(&wanted, 15.0, (TOP + 4.0, BOTTOM));
    for (line, place) in lines.iter().zip(places) {
        let slot = slot(run, line.path);
        let drawn: Vec<Point> = line.points.iter().map(|point| (x.at(point.0), y.at(point.1))).collect();
        svg.line(&format!("s{slot}"), &drawn);
        let end = drawn.last().map_or(right, |point| point.0);
        let letters = if width > 600.0 { 14 } else { 7 };
        svg.text(
            &format!("name halo f{slot}"),
            Anchor::Start,
            (end + 8.0, place + 4.0),
            &short(&line.path.name, letters),
        );
    }
    let names: Vec<&str> = lines.iter().map(|line| line.path.name.as_str()).collect();
    Some(svg.finish(&format!("Latency by percentile, both axes logarithmic, of {}", names.join(", "))))
}

/// The curve as far as it is a line: what is above the last but one value is one value, the slowest.
#[expect(clippy::cast_precision_loss, reason = "a place on a drawing")]
fn points(latency: &Latency) -> Vec<Point> {
    let count = (latency.count as f64).max(1.0);
    let place = |at: f64| if at < 1.0 { (1.0 / (1.0 - at)).min(count) } else { count };
    let points = latency.curve.iter().map(|point| (place(point.at), (point.value as f64).max(1.0)));
    points.filter(|point| point.0.is_finite()).collect()
}

fn grid(
    svg: &mut Svg,
    (x, farthest): (&Scale, f64),
    (y, marks): (&Scale, &[f64]),
    (right, width): (f64, f64),
) {
    let is_wide = width > 600.0;
    for mark in marks {
        let place = y.at(*mark);
        svg.line("grid", &[(LEFT, place), (right, place)]);
        svg.text("tick", Anchor::End, (LEFT - 8.0, place + 4.0), &short(&mark_text(*mark), 7));
    }
    let known = MARKS.into_iter().filter(|(name, at)| *at <= farthest && (is_wide || *name != "50"));
    for (name, at) in known {
        let place = x.at(at);
        svg.line("grid", &[(place, TOP), (place, BOTTOM)]);
        svg.text("tick", Anchor::Middle, (place, BOTTOM + 17.0), name);
    }
    svg.text("axis", Anchor::Start, (0.0, 12.0), "latency (log scale)");
    let says = "percentile, in % (log scale of what is above)";
    svg.text("axis", Anchor::Start, (LEFT, BOTTOM + 38.0), says);
}

/// `20 µs`: marks are round.
fn mark_text(mark: f64) -> String {
    let (divisor, name) = Unit::Time.scale(mark);
    format!("{:.0}{name}", mark / divisor)
}
