//! The price of each layer: what a path costs more than the path that has one thing less.

use crate::load::interval::{Estimate, paired};
use crate::load::metric::Metric;
use crate::load::names::path_and_times;
use crate::load::run::{PathReport, Run};

/// Our own paths, each with one layer more than the one before it, and what that layer is.
const LAYERS: [(&str, &str); 5] = [
    ("direct", "nothing"),
    ("raw", "two proxies"),
    ("tls", "encryption"),
    ("mtls", "client certificate"),
    ("hbone", "HTTP/2 CONNECT"),
];

/// What one path costs more than another. All are means of the rounds' differences, pair by pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// The path that has less.
    pub from: String,
    /// The path that has more.
    pub to: String,
    /// What it has more.
    pub buys: String,
    /// In the rate, in per cent; `None` where the rate was given rather than found.
    pub rate: Option<Estimate>,
    /// In the median latency, in nanoseconds.
    pub p50: Option<Estimate>,
    /// In the 99th percentile of latency, in nanoseconds.
    pub p99: Option<Estimate>,
    /// In processor time of server and proxies for each unit, in nanoseconds.
    pub cpu: Option<Estimate>,
}

/// The prices among paths with equally many connections.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    /// From the path with the least to the path with the most.
    pub whole: Price,
    /// Layer by layer, where there is more than one.
    pub steps: Vec<Price>,
    /// What other proxies cost, and what ours cost in their place.
    pub others: Vec<Price>,
}

/// The prices of a run, in the order of its paths; empty where there is but one path to each number of connections.
pub fn prices(run: &Run) -> Vec<Prices> {
    let mut groups: Vec<(&str, Vec<&PathReport>)> = Vec::new();
    for path in &run.paths {
        let (_, times) = path_and_times(&path.name);
        match groups.iter_mut().find(|(known, _)| *known == times) {
            Some((_, paths)) => paths.push(path),
            None => groups.push((times, vec![path])),
        }
    }
    groups.iter().filter_map(|(_, paths)| among(run, paths)).collect()
}

fn among(run: &Run, paths: &[&PathReport]) -> Option<Prices> {
    let named = |name: &str| paths.iter().copied().find(|path| path_and_times(&path.name).0 == name);
    let ours: Vec<(usize, &PathReport)> =
        LAYERS.iter().enumerate().filter_map(|(at, (name, _))| Some((at, named(name)?))).collect();
    let is_ours = |path: &PathReport| LAYERS.iter().any(|(name, _)| *name == path_and_times(&path.name).0);
    let mut others = Vec::new();
    for other in paths.iter().copied().filter(|path| !is_ours(path)) {
        if let Some(direct) = named("direct") {
            others.push(price(run, (direct, other), format!("the proxies of {}", other.name)));
        }
        if let Some(hbone) = named("hbone") {
            others.push(price(run, (other, hbone), "ours in their place".to_owned()));
        }
    }
    let steps: Vec<Price> = ours
        .windows(2)
        .filter_map(|pair| match pair {
            [(from, less), (to, more)] => Some(price(run, (less, more), between(*from, *to))),
            _ => None,
        })
        .collect();
    let whole = match (ours.first(), ours.last()) {
        (Some((from, less)), Some((to, more))) if from != to => {
            price(run, (less, more), "all of it".to_owned())
        }
        _ if others.is_empty() => return None,
        _ => others.remove(0),
    };
    Some(Prices { whole, steps: if steps.len() > 1 { steps } else { Vec::new() }, others })
}

/// The layers after one and up to another, in words.
fn between(from: usize, to: usize) -> String {
    let layers = LAYERS.iter().skip(from + 1).take(to.saturating_sub(from));
    layers.map(|(_, layer)| *layer).collect::<Vec<_>>().join(" + ")
}

fn price(run: &Run, (less, more): (&PathReport, &PathReport), buys: String) -> Price {
    let difference = |metric: Metric| paired(&metric.of(less), &metric.of(more));
    Price {
        from: less.name.clone(),
        to: more.name.clone(),
        buys,
        rate: if run.settings.rate.is_none() { in_per_cent(less, more) } else { None },
        p50: difference(Metric::P50),
        p99: difference(Metric::P99),
        cpu: difference(Metric::Cpu),
    }
}

fn in_per_cent(less: &PathReport, more: &PathReport) -> Option<Estimate> {
    let (from, to) = (Metric::Rate.of(less), Metric::Rate.of(more));
    if from.contains(&0.0) {
        return None;
    }
    let share: Vec<f64> = from.iter().zip(&to).map(|(from, to)| to / from * 100.0).collect();
    paired(&vec![100.0; share.len()], &share)
}
