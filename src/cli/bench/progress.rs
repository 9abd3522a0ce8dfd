//! How far a benchmark has come, on stderr: a line that moves on a terminal, a line for each part anywhere else.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use crate::cli::output::Output;

/// Columns of the bar.
const BAR: u32 = 24;
/// Back to the beginning of the line, and away with what stands there.
const AGAIN: &str = "\r\x1b[K";

/// How far it has come.
pub(crate) struct Progress<'a> {
    output: &'a mut Output,
    moves: bool,
    began: Instant,
    /// How long all of it will take.
    whole: Duration,
    says: String,
}

impl<'a> Progress<'a> {
    /// Of something of which nobody knows yet how long it takes.
    pub(crate) fn new(output: &'a mut Output) -> Self {
        let (moves, says) = (std::io::stderr().is_terminal(), "starting".to_owned());
        Self { output, moves, began: Instant::now(), whole: Duration::ZERO, says }
    }

    /// What is being done now: `part`, and within it `step`, which only a terminal is told.
    pub(crate) fn now(&mut self, part: &str, step: &str) {
        let said = self.says.split(" · ").next() == Some(part);
        if !self.moves && !said {
            self.output.talk(&format!("{part}\n"));
        }
        self.says = if step.is_empty() { part.to_owned() } else { format!("{part} · {step}") };
        self.draw();
    }

    /// Says something for good.
    pub(crate) fn talk(&mut self, text: &str) {
        if self.moves {
            self.output.talk(AGAIN);
        }
        self.output.talk(text);
        self.draw();
    }

    /// From now on it takes that much longer than was thought.
    pub(crate) fn longer(&mut self, by: Duration) {
        self.whole = self.whole.max(self.began.elapsed()) + by;
    }

    /// Draws it anew.
    pub(crate) fn draw(&mut self) {
        if self.moves {
            let line = line(self.began.elapsed(), self.whole, &self.says);
            self.output.talk(&format!("{AGAIN}{line}"));
        }
    }
}

impl Drop for Progress<'_> {
    /// Takes the line away, so that nothing stands behind it.
    fn drop(&mut self) {
        if self.moves {
            self.output.talk(AGAIN);
        }
    }
}

fn line(elapsed: Duration, whole: Duration, says: &str) -> String {
    let part = (elapsed.as_secs_f64() / whole.as_secs_f64().max(0.001)).clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to the bar's width")]
    let full = (part * f64::from(BAR)).round() as usize;
    let rest = usize::try_from(BAR).unwrap_or_default().saturating_sub(full);
    let left = whole.saturating_sub(elapsed).as_secs();
    let left = if left >= 60 { format!("{} min {:02} s", left / 60, left % 60) } else { format!("{left} s") };
    format!("{}{} {left} left · {says}", "━".repeat(full), "╌".repeat(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let check = |elapsed, whole, expect: &str| {
            assert_eq!(
                line(Duration::from_secs(elapsed), Duration::from_secs(whole), "round 1 of 5"),
                expect
            );
        };
        check(0, 90, "╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 1 min 30 s left · round 1 of 5");
        check(45, 90, "━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌ 45 s left · round 1 of 5");
        check(91, 90, "━━━━━━━━━━━━━━━━━━━━━━━━ 0 s left · round 1 of 5");
        check(1, 0, "━━━━━━━━━━━━━━━━━━━━━━━━ 0 s left · round 1 of 5");
    }
}
