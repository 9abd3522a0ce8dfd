//! The head of the drawing: what connection it is, how it ended, what the TLS agreed on, and who stands in the lanes.

use crate::cli::trace::svg::canvas::{Canvas, LINE, MARGIN, WIDTH, lane_x, lines, name_lines};
use crate::cli::trace::words::{is_seen, moment, name, role};
use crate::glass::{Handshake, Lane, Sequence};

/// How wide the box of a lane is.
const BOX: i32 = 164;

/// The size of the title, in tenths of that of a name.
const TITLE_TENTHS: i32 = 15;

/// Draws the title and what is to be known first.
pub(crate) fn title(canvas: &mut Canvas, sequence: &Sequence) {
    let room = WIDTH - 2 * MARGIN;
    let title = format!("#{}  {} → {}", sequence.id, sequence.source, sequence.destination);
    for line in name_lines(&title, room * 10 / TITLE_TENTHS) {
        canvas.text("title", (MARGIN, canvas.y + 14), &line);
        canvas.y += 24;
    }
    verdict(canvas, sequence);
    if let Some(handshake) = &sequence.handshake {
        paragraph(canvas, &agreed(handshake));
    }
    canvas.y += 8;
}

/// The verdict in its colour and its words, then why.
fn verdict(canvas: &mut Canvas, sequence: &Sequence) {
    let is_good = sequence.verdict == "allow";
    let verdict = sequence.verdict.to_uppercase();
    let class = if is_good { "name good-text" } else { "name bad-text" };
    let sign = if is_good { "✓" } else { "✗" };
    for line in name_lines(&format!("{sign} {verdict}"), WIDTH - 2 * MARGIN) {
        canvas.text(class, (MARGIN, canvas.y + 10), &line);
        canvas.y += LINE + 1;
    }
    let wire = sequence.wire.as_deref().unwrap_or("no wire yet");
    let reused = match sequence.reused_tunnel {
        Some(true) => " through a tunnel that was there already",
        Some(false) => " through a new tunnel",
        None => "",
    };
    let mut facts = vec![format!("{wire}{reused}"), format!("took {}", moment(sequence.took_ns))];
    if sequence.flag != "-" && !sequence.flag.is_empty() {
        facts.push(sequence.flag.clone());
    }
    facts.extend(sequence.code.clone());
    paragraph(canvas, &facts.join(" · "));
    paragraph(canvas, &sequence.why);
}

fn agreed(handshake: &Handshake) -> String {
    let mut facts: Vec<String> =
        [&handshake.version, &handshake.suite, &handshake.group].into_iter().flatten().cloned().collect();
    facts.push(or_none("ALPN", handshake.alpn.as_deref()));
    facts.push(or_none("SNI", handshake.server_name.as_deref()));
    if handshake.was_retried {
        facts.push("after a HelloRetryRequest".to_owned());
    }
    facts.join(" · ")
}

fn or_none(what: &str, said: Option<&str>) -> String {
    said.map_or_else(|| format!("no {what}"), |said| format!("{what} {said}"))
}

fn paragraph(canvas: &mut Canvas, text: &str) {
    for line in lines(text, WIDTH - 2 * MARGIN) {
        canvas.text("says", (MARGIN, canvas.y + 10), &line);
        canvas.y += LINE;
    }
}

/// Draws the boxes of the lanes, and says where the lifelines begin.
pub(crate) fn lanes(canvas: &mut Canvas, sequence: &Sequence) -> i32 {
    let top = canvas.y;
    let heads: Vec<Head> = Lane::ALL.into_iter().map(|lane| Head::new(sequence, lane)).collect();
    let height = heads.iter().map(Head::height).max().unwrap_or(0);
    for head in heads {
        head.draw(canvas, top, height);
    }
    canvas.y = top + height + 10;
    top + height
}

struct Head {
    x: i32,
    class: &'static str,
    names: Vec<String>,
    about: Vec<String>,
}

impl Head {
    fn new(sequence: &Sequence, lane: Lane) -> Self {
        let whose = match lane {
            Lane::Source => format!(" of {}", name(sequence, Lane::App)),
            Lane::Destination => format!(" of {}", name(sequence, Lane::Backend)),
            Lane::App | Lane::Backend => String::new(),
        };
        let mut about = lines(&format!("{}{whose}", role(lane)), BOX - 12);
        let is_seen = is_seen(sequence, lane);
        if !is_seen {
            about.push("(not seen)".to_owned());
        }
        Self {
            x: lane_x(lane),
            class: if is_seen { "head" } else { "unseen" },
            names: name_lines(name(sequence, lane), BOX - 12),
            about,
        }
    }

    fn height(&self) -> i32 {
        let lines = self.names.len() + self.about.len();
        i32::try_from(lines).unwrap_or(1) * LINE + 12
    }

    fn draw(&self, canvas: &mut Canvas, top: i32, height: i32) {
        canvas.rectangle(self.class, (self.x - BOX / 2, top), (BOX, height));
        // Short heads stand in the middle of their boxes.
        let mut y = top + (height - self.height()) / 2 + 17;
        let all = self.names.iter().map(|line| ("name", line));
        for (class, line) in all.chain(self.about.iter().map(|line| ("says", line))) {
            canvas.text_around(class, (self.x, y), line);
            y += LINE;
        }
    }
}
