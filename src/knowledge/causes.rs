//! [`causes`]: from a pasted text, or a whole log, to what may be behind it.

use crate::knowledge::alert::KnownAlert;
use crate::knowledge::asked::spelled_out;
use crate::knowledge::index::{DECIDED, Evidence, Hit, ONE_OF_SEVERAL, Reading, by_words, read};
use crate::knowledge::line::Line;
use crate::knowledge::row::Row;

/// How much text is looked at, in bytes: the log of a busy node for hours.
pub const MAX_TEXT: usize = 8 << 20;

/// Up to here a text is a question and not a log: its words count by themselves.
const QUESTION_LINES: usize = 3;

/// How wide the line that matched is shown.
const EXCERPT: usize = 140;

/// What may be behind a text.
#[derive(Debug, Default)]
pub struct Causes {
    /// What was recognised: the most specific first, then the most frequent. Several lines that say the same are one.
    pub matches: Vec<Match>,
    /// The alerts that occur, in the order in which they do; some have no row.
    pub alerts: Vec<&'static KnownAlert>,
    /// How many lines were looked at that are not empty.
    pub lines: usize,
    /// How many of them something is known about.
    pub known: usize,
    /// Whether the text was longer than [`MAX_TEXT`], so that its end was not looked at.
    pub truncated: bool,
}

/// A symptom that was recognised, and the rows that have it.
#[derive(Debug)]
pub struct Match {
    /// The rows, the likeliest first; never empty. More than one: the text alone does not decide.
    pub rows: Vec<&'static Row>,
    /// How specific it is: from 1000 on the text means one row, from 500 on one of several, below it is a hint.
    pub score: u32,
    /// By what.
    pub evidence: Evidence,
    /// How many lines say so.
    pub count: usize,
    /// The first of them, from 1.
    pub line: usize,
    /// That line, or the part of it that matters; no control characters.
    pub excerpt: String,
}

impl Match {
    /// Whether the text alone leaves several causes.
    pub fn is_ambiguous(&self) -> bool {
        self.score < DECIDED && self.rows.len() > 1
    }
}

impl Causes {
    /// Every row once, with the match that it is known by: the likeliest of each match, then the others.
    pub fn ranked(&self) -> Vec<(&'static Row, &Match)> {
        let likeliest = self.matches.iter().filter_map(|found| Some((*found.rows.first()?, found)));
        let others =
            self.matches.iter().flat_map(|found| found.rows.iter().skip(1).map(move |row| (*row, found)));
        let mut ranked: Vec<(&'static Row, &Match)> = Vec::new();
        for (row, found) in likeliest.chain(others) {
            if ranked.iter().all(|(known, _)| known.id != row.id) {
                ranked.push((row, found));
            }
        }
        ranked
    }

    fn look(&mut self, number: usize, line: &Line<'_>) {
        let Reading { alert, hits } = read(line);
        if let Some((known, _)) = alert
            && !self.alerts.contains(&known)
        {
            self.alerts.push(known);
        }
        self.known += usize::from(alert.is_some() || !hits.is_empty());
        self.add(number, line, &hits);
    }

    fn add(&mut self, number: usize, line: &Line<'_>, hits: &[Hit]) {
        let Some(first) = hits.first() else { return };
        let same = |found: &&mut Match| found.score == first.score && same_rows(&found.rows, hits);
        if let Some(found) = self.matches.iter_mut().find(same) {
            found.count += 1;
            return;
        }
        self.matches.push(Match {
            rows: hits.iter().map(|hit| hit.row).collect(),
            score: first.score,
            evidence: first.evidence,
            count: 1,
            line: number,
            excerpt: line.excerpt(first.at, EXCERPT),
        });
    }
}

fn same_rows(rows: &[&'static Row], hits: &[Hit]) -> bool {
    rows.len() == hits.len() && rows.iter().zip(hits).all(|(row, hit)| row.id == hit.row.id)
}

/// Looks for causes in a line, several, or a log. Pure, and in time proportional to the text.
pub fn causes(text: &str) -> Causes {
    let question = if text.len() <= MAX_QUESTION { text } else { "" };
    let spelled = spelled_out(question);
    let beginning = beginning(text);
    let looked_at = spelled.as_deref().unwrap_or(beginning);
    let mut causes = Causes { truncated: beginning.len() < text.len(), ..Causes::default() };
    let lines: Vec<(usize, &str)> =
        looked_at.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).collect();
    for (at, line) in &lines {
        causes.look(at + 1, &Line::of(line));
    }
    // A number that was spelled out in several ways is still one line.
    causes.lines = if spelled.is_some() { 1 } else { lines.len() };
    causes.known = causes.known.min(causes.lines);
    if causes.matches.is_empty() && lines.len() <= QUESTION_LINES {
        for (at, line) in &lines {
            let line = Line::of(line);
            causes.add(at + 1, &line, &by_words(&line));
        }
    }
    causes.matches.sort_by_key(|found| (rank(found), std::cmp::Reverse((found.count, found.score))));
    causes
}

/// As much as is looked at, in whole characters.
fn beginning(text: &str) -> &str {
    let end = (0..=MAX_TEXT.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}

/// No question of one number is longer.
const MAX_QUESTION: usize = 64;

/// What decides comes before what leaves several, and that before hints.
fn rank(found: &Match) -> u8 {
    match found.score {
        DECIDED.. => 0,
        ONE_OF_SEVERAL.. => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests;
