//! `trace --bytes`: every message of one connection taken apart, as an illustrated TLS of just this connection.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

use crate::cli::trace::words::{moment, role, target};
use crate::cli::wrap::{columns, harmless, wrapped};
use crate::glass::{Detail, Event, Part, Sequence};

/// The longest line.
const WIDTH: usize = 110;

/// How many bytes of a part are written out.
const SHOWN: usize = 16;

/// How many of them stand in one line.
const PER_LINE: usize = 8;

/// How wide an offset and a line of bytes are, with the spaces between them.
const LEFT: usize = 5 + PER_LINE * 3 - 1;

/// Where the names begin: three columns stand before and three behind the bytes.
const NAMES: usize = 3 + LEFT + 3;

/// Instead of messages.
const NOTHING: &str = "There is no message to take apart: nothing was kept of its bytes, or it had no TLS.";

/// How to read the tables.
const LEGEND: &str = "Offsets are hexadecimal and count from the beginning of each message; what was encrypted is shown decrypted. A part that is indented stands within the part above it. What a part is for is told where it is first met.";

/// The messages one after the other, then what somebody on the network sees of them all.
pub fn render(sequence: &Sequence) -> String {
    let mut text = String::new();
    let title = format!("#{} {} → {}, byte by byte", sequence.id, sequence.source, sequence.destination);
    hang(&mut text, "", &title, 2);
    hang(&mut text, "", if sequence.details.is_empty() { NOTHING } else { LEGEND }, 0);
    let mut told = BTreeSet::new();
    for (at, detail) in sequence.details.iter().enumerate() {
        text.push('\n');
        message(&mut text, at, detail, event(sequence, at));
        table(&mut text, detail, &mut told);
    }
    eavesdropper(&mut text, sequence);
    text
}

/// What parts are for, as far as it was told: each only once, where it is first met.
type Told<'a> = BTreeSet<(&'a str, &'a str)>;

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
    let secrecy = if detail.encrypted { "encrypted" } else { "in the clear" };
    let when =
        event.filter(|event| event.detail == Some(at)).map(|event| format!("+{}", moment(event.at_ns)));
    let size = if detail.length == 1 { "1 byte".to_owned() } else { format!("{} bytes", detail.length) };
    let facts = [Some(way), Some(size), Some(secrecy.to_owned()), when];
    let facts = facts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    heading(text, &format!("{}. {}", at + 1, detail.name), &facts);
    hang(text, "   ", &format!("on the wire: {}", detail.eavesdropped), 13);
    text.push('\n');
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

fn table<'a>(text: &mut String, detail: &'a Detail, told: &mut Told<'a>) {
    let mut reached = 0;
    let mut above: Option<&Part> = None;
    for part in &detail.parts {
        if part.start > reached {
            nobodys(text, detail, reached..part.start);
        }
        reached = reached.max(part.end);
        let is_new = told.insert((&part.name, &part.meaning));
        // What was packed has no place of its own in the bytes.
        let is_packed =
            above.is_some_and(|it| it.depth < part.depth && (it.start, it.end) == (part.start, part.end));
        if !is_packed {
            above = Some(part);
        }
        let left = if is_packed { Vec::new() } else { hex(detail, part.start..part.end) };
        let said = format!("{}: {}", part.name, part.value);
        row(text, &left, part.depth, (&said, if is_new { &part.meaning } else { "" }));
    }
    if reached < detail.length {
        nobodys(text, detail, reached..detail.length);
    }
}

/// Bytes that belong to no part.
fn nobodys(text: &mut String, detail: &Detail, range: Range<usize>) {
    let said = match range.len() {
        1 => "(1 byte that belongs to no part)".to_owned(),
        count => format!("({count} bytes that belong to no part)"),
    };
    row(text, &hex(detail, range), 0, (&said, ""));
}

/// A part: where it is and its bytes at the left; what it is called and says, and what it is for, at the right.
fn row(text: &mut String, left: &[String], depth: u8, (said, meaning): (&str, &str)) {
    let indent = usize::from(depth).min(8) * 2;
    let room = WIDTH - NAMES - indent;
    let mut right = hanging(said, room, 4);
    let lead = |place: usize| if place == 0 { "  — " } else { "    " };
    let meaning = wrapped(meaning, room - 4).into_iter().enumerate();
    right.extend(meaning.map(|(place, line)| format!("{}{line}", lead(place))));
    for place in 0..left.len().max(right.len()) {
        let bytes = left.get(place).map_or("", String::as_str);
        let said = right.get(place).map_or("", String::as_str);
        let line = format!("   {bytes:<LEFT$}   {:indent$}{said}", "");
        let _infallible = writeln!(text, "{}", line.trim_end());
    }
}

/// The first bytes of a range, line by line, behind where they begin.
fn hex(detail: &Detail, range: Range<usize>) -> Vec<String> {
    let digits = detail.hex.get(range.start.saturating_mul(2)..).unwrap_or_default();
    let digits: Vec<char> = digits.chars().take(range.len().min(SHOWN) * 2).collect();
    let bytes: Vec<String> = digits.chunks(2).map(|byte| byte.iter().collect()).collect();
    let mut lines: Vec<String> = bytes.chunks(PER_LINE).map(|line| line.join(" ")).collect();
    if range.is_empty() {
        lines.push("(no byte)".to_owned());
    } else if lines.is_empty() {
        lines.push("(not kept)".to_owned());
    } else if range.len() > SHOWN {
        lines.push("…".to_owned());
    }
    let offset = |place: usize| if place == 0 { format!("{:04x}", range.start) } else { String::new() };
    let lines = lines.iter().enumerate();
    lines.map(|(place, line)| format!("{:<5}{}", offset(place), harmless(line))).collect()
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
