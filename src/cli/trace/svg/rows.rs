//! The rows of the drawing: one for each event, under each other, so that nothing can overlap.

use crate::cli::trace::svg::canvas::{
    Canvas, LINE, MARGIN, Point, TIMES, WIDTH, lane_x, lines, name_lines, name_width, width,
};
use crate::cli::trace::svg::ground::{Rows, Tube, between, find_tubes};
use crate::cli::trace::words::{moment, target};
use crate::cli::units::bytes_text;
use crate::glass::{Event, Lane, Tone};

/// Between a lifeline and text.
const PAD: i32 = 10;

/// How wide a sign is, with the space behind it.
const SIGN: i32 = 16;

/// How wide the box of something in one lane may be.
const BOX: i32 = 330;

/// Draws all events from `canvas.y` on.
pub(crate) fn draw(canvas: &mut Canvas, events: &[Event]) -> Rows {
    let tubes = find_tubes(events);
    let mut spans = Vec::with_capacity(events.len());
    let mut last_time = String::new();
    for (at, event) in events.iter().enumerate() {
        let top = canvas.y;
        if let Some(tube) = tubes.iter().find(|tube| tube.first == at) {
            mouth(canvas, *tube);
        }
        let time = moment(event.at_ns);
        if time != last_time {
            canvas.text_before("says", (TIMES, canvas.y + 14), &time);
        }
        last_time = time;
        match (between(event), event.tone) {
            (Some(lanes), _) => arrow(canvas, event, lanes),
            (None, Tone::Note) => band(canvas, event),
            (None, _) => note(canvas, event),
        }
        spans.push((top, canvas.y));
    }
    Rows { tubes, spans }
}

/// The first line of a tube.
fn mouth(canvas: &mut Canvas, tube: Tube) {
    let x = lane_x(tube.between.0) + PAD;
    lock(canvas, (x, canvas.y + 5));
    let said = lines("inside TLS: only its two ends can read it", lane_x(tube.between.1) - x - SIGN - PAD);
    for line in said {
        canvas.text("tube-text", (x + SIGN, canvas.y + 14), &line);
        canvas.y += LINE;
    }
    canvas.y += 4;
}

/// An arrow with its label above it.
fn arrow(canvas: &mut Canvas, event: &Event, (left, right): (Lane, Lane)) {
    let (left, right) = (lane_x(left), lane_x(right));
    let size = event.bytes.map(bytes_text).unwrap_or_default();
    let signs = SIGN * (i32::from(event.encrypted) + i32::from(has_sign(event.tone)));
    let room = right - left - 2 * PAD;
    let names = name_lines(&event.name, room - signs - width(&size) - PAD);
    let mut says = lines(&event.says, room);
    if event.lost {
        says.extend(lines("It did not arrive.", room));
    }
    let top = canvas.y;
    let height = LINE * i32::try_from(names.len().max(1) + says.len()).unwrap_or(1);
    if passes(event) {
        // Lifelines that the arrow passes over stay out of its text.
        let veil = if event.encrypted { "tube-veil" } else { "veil" };
        canvas.rectangle(veil, (left + 4, top + 2), (right - left - 8, height));
    }
    canvas.text_before("says", (right - PAD, top + 14), &size);
    let x = signed(canvas, event, (left + PAD, top + 4));
    let mut y = texts(canvas, "name", (x, top + 14), &names);
    y = texts(canvas, "says", (left + PAD, y.max(top + 14 + LINE)), &says);
    canvas.y = y + 4;
    let (from, to) =
        if target(event).is_some_and(|to| to > event.lane) { (left, right) } else { (right, left) };
    shaft(canvas, event, (from, to));
    canvas.y += 12;
}

/// Whether an arrow goes over a lane to the next but one.
fn passes(event: &Event) -> bool {
    between(event).is_some_and(|(left, right)| Lane::ALL.iter().any(|lane| left < *lane && *lane < right))
}

/// The line of an arrow at `canvas.y` and its tip; a lost one ends half-way in a cross.
fn shaft(canvas: &mut Canvas, event: &Event, (from, to): (i32, i32)) {
    let y = canvas.y - 6;
    let ahead = if to > from { 1 } else { -1 };
    if event.lost {
        let half = (from + to) / 2;
        canvas.path("lost", &format!("M{from},{y}H{half}"));
        canvas.path("bad", &format!("M{},{}l10,10m0,-10l-10,10", half - 5, y - 5));
        return;
    }
    let (line, tip) = if event.tone == Tone::Bad { ("bad", "bad-tip") } else { ("arrow", "tip") };
    canvas.path(line, &format!("M{from},{y}H{}", to - 8 * ahead));
    canvas.path(tip, &format!("M{to},{y}l{},-5v10z", -10 * ahead));
}

/// Something in one lane: a box on its lifeline.
fn note(canvas: &mut Canvas, event: &Event) {
    let names = name_lines(&event.name, BOX - 2 * PAD - SIGN);
    let says = lines(&event.says, BOX - 2 * PAD);
    let signs = if has_sign(event.tone) { SIGN } else { 0 };
    let widest = names.iter().map(|line| name_width(line) + signs).chain(says.iter().map(|line| width(line)));
    let wide = widest.max().unwrap_or(0) + 2 * PAD;
    let high = LINE * i32::try_from(names.len().max(1) + says.len()).unwrap_or(1) + 8;
    let x = (lane_x(event.lane) - wide / 2).clamp(TIMES + PAD, (WIDTH - MARGIN - wide).max(TIMES + PAD));
    let class = match event.tone {
        Tone::Good => "good-box",
        Tone::Bad => "bad-box",
        Tone::Plain | Tone::Note => "box",
    };
    let top = canvas.y;
    canvas.rectangle(class, (x, top), (wide, high));
    let behind = signed(canvas, event, (x + PAD, top + 5));
    let y = texts(canvas, "name", (behind, top + 15), &names);
    texts(canvas, "says", (x + PAD, y.max(top + 15 + LINE)), &says);
    canvas.y = top + high + 8;
}

/// Something that a reader should know at this point: a band across all lanes.
fn band(canvas: &mut Canvas, event: &Event) {
    let (left, right) = (TIMES + PAD, WIDTH - MARGIN + 8);
    let names = name_lines(&event.name, right - left - 2 * PAD);
    let says = lines(&event.says, right - left - 2 * PAD);
    let high = LINE * i32::try_from(names.len() + says.len()).unwrap_or(1) + 8;
    let top = canvas.y;
    canvas.rectangle("band", (left, top), (right - left, high));
    let mut y = top + 15;
    let all = names.iter().map(|line| ("name", line)).chain(says.iter().map(|line| ("", line)));
    for (class, line) in all {
        canvas.text_around(class, ((left + right) / 2, y), line);
        y += LINE;
    }
    canvas.y = top + high + 8;
}

fn texts(canvas: &mut Canvas, class: &str, (x, mut y): Point, lines: &[String]) -> i32 {
    for line in lines {
        canvas.text(class, (x, y), line);
        y += LINE;
    }
    y
}

fn has_sign(tone: Tone) -> bool {
    matches!(tone, Tone::Good | Tone::Bad)
}

/// Draws the lock and the tick or the cross of an event, from their upper left corner, and says where its name begins.
fn signed(canvas: &mut Canvas, event: &Event, (mut x, y): Point) -> i32 {
    if event.encrypted {
        lock(canvas, (x, y));
        x += SIGN;
    }
    match event.tone {
        Tone::Good => canvas.path("good", &format!("M{},{}l3,4l6,-8", x, y + 6)),
        Tone::Bad => canvas.path("bad", &format!("M{},{}l8,8m0,-8l-8,8", x, y + 1)),
        Tone::Plain | Tone::Note => return x,
    }
    x + SIGN
}

fn lock(canvas: &mut Canvas, (x, y): Point) {
    canvas.path("lock", &format!("M{x},{}h10v6h-10z", y + 5));
    canvas.path("shackle", &format!("M{},{}v-2a3,3 0 0 1 6,0v2", x + 2, y + 5));
}
