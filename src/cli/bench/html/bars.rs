//! Bars, each below its own name, that share an axis from zero.

use crate::cli::bench::figures::{Unit, number};
use crate::cli::bench::html::axis::{Scale, linear_marks};
use crate::cli::bench::html::slot::short;
use crate::cli::bench::html::svg::{Anchor, Svg};

/// A bar: its name, its pieces from the left with their classes, and what stands behind it.
pub(crate) struct Bar {
    pub(crate) name: String,
    /// Where it begins.
    pub(crate) from: f64,
    pub(crate) pieces: Vec<(String, f64)>,
    /// How far from its end the truth may be.
    pub(crate) margin: Option<f64>,
    pub(crate) says: String,
}

impl Bar {
    fn end(&self) -> f64 {
        self.from + self.pieces.iter().map(|(_, length)| length).sum::<f64>()
    }

    fn right(&self) -> f64 {
        self.end().max(self.from)
    }
}

/// From a name to the next.
const ROW: f64 = 44.0;
/// How thick a bar is.
const THICK: f64 = 16.0;
/// Letters of a name, which stand above the bar and fit on a phone.
const NAME: usize = 44;
/// Below the bars, for the marks and what they are.
const FOOT: f64 = 44.0;
/// To the right of the axis, for what is said of the longest bar.
const RIGHT: f64 = 132.0;

/// Draws the bars; `axis` is what the figures are, without their unit.
pub(crate) fn draw(bars: &[Bar], unit: Unit, axis: &str, width: f64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "there are few bars")]
    let bottom = bars.len() as f64 * ROW + 6.0;
    let most = bars.iter().map(|bar| bar.right() + bar.margin.unwrap_or(0.0)).fold(0.0, f64::max);
    let marks = linear_marks(most, if width > 600.0 { 5 } else { 2 });
    let last = marks.last().copied().unwrap_or(1.0);
    let scale = Scale::linear((0.0, last), (1.0, width - RIGHT));
    let mut svg = Svg::new(width, bottom + FOOT);
    let (divisor, name) = unit.scale(last);
    for mark in &marks {
        let (x, scaled) = (scale.at(*mark), mark / divisor);
        svg.line(if *mark == 0.0 { "zero" } else { "grid" }, &[(x, 4.0), (x, bottom)]);
        let anchor = if *mark == 0.0 { Anchor::Start } else { Anchor::Middle };
        svg.text("tick", anchor, (x, bottom + 16.0), &number(scaled, decimals(last / divisor)));
    }
    svg.text("axis", Anchor::Start, (0.0, bottom + 36.0), &axis_text(axis, name));
    for (at, bar) in bars.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "there are few bars")]
        one(&mut svg, bar, &scale, at as f64 * ROW);
    }
    let said: Vec<String> = bars.iter().map(|bar| format!("{}: {}", bar.name, bar.says)).collect();
    svg.finish(&format!("{axis}. {}", said.join(". ")))
}

fn one(svg: &mut Svg, bar: &Bar, scale: &Scale, top: f64) {
    svg.text("name halo", Anchor::Start, (4.0, top + 16.0), &short(&bar.name, NAME));
    let y = top + 23.0;
    let mut from = bar.from;
    for (class, length) in &bar.pieces {
        let (left, right) = (scale.at(from.min(from + length)), scale.at(from.max(from + length)));
        svg.rectangle(class, (left, y), ((right - left).max(1.0), THICK));
        from += length;
    }
    let mut right = scale.at(bar.right());
    if let Some(margin) = bar.margin {
        let (low, high) = (scale.at(bar.end() - margin), scale.at(bar.end() + margin));
        let middle = y + THICK / 2.0;
        svg.line("whisker", &[(low, middle), (high, middle)]);
        for end in [low, high] {
            svg.line("whisker", &[(end, middle - 4.0), (end, middle + 4.0)]);
        }
        right = right.max(high);
    }
    svg.text("halo", Anchor::Start, (right + 8.0, y + 12.5), &bar.says);
}

/// How many digits after the point tell the marks of an axis apart.
pub(crate) fn decimals(last: f64) -> usize {
    match last {
        last if last >= 4.9 => 0,
        last if last >= 0.49 => 1,
        _ => 2,
    }
}

/// What an axis shows, with its unit.
fn axis_text(axis: &str, unit: &str) -> String {
    if unit == "/s" { format!("{axis} per second") } else { format!("{axis}, in{unit}") }
}
