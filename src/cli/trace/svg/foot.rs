//! The foot of the drawing: how long the parts took, what the network saw, what else to know, what to do next.

use crate::cli::trace::svg::canvas::{Canvas, LINE, MARGIN, WIDTH, lines};
use crate::cli::trace::words::moment;
use crate::glass::Sequence;

/// Where the second of two columns begins.
const MIDDLE: i32 = WIDTH / 2 + 10;

/// Draws all that there is to say.
pub(crate) fn draw(canvas: &mut Canvas, sequence: &Sequence) {
    canvas.y += 10;
    let phases = sequence.phases.iter();
    let phases: Vec<_> = phases.map(|phase| format!("{} {}", phase.name, moment(phase.took_ns))).collect();
    let phases = if phases.is_empty() { phases } else { vec![phases.join(" · ")] };
    list(canvas, "Phases", &phases, (MARGIN, WIDTH - MARGIN));
    let seen = &sequence.eavesdropper;
    let top = canvas.y;
    list(canvas, "Somebody on the network sees", &seen.sees, (MARGIN, MIDDLE - 20));
    let left = canvas.y;
    canvas.y = top;
    list(canvas, "… and does not see", &seen.does_not_see, (MIDDLE, WIDTH - MARGIN));
    canvas.y = canvas.y.max(left);
    list(canvas, "Notes", &sequence.notes, (MARGIN, WIDTH - MARGIN));
    list(canvas, "Next", &sequence.next, (MARGIN, WIDTH - MARGIN));
}

fn list(canvas: &mut Canvas, title: &str, items: &[String], (left, right): (i32, i32)) {
    if items.is_empty() {
        return;
    }
    canvas.text("name", (left, canvas.y + 12), title);
    canvas.y += LINE + 3;
    for item in items {
        canvas.text("says", (left, canvas.y + 10), "•");
        for line in lines(item, right - left - 14) {
            canvas.text("says", (left + 14, canvas.y + 10), &line);
            canvas.y += LINE;
        }
    }
    canvas.y += 10;
}
