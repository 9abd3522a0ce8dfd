//! [`FailIf`]: a change that must not be, as `--fail-if` has it: `p99>+5%`, `hbone.rate<-2%`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::load::error::LoadError;
use crate::load::interval::{Change, Interval};
use crate::load::metric::Metric;

/// A change that must not be.
#[derive(Clone, Debug, PartialEq)]
pub struct FailIf {
    /// On which path; `None`: on any.
    path: Option<String>,
    metric: Metric,
    past: Past,
}

/// How far is too far, in per cent; at least 0 upwards, at most 0 downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Past {
    Above(f64),
    Below(f64),
}

/// What came of a condition on one path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// The condition, as it was written.
    pub condition: String,
    /// The path.
    pub path: String,
    /// The change; `None` where one of the runs does not have the path.
    pub change: Option<Change>,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it is undecided, if it is.
    pub because: Option<String>,
}

/// Whether what must not be is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It is not.
    Holds,
    /// It is: the change is past the limit, and its interval excludes that there was none.
    Fails,
    /// There is no telling: the change is past the limit, but its interval includes that there was none; or it is not past the
    /// limit, but something is missing in the figures.
    Undecided,
}

impl FailIf {
    /// Whether it is about this figure of this path.
    pub fn is_about(&self, path: &str, metric: Metric) -> bool {
        self.metric == metric && self.is_about_path(path)
    }

    /// Whether it is about a path of that name.
    pub fn is_about_path(&self, path: &str) -> bool {
        self.path.as_deref().is_none_or(|name| name == path)
    }

    /// Holds a change against it. `missing` says what the figures do not include, if that is so.
    pub fn judge(&self, path: &str, change: Change, missing: Option<String>) -> Judged {
        // Of what has one value by its nature there is no interval, and that value is the answer.
        let is_sure = |holds: &dyn Fn(Interval) -> bool| match change.interval {
            Some(interval) => holds(interval),
            None => self.metric.has_one_value(),
        };
        let (is_past, is_sure) = match self.past {
            Past::Above(limit) => (change.percent > limit, is_sure(&|interval| interval.low > 0.0)),
            Past::Below(limit) => (change.percent < limit, is_sure(&|interval| interval.high < 0.0)),
        };
        let (outcome, because) = match (is_past, is_sure, missing) {
            (true, true, _) => (Outcome::Fails, None),
            (true, false, _) if change.interval.is_none() => {
                (Outcome::Undecided, Some("one round of each does not tell".to_owned()))
            }
            (true, false, _) => (Outcome::Undecided, Some("no difference is inside the interval".to_owned())),
            (false, _, Some(missing)) => (Outcome::Undecided, Some(missing)),
            (false, _, None) => (Outcome::Holds, None),
        };
        Judged { condition: self.to_string(), path: path.to_owned(), change: Some(change), outcome, because }
    }

    /// What there is to say of a path that only `run` has.
    pub fn cannot_judge(&self, path: &str, run: &str) -> Judged {
        Judged {
            condition: self.to_string(),
            path: path.to_owned(),
            change: None,
            outcome: Outcome::Undecided,
            because: Some(format!("only {run} has this path")),
        }
    }
}

impl fmt::Display for FailIf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{path}.")?;
        }
        match self.past {
            Past::Above(limit) => write!(f, "{}>+{limit}%", self.metric),
            Past::Below(limit) => write!(f, "{}<-{}%", self.metric, limit.abs()),
        }
    }
}

impl FromStr for FailIf {
    type Err = LoadError;

    fn from_str(text: &str) -> Result<Self, LoadError> {
        read(text).ok_or_else(|| LoadError::FailIf { found: text.to_owned() })
    }
}

fn read(text: &str) -> Option<FailIf> {
    let at = text.find(['<', '>'])?;
    let (what, (sign, limit)) = (text[..at].trim(), text[at..].split_at(1));
    let number = limit.trim().strip_suffix('%')?;
    // `>5%` is as clear as `>+5%`; `<2%` is not: it may be meant as less than +2 %.
    let number = match sign {
        ">" => number.strip_prefix('+').unwrap_or(number),
        _ => number.strip_prefix('-')?,
    };
    let limit = number.parse::<f64>().ok().filter(|_| number.starts_with(|c: char| c.is_ascii_digit()))?;
    let past = if sign == ">" { Past::Above(limit) } else { Past::Below(-limit) };
    let (path, metric) = subject(what)?;
    limit.is_finite().then_some(FailIf { path, metric, past })
}

/// `p99.9` has a dot of its own, and a path may have some; a metric's name ends the text either way.
fn subject(text: &str) -> Option<(Option<String>, Metric)> {
    Metric::ALL.into_iter().find_map(|metric| {
        let before = text.strip_suffix(metric.name())?;
        match before.strip_suffix('.') {
            None if before.is_empty() => Some((None, metric)),
            Some(path) if !path.is_empty() => Some((Some(path.to_owned()), metric)),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn conditions_are_read() {
        let check = |text: &str, expect: Option<&str>| {
            let found = text.parse::<FailIf>();
            assert_eq!(found.as_ref().ok().map(ToString::to_string).as_deref(), expect, "{text:?}");
        };
        check("p99>+5%", Some("p99>+5%"));
        check("p99>5%", Some("p99>+5%"));
        check(" rate < -2.5% ", Some("rate<-2.5%"));
        check("hbone.p99.9>+0%", Some("hbone.p99.9>+0%"));
        check("p99.9>+1%", Some("p99.9>+1%"));
        check("hbone ×4.rate<-2%", Some("hbone ×4.rate<-2%"));
        check("a.b.max-rate<-10%", Some("a.b.max-rate<-10%"));
        check("hbone.proxy-cpu>+3%", Some("hbone.proxy-cpu>+3%"));
        for wrong in [
            "",
            "p99",
            "p99>",
            "p99>5",
            "p99>%",
            "p98>+5%",
            "rate<2%",
            "rate<+2%",
            "p99>-5%",
            "p99>+inf%",
            "p99>+NaN%",
            "p99>++5%",
            ".p99>+5%",
            "hbonep99>+5%",
            "hbone.>+5%",
            "p99>+5%%",
            ">+5%",
            "p99=5%",
            "p99>+1e999%",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn a_condition_fails_only_when_that_is_sure() {
        let check = |text: &str, percent, interval: Option<(f64, f64)>, expect| {
            let interval = interval.map(|(low, high)| Interval { low, high });
            let judged = text.parse::<FailIf>().unwrap().judge("hbone", Change { percent, interval }, None);
            assert_eq!(judged.outcome, expect, "{text} {percent} {interval:?}");
            assert_eq!(judged.because.is_some(), expect == Outcome::Undecided);
        };
        check("p99>+5%", 4.9, Some((1.0, 9.0)), Outcome::Holds);
        check("p99>+5%", 5.0, Some((1.0, 9.0)), Outcome::Holds);
        check("p99>+5%", 5.1, Some((0.1, 9.0)), Outcome::Fails);
        check("p99>+5%", 5.1, Some((0.0, 9.0)), Outcome::Undecided);
        check("p99>+5%", 5.1, Some((-1.0, 9.0)), Outcome::Undecided);
        check("p99>+5%", 5.1, None, Outcome::Undecided);
        check("p99>+5%", -50.0, Some((-60.0, -40.0)), Outcome::Holds);
        check("p99>+5%", -50.0, None, Outcome::Holds);
        check("rate<-2%", -1.9, Some((-3.0, -1.0)), Outcome::Holds);
        check("rate<-2%", -2.1, Some((-3.0, -1.0)), Outcome::Fails);
        check("rate<-2%", -2.1, Some((-5.0, 0.0)), Outcome::Undecided);
        check("rate<-2%", -2.1, None, Outcome::Undecided);
        check("rate<-2%", 20.0, Some((10.0, 30.0)), Outcome::Holds);
        check("memory>+5%", 5.1, None, Outcome::Fails);
        check("memory>+5%", 4.9, None, Outcome::Holds);
        check("max-rate<-5%", -5.1, None, Outcome::Fails);
    }

    #[test]
    fn what_is_missing_in_a_figure_keeps_it_from_holding() {
        let judge = |percent| {
            let change = Change { percent, interval: Some(Interval { low: 1.0, high: 99.0 }) };
            "p99>+5%".parse::<FailIf>().unwrap().judge("hbone", change, Some("half of it".to_owned())).outcome
        };
        assert_eq!([judge(4.0), judge(6.0)], [Outcome::Undecided, Outcome::Fails]);
    }

    proptest! {
        #[test]
        fn nothing_breaks_the_reader(text in ".*") {
            if let Ok(condition) = text.parse::<FailIf>() {
                prop_assert_eq!(condition.to_string().parse::<FailIf>().unwrap(), condition);
            }
        }
    }
}
