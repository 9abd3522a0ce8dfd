//! [`Canvas`]: shapes and texts with whole numbers, escaped where they are written.

use std::fmt::Write as _;

use crate::cli::trace::svg::style::STYLE;
use crate::cli::wrap::{columns, harmless, wrapped};
use crate::glass::Lane;

/// How wide the file is.
pub(crate) const WIDTH: i32 = 1140;

/// Where the content begins and, from the right, ends.
pub(crate) const MARGIN: i32 = 20;

/// Where the times end.
pub(crate) const TIMES: i32 = 92;

/// From one line of text to the next.
pub(crate) const LINE: i32 = 15;

/// A font of one width is six tenths as wide as high; a little more, for those that differ.
const TENTHS_OF_TEXT: i32 = 67;
const TENTHS_OF_NAME: i32 = 73;

/// A point.
pub(crate) type Point = (i32, i32);

/// What is drawn, and how far down.
pub(crate) struct Canvas {
    back: String,
    front: String,
    /// Where the next thing is drawn.
    pub(crate) y: i32,
}

impl Canvas {
    pub(crate) fn new() -> Self {
        Self { back: String::new(), front: String::new(), y: MARGIN }
    }

    /// A line of text that begins here.
    pub(crate) fn text(&mut self, class: &str, (x, y): Point, text: &str) {
        let text = escaped(text);
        let _infallible = writeln!(self.front, r#"<text class="{class}" x="{x}" y="{y}">{text}</text>"#);
    }

    /// A line of text that ends here.
    pub(crate) fn text_before(&mut self, class: &str, (x, y): Point, text: &str) {
        let text = escaped(text);
        let _infallible =
            writeln!(self.front, r#"<text class="{class}" x="{x}" y="{y}" text-anchor="end">{text}</text>"#);
    }

    /// A line of text around here.
    pub(crate) fn text_around(&mut self, class: &str, (x, y): Point, text: &str) {
        let text = escaped(text);
        let _infallible = writeln!(
            self.front,
            r#"<text class="{class}" x="{x}" y="{y}" text-anchor="middle">{text}</text>"#
        );
    }

    /// A box with round corners, from its upper left corner.
    pub(crate) fn rectangle(&mut self, class: &str, from: Point, size: (i32, i32)) {
        self.front.push_str(&rectangle(class, from, size));
    }

    /// The same, behind everything that is not.
    pub(crate) fn rectangle_behind(&mut self, class: &str, from: Point, size: (i32, i32)) {
        self.back.push_str(&rectangle(class, from, size));
    }

    /// A vertical line behind everything.
    pub(crate) fn line_behind(&mut self, class: &str, x: i32, (top, bottom): (i32, i32)) {
        let line = format!(r#"<path class="{class}" d="M{x},{top}V{bottom}"/>"#);
        // Lines first, so that they shine through what else is behind.
        self.back.insert_str(0, &format!("{line}\n"));
    }

    /// Any shape, in the words of SVG's `d`.
    pub(crate) fn path(&mut self, class: &str, d: &str) {
        let _infallible = writeln!(self.front, r#"<path class="{class}" d="{d}"/>"#);
    }

    /// The file.
    pub(crate) fn into_file(self, id: u64, title: &str, description: &str) -> String {
        let height = self.y + MARGIN;
        let Self { back, front, .. } = self;
        let (title, description) = (escaped(title), escaped(description));
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="glass-{id}-title glass-{id}-description">
<title id="glass-{id}-title">{title}</title>
<desc id="glass-{id}-description">{description}</desc>
<style>{STYLE}</style>
<rect class="paper" width="{WIDTH}" height="{height}"/>
{back}{front}</svg>
"#
        )
    }
}

/// Where a lifeline stands.
pub(crate) fn lane_x(lane: Lane) -> i32 {
    match lane {
        Lane::App => 180,
        Lane::Source => 420,
        Lane::Destination => 810,
        Lane::Backend => 1050,
    }
}

/// Text in lines that are at most so many pixels wide.
pub(crate) fn lines(text: &str, pixels: i32) -> Vec<String> {
    wrapped(text, usize::try_from(pixels * 10 / TENTHS_OF_TEXT).unwrap_or(0))
}

/// The same for names, which are larger.
pub(crate) fn name_lines(text: &str, pixels: i32) -> Vec<String> {
    wrapped(text, usize::try_from(pixels * 10 / TENTHS_OF_NAME).unwrap_or(0))
}

/// How wide text may be, in pixels.
pub(crate) fn width(text: &str) -> i32 {
    pixels(text, TENTHS_OF_TEXT)
}

/// How wide a name may be, in pixels.
pub(crate) fn name_width(text: &str) -> i32 {
    pixels(text, TENTHS_OF_NAME)
}

fn pixels(text: &str, tenths: i32) -> i32 {
    i32::try_from(columns(text)).unwrap_or(i32::MAX / 100).saturating_mul(tenths) / 10 + 1
}

fn rectangle(class: &str, (x, y): Point, (width, height): (i32, i32)) -> String {
    format!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>\n")
}

/// Text as XML's text: harmless has left none of the characters that XML forbids (XML 1.0 §2.2).
fn escaped(text: &str) -> String {
    harmless(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
