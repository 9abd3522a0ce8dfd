//! The index: from a line to the rows that fit, with what fits and how well.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use crate::knowledge::alert::KnownAlert;
use crate::knowledge::line::Line;
use crate::knowledge::pattern::Pattern;
use crate::knowledge::row::{Row, Seen};
use crate::knowledge::spelling::alert_in;
use crate::knowledge::table::{by_alert, by_id, rows};

/// From here on it is this row and no other.
pub(crate) const DECIDED: u32 = 1000;

/// From here on it is one of several rows that look the same; below, a hint.
pub(crate) const ONE_OF_SEVERAL: u32 = 500;

/// The weight of a word of a sentence.
const PER_WORD: u32 = 10;

/// An alert says more than the sentence around it that several rows share.
const ALERT: u32 = 600;

/// Our own code, when several rows end with it.
const CODE: u32 = 700;

/// What a row that is seldom the cause comes behind the others by; less than a word.
const RARE: u32 = 1;

/// A flag names a kind of failure.
const FLAG: u32 = 100;

/// Flags that are also ordinary words of a log: they count only where they are said to be flags.
const ORDINARY: [&str; 2] = ["CONNECT", "DENY"];

/// What was recognised.
#[derive(Clone, Copy, Debug)]
pub enum Evidence {
    /// A sentence of some stack.
    Sentence(&'static Seen),
    /// An alert, however it was spelled.
    Alert(&'static KnownAlert),
    /// One of our own error codes.
    Code(&'static str),
    /// A row's id or name.
    Row(&'static str),
    /// A response flag.
    Flag(&'static str),
    /// A word that people use of it.
    Word(&'static str),
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sentence(seen) => write!(f, "{} says: {}", seen.by, seen.text),
            Self::Alert(alert) => write!(f, "the alert {} ({})", alert.name, alert.number),
            Self::Code(code) => write!(f, "the code {code}"),
            Self::Row(id) => write!(f, "the row {id}"),
            Self::Flag(flag) => write!(f, "the flag {flag}"),
            Self::Word(word) => write!(f, "the word \"{word}\""),
        }
    }
}

/// A row that fits a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    /// The row.
    pub(crate) row: &'static Row,
    /// How well it fits.
    pub(crate) score: u32,
    /// By what.
    pub(crate) evidence: Evidence,
    /// At which word.
    pub(crate) at: usize,
}

/// What is known of a line: its alert, and the rows that fit, the best first, each once.
pub(crate) struct Reading {
    pub(crate) alert: Option<(&'static KnownAlert, usize)>,
    pub(crate) hits: Vec<Hit>,
}

/// Reads a line.
pub(crate) fn read(line: &Line<'_>) -> Reading {
    let alert = alert_in(line);
    let mut hits: Vec<Hit> = INDEX.sentences(line);
    hits.extend(flags(line));
    if let Some((known, at)) = alert {
        let hit = |row| Hit { row, score: ALERT, evidence: Evidence::Alert(known), at };
        hits.extend(by_alert(known.number).map(hit));
    }
    if line.len() <= MAX_WORDS_OF_A_NAME {
        hits.extend(id(line));
    }
    Reading { alert, hits: with_alike(best(hits)) }
}

/// The rows that a person's own words may mean; only for questions, since logs are full of words.
pub(crate) fn by_words(line: &Line<'_>) -> Vec<Hit> {
    let mut found: Vec<(f64, Hit)> = Vec::new();
    for (at, word) in line.words().enumerate() {
        let rows = INDEX.words.get(word).map(Vec::as_slice).unwrap_or_default();
        for (row, word) in rows {
            // A word that few rows have says more.
            #[expect(clippy::cast_precision_loss, reason = "there are 105 rows")]
            let weight = 1.0 / rows.len() as f64;
            match found.iter_mut().find(|(_, hit)| hit.row.id == row.id) {
                Some((sum, _)) => *sum += weight,
                None => found.push((weight, Hit { row, score: 0, evidence: Evidence::Word(word), at })),
            }
        }
    }
    found.retain(|(sum, _)| *sum > ENOUGH);
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    found.into_iter().map(|(_, hit)| hit).collect()
}

/// A word that is one row's own, or several of less.
const ENOUGH: f64 = 0.6;

/// The longest name has seven words; a question about a row has hardly more.
const MAX_WORDS_OF_A_NAME: usize = 8;

/// Of the hits of a line those that say something: the longest sentence alone, and an alert in it by all means.
fn best(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (std::cmp::Reverse(hit.score), number(hit.row)));
    let Some(top) = hits.first().map(|hit| hit.score) else { return hits };
    let floor = if top >= ONE_OF_SEVERAL { top - RARE } else { FLAG };
    hits.retain(|hit| hit.score >= floor || matches!(hit.evidence, Evidence::Alert(_)));
    let mut seen: Vec<&str> = Vec::new();
    hits.retain(|hit| {
        !seen.contains(&hit.row.id) && {
            seen.push(hit.row.id);
            true
        }
    });
    hits
}

/// Behind the rows that say so themselves those that look like one of them.
fn with_alike(mut hits: Vec<Hit>) -> Vec<Hit> {
    let likened: Vec<Hit> = hits.iter().filter(|hit| hit.score >= ONE_OF_SEVERAL).copied().collect();
    for hit in likened {
        for row in rows().filter(|row| row.looks_like.contains(&hit.row.id)) {
            if hits.iter().all(|known| known.row.id != row.id) {
                hits.push(Hit { row, score: hit.score - RARE, ..hit });
            }
        }
    }
    hits
}

/// The number in an id, by which rows are ordered.
fn number(row: &Row) -> u32 {
    row.id.get(1..).and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

/// `B25`, or `unknown-ca-different-root`.
fn id(line: &Line<'_>) -> Option<Hit> {
    let name = line.words().collect::<Vec<_>>().join("-");
    let row = by_id(&name)?;
    Some(Hit { row, score: 2 * DECIDED, evidence: Evidence::Row(row.id), at: 0 })
}

/// Flags are upper-case.
fn flags<'a>(line: &'a Line<'a>) -> impl Iterator<Item = Hit> + 'a {
    (0..line.len()).flat_map(move |at| {
        let flag = line.written(at);
        let said = |at: usize| line.word(at).contains("flag");
        let counts = !ORDINARY.contains(&flag) || line.len() == 1 || at.checked_sub(1).is_some_and(said);
        let rows = INDEX.flags.get(flag).filter(|_| counts).map(Vec::as_slice).unwrap_or_default();
        rows.iter().map(move |(row, flag)| Hit { row, score: FLAG, evidence: Evidence::Flag(flag), at })
    })
}

struct Entry {
    row: &'static Row,
    pattern: Pattern,
    evidence: Evidence,
    score: u32,
}

impl Entry {
    fn sentence(row: &'static Row, seen: &'static Seen) -> Self {
        let pattern = Pattern::of(seen.text);
        let base = if seen.shared { ONE_OF_SEVERAL } else { DECIDED };
        let words = u32::try_from(pattern.len()).unwrap_or(u32::MAX / PER_WORD / 2);
        let score = base + PER_WORD * words - if seen.rare { RARE } else { 0 };
        Self { row, pattern, evidence: Evidence::Sentence(seen), score }
    }

    fn code(row: &'static Row, code: &'static str) -> Self {
        let alone = rows().filter(|other| other.codes.contains(&code)).count() == 1;
        let score = if alone { DECIDED + CODE } else { CODE };
        Self { row, pattern: Pattern::of(code), evidence: Evidence::Code(code), score }
    }
}

#[derive(Default)]
struct Index {
    entries: Vec<Entry>,
    anchors: HashMap<String, Vec<usize>>,
    flags: HashMap<&'static str, Vec<(&'static Row, &'static str)>>,
    words: HashMap<&'static str, Vec<(&'static Row, &'static str)>>,
}

static INDEX: LazyLock<Index> = LazyLock::new(Index::build);

impl Index {
    fn build() -> Self {
        let mut index = Self::default();
        for row in rows() {
            index.entries.extend(row.seen.iter().map(|seen| Entry::sentence(row, seen)));
            index.entries.extend(row.codes.iter().map(|code| Entry::code(row, code)));
            for flag in row.flags {
                index.flags.entry(flag).or_default().push((row, flag));
            }
            for word in row.words.split(' ').filter(|word| !word.is_empty()) {
                index.words.entry(word).or_default().push((row, word));
            }
        }
        for (at, entry) in index.entries.iter().enumerate() {
            index.anchors.entry(entry.pattern.anchor().to_owned()).or_default().push(at);
        }
        index
    }

    /// Only what has its anchor in the line is looked for, so that a line costs what its words cost.
    fn sentences(&self, line: &Line<'_>) -> Vec<Hit> {
        let mut candidates: Vec<usize> =
            line.words().filter_map(|word| self.anchors.get(word)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        let entries = candidates.into_iter().filter_map(|at| self.entries.get(at));
        let hit = |entry: &Entry| {
            let at = entry.pattern.found(line)?;
            Some(Hit { row: entry.row, score: entry.score, evidence: entry.evidence, at })
        };
        entries.filter_map(hit).collect()
    }
}
