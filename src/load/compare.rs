//! [`Comparison`]: two runs, path by path and figure by figure.

use serde::{Deserialize, Serialize};

use crate::admin::Kind;
use crate::load::error::LoadError;
use crate::load::fail_if::{FailIf, Judged, Outcome};
use crate::load::interval::{Change, change, middle};
use crate::load::metric::Metric;
use crate::load::run::{Note, PathReport, Run, Work};
use crate::load::same::{Differs, differences};

/// What came of comparing two runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The name of the first run.
    pub a: String,
    /// The name of the second.
    pub b: String,
    /// What was asked of the proxies, in the first at least.
    pub work: Work,
    /// Rounds of the first and of the second.
    pub rounds: [u32; 2],
    /// Units per second that each path was offered in the first run; `None` for a closed loop.
    pub rate: Option<f64>,
    /// What is not alike in them, although it was insisted on a comparison.
    pub differs: Vec<Differs>,
    /// The figures of all paths that both have.
    pub rows: Vec<Compared>,
    /// Paths that only the first has.
    pub only_a: Vec<String>,
    /// Paths that only the second has.
    pub only_b: Vec<String>,
    /// Units that failed, and are in no figure: on paths that both have.
    pub failed: Vec<Failed>,
    /// What either run says against itself.
    pub doubts: Vec<Doubt>,
    /// What came of each `--fail-if`.
    pub judged: Vec<Judged>,
}

/// One figure of one path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    /// The path.
    pub path: String,
    /// The figure; its unit is that of [`Metric`].
    pub metric: Metric,
    /// In the first run, the geometric mean of the rounds.
    pub a: f64,
    /// In the second.
    pub b: f64,
    /// From the first to the second.
    pub change: Change,
    /// What that means.
    pub verdict: Verdict,
}

/// How many units of a path failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    /// The path.
    pub path: String,
    /// In the first run.
    pub a: u64,
    /// In the second.
    pub b: u64,
}

/// What a change means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// The second is better; no change is outside of the interval.
    Better,
    /// The second is worse.
    Worse,
    /// The interval includes no change.
    NoDifference,
    /// One value of each says nothing about how sure it is.
    CannotTell,
}

/// What a run says against itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Doubt {
    /// The run.
    pub run: String,
    /// The note.
    pub note: Note,
}

impl Kind for Comparison {
    const KIND: &'static str = "BenchComparison";
}

/// Compares two runs.
///
/// # Errors
///
/// [`LoadError::Differ`] for runs of another machine, kernel, profile, work or settings, unless it is forced;
/// [`LoadError::NothingShared`] for runs without a path of the same name.
pub fn compare(a: &Run, b: &Run, force: bool) -> Result<Comparison, LoadError> {
    let differs = differences(a, b);
    if !differs.is_empty() && !force {
        return Err(LoadError::Differ { a: a.name.clone(), b: b.name.clone(), differs });
    }
    let both = || a.paths.iter().filter_map(|path| Some((path, named(b, &path.name)?)));
    if both().next().is_none() {
        let paths = |run: &Run| run.paths.iter().map(|path| path.name.clone()).collect();
        return Err(LoadError::NothingShared {
            runs: [a.name.clone(), b.name.clone()],
            paths: [paths(a), paths(b)],
        });
    }
    Ok(Comparison {
        a: a.name.clone(),
        b: b.name.clone(),
        work: a.work,
        rounds: [a.settings.rounds, b.settings.rounds],
        rate: a.settings.rate,
        differs,
        rows: both().flat_map(|(a, b)| rows(a, b)).collect(),
        failed: both().filter_map(|(a, b)| failed(a, b)).collect(),
        only_a: missing(a, b),
        only_b: missing(b, a),
        doubts: doubts(a).chain(doubts(b)).collect(),
        judged: Vec::new(),
    })
}

impl Comparison {
    /// Holds the changes against what must not be, and keeps what came of it.
    ///
    /// # Errors
    ///
    /// [`LoadError::NotMeasured`] where a condition is about a path or a figure that not both have.
    pub fn judge(mut self, conditions: &[FailIf]) -> Result<Self, LoadError> {
        for condition in conditions {
            let rows = self.rows.iter().filter(|row| condition.is_about(&row.path, row.metric));
            let judge = |row: &Compared| condition.judge(&row.path, row.change, self.is_missing(&row.path));
            let judged: Vec<Judged> = rows.map(judge).collect();
            if judged.is_empty() {
                return Err(LoadError::NotMeasured {
                    asked: condition.to_string(),
                    both: [self.a.clone(), self.b.clone()],
                    measured: self.rows.iter().map(|row| format!("{}.{}", row.path, row.metric)).collect(),
                });
            }
            self.judged.extend(judged);
            for (run, paths) in [(&self.a, &self.only_a), (&self.b, &self.only_b)] {
                let paths = paths.iter().filter(|path| condition.is_about_path(path));
                self.judged.extend(paths.map(|path| condition.cannot_judge(path, run)));
            }
        }
        Ok(self)
    }

    /// What the figures of a path do not include.
    fn is_missing(&self, path: &str) -> Option<String> {
        let failed = self.failed.iter().find(|failed| failed.path == path)?;
        Some(format!("failed units are in no figure: {} of A, {} of B", failed.a, failed.b))
    }

    /// What all conditions together came to: one that fails is enough, then one that is undecided.
    pub fn outcome(&self) -> Outcome {
        let has = |outcome| self.judged.iter().any(|judged| judged.outcome == outcome);
        match () {
            () if has(Outcome::Fails) => Outcome::Fails,
            () if has(Outcome::Undecided) => Outcome::Undecided,
            () => Outcome::Holds,
        }
    }
}

fn named<'a>(run: &'a Run, name: &str) -> Option<&'a PathReport> {
    run.paths.iter().find(|path| path.name == name)
}

fn missing(has: &Run, lacks: &Run) -> Vec<String> {
    let paths = has.paths.iter().filter(|path| named(lacks, &path.name).is_none());
    paths.map(|path| path.name.clone()).collect()
}

fn doubts(run: &Run) -> impl Iterator<Item = Doubt> {
    let notes = run.notes.iter().filter(|note| note.doubts);
    notes.map(|note| Doubt { run: run.name.clone(), note: note.clone() })
}

fn failed(a: &PathReport, b: &PathReport) -> Option<Failed> {
    let failures = |path: &PathReport| {
        let times = path.rounds.iter().flat_map(|round| &round.failures).map(|failure| failure.times);
        // A file may say anything.
        times.fold(0, u64::saturating_add)
    };
    let failed = Failed { path: a.name.clone(), a: failures(a), b: failures(b) };
    ((failed.a, failed.b) != (0, 0)).then_some(failed)
}

fn rows(a: &PathReport, b: &PathReport) -> Vec<Compared> {
    Metric::ALL.into_iter().filter_map(|metric| row(a, b, metric)).collect()
}

fn row(a: &PathReport, b: &PathReport, metric: Metric) -> Option<Compared> {
    let (of_a, of_b) = (metric.of(a), metric.of(b));
    let change = change(&of_a, &of_b)?;
    Some(Compared {
        path: a.name.clone(),
        metric,
        a: middle(&of_a)?,
        b: middle(&of_b)?,
        verdict: verdict(change, metric),
        change,
    })
}

fn verdict(change: Change, metric: Metric) -> Verdict {
    let Some(interval) = change.interval else { return Verdict::CannotTell };
    let is_more = interval.low > 0.0;
    match is_more || interval.high < 0.0 {
        false => Verdict::NoDifference,
        true if is_more == metric.is_better_when_more() => Verdict::Better,
        true => Verdict::Worse,
    }
}

#[cfg(test)]
mod tests;
