//! `trace --bytes`: every message of one connection taken apart, as an illustrated TLS of just this connection.

use std::fmt::Write as _;

use crate::cli::trace::words::{columns, harmless, moment, role, target, wrapped};
use crate::glass::{Detail, Event, Part, Sequence};

/// The longest line.
const WIDTH: usize = 110;

/// How many bytes of a part are written out.
const SHOWN: usize = 16;

/// How many of them stand in one line.
const PER_LINE: usize = 8;

/// How wide they are, with the spaces between them.
const HEX: usize = PER_LINE * 3 - 1;

/// Where the names begin: indent, offset and bytes stand before them.
const NAMES: usize = 3 + 5 + HEX + 3;

/// The messages one after the other, then what somebody on the network sees of them all.
pub fn render(sequence: &Sequence) -> String {
    let mut text = String::new();
    let title = format!("#{} {} → {}, byte by byte", sequence.id, sequence.source, sequence.destination);
    hang(&mut text, "", &title, 2);
    if sequence.details.is_empty() {
        hang(&mut text, "", "There is no message to take apart: nothing was kept of its bytes, or it had no TLS.", 0);
    } else {
        let legend = "Offsets count from the beginning of each message; encrypted ones are shown decrypted. A part that is indented stands within the part above it.";
        hang(&mut text, "", legend, 0);
    }
    for (at, detail) in sequence.details.iter().enumerate() {
        text.push('\n');
        message(&mut text, at, detail, event(sequence, at));
    }
    eavesdropper(&mut text, sequence);
    text
}

/// The event that a detail belongs to: its own, or that of the run that it is in.
fn event(sequence: &Sequence, at: usize) -> Option<&Event> {
    let before = sequence.events.iter().filter(|event| event.detail.is_some_and(|detail| detail <= at));
    before.max_by_key(|event| event.detail)
}

fn message(text: &mut String, at: usize, detail: &Detail, event: Option<&Event>) {
    let way = event.and_then(|event| Some((event.lane, target(event)?)));
    let way = way.map_or_else(
        || if detail.from == "client" { "client → server" } else { "server → client" }.to_owned(),
        |(from, to)| format!("{} → {}", role(from), role(to)),
    );
    let secrecy = event.map(|event| if event.encrypted { "encrypted" } else { "in the clear" });
    let when = event.filter(|event| event.detail == Some(at)).map(|event| format!("+{}", moment(event.at_ns)));
    let size = if detail.length == 1 { "1 byte".to_owned() } else { format!("{} bytes", detail.length) };
    let facts = [Some(way), Some(size), secrecy.map(str::to_owned), when];
    let facts = facts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    heading(text, &format!("{}. {}", at + 1, detail.name), &facts);
    hang(text, "   ", &format!("on the wire: {}", detail.eavesdropped), 13);
    text.push('\n');
    table(text, detail);
}

/// A line of its own kind: the name, a rule, the facts; what does not fit stands under it.
fn heading(text: &mut String, name: &str, facts: &str) {
    let (name, facts) = (harmless(name), harmless(facts));
    let taken = columns(&name) + columns(&facts) + 6;
    if taken + 3 <= WIDTH {
        let line = format!("── {name} {} {facts}", "─".repeat(WIDTH - taken + 1));
        let _infallible = writeln!(text, "{}", line.trim_end());
        return;
    }
    hang(text, "── ", &name, 3);
    hang(text, "   ", &facts, 0);
}

fn table(text: &mut String, detail: &Detail) {
    let mut reached = 0;
    for part in &detail.parts {
        if part.depth == 0 && part.start > reached {
            nobodys(text, detail, reached, part.start);
        }
        reached = reached.max(part.end);
        row(text, detail, part);
    }
    if reached < detail.length {
        nobodys(text, detail, reached, detail.length);
    }
}

/// Bytes that belong to no part.
fn nobodys(text: &mut String, detail: &Detail, start: usize, end: usize) {
    let meaning = "These bytes belong to no part that is known here.".to_owned();
    let value = match end - start {
        1 => "1 byte".to_owned(),
        count => format!("{count} bytes"),
    };
    let name = "(no part)".to_owned();
    row(text, detail, &Part { name, start, end, depth: 0, value, meaning });
}

/// A part: where it is and its bytes at the left; what it is called, says and means at the right.
fn row(text: &mut String, detail: &Detail, part: &Part) {
    let left = hex(detail, part);
    let indent = usize::from(part.depth).min(8) * 2;
    let room = WIDTH - NAMES - indent;
    let mut right = hanging(&format!("{}: {}", part.name, part.value), room, 4);
    right.extend(wrapped(&part.meaning, room - 4).into_iter().enumerate().map(|(place, line)| {
        format!("{}{line}", if place == 0 { "  — " } else { "    " })
    }));
    for place in 0..left.len().max(right.len()) {
        let offset = if place == 0 { format!("{:04x}", part.start) } else { String::new() };
        let bytes = left.get(place).map_or("", String::as_str);
        let said = right.get(place).map_or("", String::as_str);
        let line = format!("   {offset:<5}{bytes:<HEX$}   {:indent$}{said}", "");
        let _infallible = writeln!(text, "{}", line.trim_end());
    }
}

/// The first bytes of a part, line by line.
fn hex(detail: &Detail, part: &Part) -> Vec<String> {
    if part.start >= part.end {
        return vec!["(no byte)".to_owned()];
    }
    let end = part.end.min(part.start.saturating_add(SHOWN));
    let digits = detail.hex.get(part.start.saturating_mul(2)..).unwrap_or_default();
    let digits: Vec<char> = digits.chars().take((end - part.start) * 2).collect();
    let bytes: Vec<String> = digits.chunks(2).map(|byte| byte.iter().collect()).collect();
    let mut lines: Vec<String> = bytes.chunks(PER_LINE).map(|line| line.join(" ")).collect();
    match lines.last_mut() {
        None => lines.push("(not kept)".to_owned()),
        // A whole line has no room for the dots.
        Some(_) if end < part.end => lines.push("…".to_owned()),
        Some(_) => {}
    }
    lines.iter().map(|line| harmless(line).chars().take(HEX).collect()).collect()
}

fn eavesdropper(text: &mut String, sequence: &Sequence) {
    let seen = &sequence.eavesdropper;
    for (title, lines) in [
        ("What somebody on the network sees", &seen.sees),
        ("What somebody on the network does not see", &seen.does_not_see),
    ] {
        if lines.is_empty() {
            continue;
        }
        text.push('\n');
        heading(text, title, "");
        for line in lines {
            hang(text, "   • ", line, 0);
        }
    }
}

/// Writes `said` behind `lead`; lines after the first stand under where it began, `more` columns further in.
fn hang(text: &mut String, lead: &str, said: &str, more: usize) {
    let lead_width = columns(lead);
    let lines = hanging(said, WIDTH - lead_width, more);
    for (place, line) in lines.iter().enumerate() {
        let blank = " ".repeat(lead_width);
        let _infallible = writeln!(text, "{}{line}", if place == 0 { lead } else { &blank });
    }
}

/// Lines of at most `width`, those after the first `more` columns further in.
fn hanging(said: &str, width: usize, more: usize) -> Vec<String> {
    let narrow = wrapped(said, width - more);
    let all = wrapped(said, width);
    if all.len() < 2 {
        return all;
    }
    let Some(first) = narrow.first().cloned() else { return all };
    let rest = narrow.into_iter().skip(1).map(|line| format!("{:more$}{line}", ""));
    std::iter::once(first).chain(rest).collect()
}
