//! A sequence as one SVG file that needs nothing else: no script, no font, no style from elsewhere.

mod style;
mod canvas;
mod ground;
mod head;
mod rows;
mod foot;

use crate::cli::trace::svg::canvas::Canvas;
use crate::cli::trace::words::spoken;
use crate::glass::Sequence;

/// The whole file. Everything that a peer chose is text in it, never markup.
pub fn render(sequence: &Sequence) -> String {
    let mut canvas = Canvas::new();
    head::title(&mut canvas, sequence);
    let top = head::lanes(&mut canvas, sequence);
    let rows = rows::draw(&mut canvas, &sequence.events);
    let bottom = canvas.y + 4;
    ground::lifelines(&mut canvas, sequence, (top, bottom));
    ground::tubes(&mut canvas, &rows);
    canvas.y = bottom;
    head::lanes(&mut canvas, sequence);
    foot::draw(&mut canvas, sequence);
    canvas.into_file(sequence.id, &title(sequence), &description(sequence))
}

fn title(sequence: &Sequence) -> String {
    format!("#{} {} → {}", sequence.id, sequence.source, sequence.destination)
}

/// The drawing in words: who does not see it is told the same.
fn description(sequence: &Sequence) -> String {
    let mut said = format!("{}: {}. ", sequence.verdict, sequence.why);
    said.push_str(&sequence.events.iter().map(spoken).collect::<Vec<_>>().join(". "));
    said
}
