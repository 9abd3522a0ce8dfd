//! Memory over time: both proxies of each path together, while its rounds went.

use crate::cli::bench::figures::{Unit, number};
use crate::cli::bench::html::axis::{Scale, linear_marks};
use crate::cli::bench::html::bars::decimals;
use crate::cli::bench::html::slot::{apart, short, slot};
use crate::cli::bench::html::svg::{Anchor, Point, Svg};
use crate::load::{Memory, PathReport, Run};

const HEIGHT: f64 = 300.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = HEIGHT - 46.0;
const LEFT: f64 = 46.0;
const SECOND: f64 = 1e9;
/// A pause that is so many times the usual step is one in which other paths had their turn.
const PAUSE: f64 = 4.0;

/// Draws the lines; `None` where no path has one.
pub(crate) fn draw(run: &Run, width: f64) -> Option<String> {
    let lines: Vec<(&PathReport, Vec<Point>)> = run
        .paths
        .iter()
        .filter_map(|path| Some((path, points(path.memory.as_ref()?))))
        .filter(|(_, points)| points.len() > 1)
        .collect();
    let all = || lines.iter().flat_map(|(_, points)| points);
    let last = all().map(|point| point.0).reduce(f64::max)?;
    let most = all().map(|point| point.1).fold(0.0, f64::max);
    let is_wide = width > 600.0;
    let right = width - if is_wide { 112.0 } else { 66.0 };
    let (times, sizes) = (linear_marks(last, if is_wide { 6 } else { 3 }), binary_marks(most));
    let x = Scale::linear((0.0, times.last().copied().unwrap_or(1.0)), (LEFT, right));
    let y = Scale::linear((0.0, sizes.last().copied().unwrap_or(1.0)), (BOTTOM, TOP));
    let mut svg = Svg::new(width, HEIGHT);
    grid(&mut svg, (&x, &times), (&y, &sizes), right);
    let wanted: Vec<f64> =
        lines.iter().map(|(_, points)| points.last().map_or(BOTTOM, |point| y.at(point.1))).collect();
    let places = apart(&wanted, 15.0, (TOP + 4.0, BOTTOM));
    for ((path, points), place) in lines.iter().zip(places) {
        let slot = slot(run, path);
        for piece in pieces(points) {
            let drawn: Vec<Point> = piece.iter().map(|point| (x.at(point.0), y.at(point.1))).collect();
            svg.line(&format!("s{slot} plain"), &drawn);
        }
        let letters = if is_wide { 14 } else { 7 };
        svg.text(
            &format!("name halo f{slot}"),
            Anchor::Start,
            (right + 8.0, place + 4.0),
            &short(&path.name, letters),
        );
    }
    Some(svg.finish("Memory of both proxies of each path over time, from zero"))
}

fn grid(svg: &mut Svg, (x, times): (&Scale, &[f64]), (y, sizes): (&Scale, &[f64]), right: f64) {
    let largest = sizes.last().copied().unwrap_or(1.0);
    let (divisor, name) = Unit::Bytes.scale(largest);
    for size in sizes {
        let place = y.at(*size);
        svg.line(if *size == 0.0 { "zero" } else { "grid" }, &[(LEFT, place), (right, place)]);
        let text = number(size / divisor, decimals(largest / divisor));
        svg.text("tick", Anchor::End, (LEFT - 8.0, place + 4.0), &text);
    }
    for time in times {
        let digits = decimals(times.last().copied().unwrap_or(1.0));
        svg.text("tick", Anchor::Middle, (x.at(*time), BOTTOM + 17.0), &number(*time, digits));
    }
    svg.text("axis", Anchor::Start, (0.0, 12.0), &format!("both proxies, in{name}"));
    svg.text("axis", Anchor::Start, (LEFT, BOTTOM + 38.0), "seconds since the first round began");
}

/// Round in the unit that they are said in.
fn binary_marks(most: f64) -> Vec<f64> {
    let (divisor, _) = Unit::Bytes.scale(most);
    linear_marks(most / divisor, 3).into_iter().map(|mark| mark * divisor).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a place on a drawing")]
fn points(memory: &Memory) -> Vec<Point> {
    let both = |source: u64, destination: Option<u64>| source.saturating_add(destination.unwrap_or(0)) as f64;
    let line = memory.line.iter();
    line.map(|point| (point.at as f64 / SECOND, both(point.source, point.destination))).collect()
}

/// The line without the pauses.
fn pieces(points: &[Point]) -> Vec<&[Point]> {
    let mut steps: Vec<f64> =
        points.windows(2).filter_map(|pair| Some(pair.last()?.0 - pair.first()?.0)).collect();
    steps.sort_by(f64::total_cmp);
    let usual = steps.get(steps.len() / 2).copied().unwrap_or(0.0);
    points.chunk_by(|a, b| b.0 - a.0 <= PAUSE * usual).collect()
}
