//! A sequence for a terminal: four lifelines on the left, what happened on the right.
//!
//! ```text
//!       ms   app      source   dest     backend
//!    0.021   ├───────▶│        │        │        SOCKS5: wants customers:80
//!    0.214   │        ╞═══════▶│        │        {Certificate}: 486 B · spiffe://…
//! ```

use anstyle::{AnsiColor, Style};

use crate::cli::wrap::wrapped;
use crate::glass::{Eavesdropper, Event, Handshake, Lane, Sequence, Tone};

/// From one lifeline to the next.
const STEP: usize = 9;

/// The columns of the time, and of the lifelines.
const TIME: usize = 9;
const GRAPH: usize = 3 * STEP + 1;

/// Where what happened begins.
const INDENT: usize = TIME + 3 + GRAPH + 2;

/// The narrowest text that is worth wrapping.
const NARROWEST: usize = 40;

/// Draws it for a terminal that is `width` columns wide.
pub fn render(sequence: &Sequence, width: usize) -> String {
    let mut text = headline(sequence);
    text.push_str(&lanes(sequence));
    text.push('\n');
    text.push_str(&header());
    let room = width.saturating_sub(INDENT).max(NARROWEST);
    for event in &sequence.events {
        text.push_str(&drawn(event, room));
    }
    text.push('\n');
    text.push_str(&afterword(sequence, width));
    text
}

/// `#1  curl-client → customers:80   ALLOW   flag -   wire hbone   1.9 ms`.
fn headline(sequence: &Sequence) -> String {
    let tunnel = match sequence.reused_tunnel {
        Some(true) => "   a tunnel that was there",
        Some(false) => "   a tunnel of its own",
        None => "",
    };
    format!(
        "#{}  {} → {}   {}   flag {}   wire {}   {} ms{tunnel}\n",
        sequence.id,
        sequence.source,
        sequence.destination,
        sequence.verdict.to_ascii_uppercase(),
        sequence.flag,
        sequence.wire.as_deref().unwrap_or("-"),
        millis(sequence.took_ns),
    )
}

/// Who stands in the lanes, and what the lines mean.
fn lanes(sequence: &Sequence) -> String {
    let who: Vec<String> = sequence
        .lanes
        .iter()
        .map(|stander| {
            let unseen = if stander.is_seen { "" } else { " (not ours)" };
            format!("{}: {}{unseen}", word(stander.lane), stander.name)
        })
        .collect();
    format!(
        "    {}\n    ═ encrypted   ─ in the clear   ╳ never arrived   {{}} decrypted here\n",
        who.join(" · ")
    )
}

fn header() -> String {
    let words: String = Lane::ALL.iter().map(|lane| format!("{:<STEP$}", word(*lane))).collect();
    format!("{:>TIME$}   {}\n", "ms", words.trim_end())
}

fn word(lane: Lane) -> &'static str {
    match lane {
        Lane::App => "app",
        Lane::Source => "source",
        Lane::Destination => "dest",
        Lane::Backend => "backend",
    }
}

fn column(lane: Lane) -> usize {
    match lane {
        Lane::App => 0,
        Lane::Source => STEP,
        Lane::Destination => 2 * STEP,
        Lane::Backend => 3 * STEP,
    }
}

/// One event: its first line with the arrow, then as many as its words need.
fn drawn(event: &Event, room: usize) -> String {
    let (name, rest) = said(event);
    let lines = wrapped(&format!("{name} {rest}"), room);
    let mut drawn = String::new();
    for (number, line) in lines.iter().enumerate() {
        let (time, graph) = match number {
            0 => (millis(event.at_ns), arrow(event)),
            _ => (String::new(), lifelines()),
        };
        let graph: String = graph.into_iter().collect();
        let line = match line.strip_prefix(&name).filter(|_| number == 0) {
            Some(rest) => {
                let style = style(event.tone);
                format!("{style}{name}{style:#}{rest}")
            }
            None => line.clone(),
        };
        drawn.push_str(format!("{time:>TIME$}   {graph}  {line}").trim_end());
        drawn.push('\n');
    }
    drawn
}

fn lifelines() -> [char; GRAPH] {
    let mut graph = [' '; GRAPH];
    for lane in Lane::ALL {
        graph[column(lane)] = '│';
    }
    graph
}

fn arrow(event: &Event) -> [char; GRAPH] {
    let mut graph = lifelines();
    let from = column(event.lane);
    let Some(to) = event.to.map(column).filter(|to| *to != from) else {
        graph[from] = mark(event.tone);
        return graph;
    };
    let (left, right) = (from.min(to), from.max(to));
    let (line, begins) = match (event.encrypted, from == left) {
        (true, true) => ('═', '╞'),
        (true, false) => ('═', '╡'),
        (false, true) => ('─', '├'),
        (false, false) => ('─', '┤'),
    };
    graph[left + 1..right].fill(line);
    graph[from] = begins;
    let (head, tip) = if from == left { (right - 1, '▶') } else { (left + 1, '◀') };
    graph[head] = if event.lost { '╳' } else { tip };
    graph
}

fn mark(tone: Tone) -> char {
    match tone {
        Tone::Plain => '●',
        Tone::Good => '✓',
        Tone::Bad => '✗',
        Tone::Note => '○',
    }
}

/// How a name is written: what failed and what is good, also in colour.
fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new().bold(),
        Tone::Good => AnsiColor::Green.on_default().bold(),
        Tone::Bad => AnsiColor::Red.on_default().bold(),
        Tone::Note => AnsiColor::Yellow.on_default().bold(),
    }
}

/// `{Certificate}:`, and `812 B · spiffe://…`.
fn said(event: &Event) -> (String, String) {
    let mark = if event.tone == Tone::Bad && event.to.is_some() { "✗ " } else { "" };
    let name = if event.encrypted { format!("{{{}}}", event.name) } else { event.name.clone() };
    let bytes = event.bytes.map(|bytes| format!("{bytes} B"));
    let lost = event.lost.then(|| "never arrived".to_owned());
    let says = Some(event.says.clone()).filter(|says| !says.is_empty());
    let rest: Vec<String> = [bytes, lost, says].into_iter().flatten().collect();
    let colon = if rest.is_empty() { "" } else { ":" };
    (format!("{mark}{name}{colon}"), rest.join(" · "))
}

/// What adds up to more than one event.
fn afterword(sequence: &Sequence, width: usize) -> String {
    let mut rows: Vec<(&str, String)> = Vec::new();
    rows.push((
        "why",
        match &sequence.code {
            Some(code) => format!("{} ({code})", sequence.why),
            None => sequence.why.clone(),
        },
    ));
    rows.extend(sequence.handshake.as_ref().map(|handshake| ("tls", agreed(handshake))));
    if !sequence.phases.is_empty() {
        let phases =
            sequence.phases.iter().map(|phase| format!("{} {} ms", phase.name, millis(phase.took_ns)));
        rows.push(("took", phases.collect::<Vec<_>>().join(" · ")));
    }
    rows.extend(on_the_network(&sequence.eavesdropper));
    rows.extend(sequence.notes.iter().map(|note| ("note", note.clone())));
    rows.extend(sequence.next.iter().map(|next| ("next", next.clone())));
    let mut text = String::new();
    let mut last = "";
    for (label, says) in &rows {
        let label = if *label == last { "" } else { label };
        for (number, line) in wrapped(says, width.saturating_sub(14).max(NARROWEST)).iter().enumerate() {
            let label = if number == 0 { label } else { "" };
            text.push_str(format!("  {label:<10}  {line}").trim_end());
            text.push('\n');
        }
        last = if label.is_empty() { last } else { label };
    }
    text
}

fn agreed(handshake: &Handshake) -> String {
    let offered = || format!("ALPN none of {}", handshake.alpn_offered.join(", "));
    let alpn = match (&handshake.alpn, handshake.alpn_offered.is_empty()) {
        (Some(alpn), _) => format!("ALPN {alpn}"),
        (None, true) => "no ALPN".to_owned(),
        (None, false) => offered(),
    };
    let name =
        handshake.server_name.as_ref().map_or_else(|| "no SNI".to_owned(), |name| format!("SNI {name}"));
    let words =
        [handshake.version.clone(), handshake.suite.clone(), handshake.group.clone(), Some(alpn), Some(name)];
    words.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn on_the_network(eavesdropper: &Eavesdropper) -> Vec<(&'static str, String)> {
    let sees = eavesdropper.sees.iter().map(|sees| ("network", format!("sees {sees}")));
    let does_not =
        eavesdropper.does_not_see.iter().map(|hidden| ("network", format!("does not see {hidden}")));
    sees.chain(does_not).collect()
}

/// Nanoseconds as milliseconds.
fn millis(nanoseconds: u64) -> String {
    let micros = nanoseconds / 1_000;
    format!("{}.{:03}", micros / 1_000, micros % 1_000)
}
