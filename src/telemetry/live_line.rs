//! The tail of `up`: one aligned line per connection, as it ends.
//!
//! Columns have fixed widths, because a stream cannot be measured in advance; what is longer pushes its line, and
//! nothing is ever cut.

use time::OffsetDateTime;

use crate::telemetry::outcome::{Verdict, Wire};
use crate::telemetry::record::Record;
use crate::telemetry::text::calm;
use crate::telemetry::view;

/// How the line may look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether escape codes colour it.
    pub colour: bool,
    /// Whether a lock stands before the wire.
    pub unicode: bool,
}

const GREEN: &str = "32";
const RED: &str = "31";
const YELLOW: &str = "33";
const DIM: &str = "2";

/// The names of the columns.
pub fn header(look: Look) -> String {
    let wire = if look.unicode { "WIRE   " } else { "WIRE " };
    columns(["TIME", "ID", "SOURCE", "DESTINATION"], wire, ["VERDICT", "FLAG", "TOOK"], "WHY")
}

/// One finished connection; the time is UTC, as in the access log.
pub fn line(record: &Record, look: Look) -> String {
    let (hour, minute, second) = OffsetDateTime::from(record.started()).to_hms();
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    let id = format!("#{}", record.id);
    let (source, destination) = (view::source(record), view::destination(record));
    let wire = wire(record, look);
    let took = view::duration(record.took());
    let verdict = format!("{:<7}", record.verdict().name());
    let verdict = painted(&verdict, colour(record.verdict()), look);
    let why = why(record, look);
    columns([&time, &id, &source, &destination], &wire, [&verdict, record.flag().name(), &took], &why)
}

fn columns(who: [&str; 4], wire: &str, how: [&str; 3], why: &str) -> String {
    let [time, id, source, destination] = who;
    let [verdict, flag, took] = how;
    format!(
        "{time:<8}  {id:<5} {source:<22} {destination:<24} {wire} {verdict:<7} {flag:<11} {took:>7}  {why}"
    )
}

/// The wire, with a lock where the mesh encrypted it and ✗ where nothing was delivered.
fn wire(record: &Record, look: Look) -> String {
    let name = record.wire().map_or("-", Wire::name);
    if !look.unicode {
        return format!("{name:<5}");
    }
    let glyph = match (record.verdict(), record.wire()) {
        (Verdict::Fail, _) => "✗ ",
        (_, Some(Wire::Hbone | Wire::Mtls)) => "🔒",
        (_, Some(Wire::Tls | Wire::Raw)) => "🔓",
        (_, None) => "  ",
    };
    format!("{glyph}{name:<5}")
}

/// The reason; a failure also says where there is more.
fn why(record: &Record, look: Look) -> String {
    let why = record.why();
    let why = calm(&why);
    match record.verdict() {
        Verdict::Deny | Verdict::Fail => {
            let more = format!("→ glasstunnel explain '#{}'", record.id);
            format!("{why} {}", painted(&more, DIM, look))
        }
        Verdict::Allow => why.into_owned(),
    }
}

fn colour(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => GREEN,
        Verdict::Deny => RED,
        Verdict::Fail => YELLOW,
    }
}

fn painted(text: &str, colour: &str, look: Look) -> String {
    if look.colour { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
}
