//! A sequence as a Mermaid diagram, which GitHub, GitLab and most editors draw from its text.

use std::fmt::Write as _;

use crate::cli::trace::words::{is_seen, moment, name, role, sign, spoken, target};
use crate::cli::units::bytes_text;
use crate::cli::wrap::wrapped;
use crate::glass::{Event, Lane, Sequence, Tone};

/// How many columns a label has: Mermaid makes the lanes as far apart as the longest line needs.
const WIDTH: usize = 56;

/// Behind what ended here; half-transparent, so that it suits light and dark pages.
const BAD: &str = "rect rgba(218, 54, 51, 0.18)";

/// The text of a `sequenceDiagram`, to be put into a fence of the kind `mermaid`.
pub fn render(sequence: &Sequence) -> String {
    let title = format!("#{} {} → {}", sequence.id, sequence.source, sequence.destination);
    let verdict = format!("{title}: {}, {}", sequence.verdict, sequence.why);
    let events: Vec<String> = sequence.events.iter().map(spoken).collect();
    let mut text = "sequenceDiagram\n".to_owned();
    line(&mut text, 1, &format!("accTitle: {}", escaped(&title)));
    line(&mut text, 1, &format!("accDescr: {}", escaped(&events.join(" · "))));
    for lane in Lane::ALL {
        line(&mut text, 1, &participant(sequence, lane));
    }
    line(&mut text, 1, &across(&verdict));
    for run in sequence.events.chunk_by(|one, next| is_bad(one) == is_bad(next)) {
        let bad = run.first().is_some_and(is_bad);
        if bad {
            line(&mut text, 1, BAD);
        }
        for event in run {
            line(&mut text, 1 + usize::from(bad), &drawn(event));
        }
        if bad {
            line(&mut text, 1, "end");
        }
    }
    for note in &sequence.notes {
        line(&mut text, 1, &across(note));
    }
    text
}

fn line(text: &mut String, depth: usize, line: &str) {
    let indent = depth * 4;
    let _infallible = writeln!(text, "{:indent$}{}", "", line.trim_end());
}

fn is_bad(event: &Event) -> bool {
    event.tone == Tone::Bad
}

/// The letters that stand for the lanes in the text.
fn letter(lane: Lane) -> char {
    match lane {
        Lane::App => 'A',
        Lane::Source => 'S',
        Lane::Destination => 'D',
        Lane::Backend => 'B',
    }
}

fn participant(sequence: &Sequence, lane: Lane) -> String {
    let mut said = lines(name(sequence, lane), 28);
    if matches!(lane, Lane::Source | Lane::Destination) {
        said.push(escaped(role(lane)));
    }
    if !is_seen(sequence, lane) {
        said.push("(not seen)".to_owned());
    }
    format!("participant {} as {}", letter(lane), said.join("<br/>"))
}

fn across(text: &str) -> String {
    format!("Note over A,B: {}", lines(text, WIDTH * 2).join("<br/>"))
}

/// One event: an arrow, or a note over its lane.
fn drawn(event: &Event) -> String {
    let from = letter(event.lane);
    let text = label(event);
    match target(event) {
        Some(to) => format!("{from}{}{}: {text}", if event.lost { "-x" } else { "->>" }, letter(to)),
        None if event.tone == Tone::Note => format!("Note over A,B: {text}"),
        None => format!("Note over {from}: {text}"),
    }
}

fn label(event: &Event) -> String {
    let name = if event.encrypted { format!("{{{}}}", event.name) } else { event.name.clone() };
    let mut head = format!("+{} {}{name}", moment(event.at_ns), sign(event.tone));
    if let Some(bytes) = event.bytes {
        let _infallible = write!(head, " · {}", bytes_text(bytes));
    }
    if event.lost {
        head.push_str(" · did not arrive");
    }
    let mut lines = lines(&head, WIDTH);
    lines.extend(self::lines(&event.says, WIDTH));
    lines.join("<br/>")
}

fn lines(text: &str, width: usize) -> Vec<String> {
    wrapped(text, width).iter().map(|line| escaped(line)).collect()
}

/// Text in which nothing means anything to Mermaid, HTML or KaTeX: every sign that could is written as its code (`#59;`).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            _ if c.is_alphanumeric() => escaped.push(c),
            ' ' | '.' | ',' | ':' | '/' | '-' | '_' | '=' | '+' | '(' | ')' | '[' | ']' | '{' | '}' => {
                escaped.push(c);
            }
            '→' | '←' | '·' | '…' | '✓' | '✗' => escaped.push(c),
            _ => escaped.push_str(&format!("#{};", u32::from(c))),
        }
    }
    // Before it looks at codes, Mermaid takes the last `;` from lines that look like its style statements.
    escaped.replace("style", "#115;tyle").replace("classDef", "#99;lassDef")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_peer_is_syntax() {
        let check = |text: &str, expect: &str| assert_eq!(escaped(text), expect);
        check("spiffe://cluster.local/ns/default", "spiffe://cluster.local/ns/default");
        check("a;b#c<d>%%{init}%%", "a#59;b#35;c#60;d#62;#37;#37;{init}#37;#37;");
        check("\"$$x$$\" & `y`\\n", "#34;#36;#36;x#36;#36;#34; #38; #96;y#96;#92;n");
        check("style a:#fff; ﬂ°°59¶ß", "#115;tyle a:#35;fff#59; ﬂ#176;#176;59#182;ß");
    }
}
