//! [`Svg`]: a drawing of few kinds of shapes, escaped where it is written.

use std::fmt::Write as _;

use crate::cli::wrap::harmless;

/// A point.
pub(crate) type Point = (f64, f64);

/// Which end of a text stands at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How wide a drawing is: letters have the same size on a desk and on a phone, so that each is drawn for its own.
pub(crate) const WIDTHS: [(&str, f64); 2] = [("wide", 1032.0), ("narrow", 368.0)];

/// A drawing.
pub(crate) struct Svg {
    body: String,
    size: Point,
}

impl Svg {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self { body: String::new(), size: (width, height) }
    }

    pub(crate) fn text(&mut self, class: &str, anchor: Anchor, (x, y): Point, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        let _infallible = writeln!(
            self.body,
            "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>"
        );
    }

    pub(crate) fn rectangle(&mut self, class: &str, (x, y): Point, (width, height): Point) {
        let (width, height) = (width.max(0.0), height.max(0.0));
        let _infallible = writeln!(
            self.body,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
        );
    }

    pub(crate) fn dot(&mut self, class: &str, (x, y): Point, radius: f64) {
        let _infallible =
            writeln!(self.body, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"/>");
    }

    /// A line through points.
    pub(crate) fn line(&mut self, class: &str, points: &[Point]) {
        let mut d = String::new();
        for (at, (x, y)) in points.iter().enumerate() {
            let _infallible = write!(d, "{}{x:.1},{y:.1}", if at == 0 { 'M' } else { 'L' });
        }
        let _infallible = writeln!(self.body, "<path class=\"{class}\" d=\"{d}\"/>");
    }

    /// The drawing, and what it shows in words.
    pub(crate) fn finish(self, label: &str) -> String {
        let ((width, height), label) = (self.size, escaped(label));
        format!(
            "<svg viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{label}\">\n{}</svg>\n",
            self.body
        )
    }
}

/// A figure that is drawn for each width, with what it is above.
pub(crate) fn figure(draw: impl Fn(f64) -> String) -> String {
    let each = |(class, width): (&str, f64)| format!("<div class=\"{class}\">{}</div>\n", draw(width));
    format!("<figure>\n{}</figure>\n", WIDTHS.map(each).concat())
}

/// Text as XML's and HTML's text: harmless has left none of the characters that XML forbids (XML 1.0 §2.2).
pub(crate) fn escaped(text: &str) -> String {
    let text = harmless(text).replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
