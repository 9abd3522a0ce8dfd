//! What the drawings of a trace share: times, who stands where, an event as a sentence.

use crate::cli::units::bytes_text;
use crate::cli::wrap::harmless;
use crate::glass::{Event, Lane, Sequence, Tone};

/// `0.36 ms`, `12.30 ms`, `1.20 s`: two digits, so that times under each other can be compared.
pub(crate) fn moment(nanoseconds: u64) -> String {
    const SECOND: u64 = 1_000_000_000;
    let (hundredth, unit) = match nanoseconds {
        0..SECOND => (10_000, "ms"),
        // The longest that a connection of a lab lives; beyond that nobody counts seconds.
        SECOND..1_000_000_000_000 => (SECOND / 100, "s"),
        _ => (36 * SECOND, "h"),
    };
    let hundredths = nanoseconds / hundredth;
    format!("{}.{:02} {unit}", hundredths / 100, hundredths % 100)
}

/// Who stands in a lane.
pub(crate) fn name(sequence: &Sequence, lane: Lane) -> &str {
    let found = sequence.lanes.iter().find(|stander| stander.lane == lane);
    found.map_or_else(|| role(lane), |stander| stander.name.as_str())
}

/// Whether the side of a lane was seen by this mesh's own proxies.
pub(crate) fn is_seen(sequence: &Sequence, lane: Lane) -> bool {
    sequence.lanes.iter().find(|stander| stander.lane == lane).is_none_or(|stander| stander.is_seen)
}

/// What a lane is, whoever stands in it.
pub(crate) fn role(lane: Lane) -> &'static str {
    match lane {
        Lane::App => "client",
        Lane::Source => "source proxy",
        Lane::Destination => "destination proxy",
        Lane::Backend => "server",
    }
}

/// The other end of an arrow; `None` for what happens in one lane.
pub(crate) fn target(event: &Event) -> Option<Lane> {
    event.to.filter(|to| *to != event.lane)
}

/// A tone as a sign that needs no colour, with a space behind it.
pub(crate) fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "✓ ",
        Tone::Bad => "✗ ",
        Tone::Plain | Tone::Note => "",
    }
}

/// The whole event as one sentence, for who cannot see the drawing.
pub(crate) fn spoken(event: &Event) -> String {
    let place = match target(event) {
        Some(to) => format!("{} to {}", role(event.lane), role(to)),
        None => role(event.lane).to_owned(),
    };
    let tone = match event.tone {
        Tone::Good => "good: ",
        Tone::Bad => "failed: ",
        Tone::Plain | Tone::Note => "",
    };
    let mut spoken = format!("{}, {place}: {tone}{}", moment(event.at_ns), event.name);
    if event.encrypted {
        spoken.push_str(", encrypted");
    }
    if let Some(bytes) = event.bytes {
        spoken.push_str(&format!(", {}", bytes_text(bytes)));
    }
    if event.lost {
        spoken.push_str(", did not arrive");
    }
    if !event.says.is_empty() {
        spoken.push_str(&format!(": {}", event.says));
    }
    harmless(&spoken).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_two_digits() {
        let check = |nanoseconds, expect: &str| assert_eq!(moment(nanoseconds), expect);
        check(0, "0.00 ms");
        check(1_314_999, "1.31 ms");
        check(999_999_999, "999.99 ms");
        check(1_000_000_000, "1.00 s");
        check(61_230_000_000, "61.23 s");
        check(5_400_000_000_000, "1.50 h");
        check(u64::MAX, "5124095.57 h");
    }
}
