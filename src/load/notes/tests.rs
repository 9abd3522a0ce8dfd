//! Each note at the edge of its threshold, on a run that has none but those that every run of one small machine has.

use super::*;
use crate::load::run::{Cpu, Environment, Failure, Percentiles, Place, Settings};

fn round(number: u64) -> Round {
    let figures = |p50| Percentiles { p50, p90: p50, p99: p50 * 2, p999: p50, max: p50, mean: p50 };
    Round {
        took: 1_000_000_000,
        done: 1_000,
        failures: vec![],
        latency: Some(figures(100_000)),
        service: Some(figures(90_000)),
        cpu: Cpu {
            source: Some(1_000_000 + number),
            destination: Some(1_000_000),
            server: Some(500_000),
            generator: 500_000_000,
        },
        lag: Some(19_000),
        others: 0.05,
    }
}

fn run() -> Run {
    let path = PathReport {
        name: "hbone".to_owned(),
        means: String::new(),
        connections: 64,
        wire: None,
        rounds: (0..3).map(round).collect(),
        latency: None,
        service: None,
        memory: None,
        max_rate: None,
    };
    Run {
        name: "example".to_owned(),
        work: Work::Rr,
        settings: Settings {
            rate: Some(1_000.0),
            connections: 64,
            duration: 1_000_000_000,
            warmup: 0,
            direction: None,
            rounds: 3,
            request: 128,
            response: 1024,
            workers: 2,
            pool_max_streams: 100,
            workloads: 0,
            policies: 0,
            place: Place::TwoProcesses,
            max_p99: None,
        },
        environment: Environment { cores: 8, ..Environment::here(vec![]) },
        paths: vec![path],
        notes: vec![],
    }
}

#[track_caller]
fn check(change: impl Fn(&mut Run), expect: &[&str]) {
    let mut run = run();
    change(&mut run);
    let found: Vec<String> = notes(&run, vec![])
        .into_iter()
        .filter(|note| note.code != "bench.loopback")
        .map(|note| {
            format!("{}{}", note.code.trim_start_matches("bench."), if note.doubts { "!" } else { "" })
        })
        .collect();
    assert_eq!(found, expect);
}

fn each(change: impl Fn(&mut Round)) -> impl Fn(&mut Run) {
    move |run| run.paths[0].rounds.iter_mut().for_each(&change)
}

#[test]
fn a_good_run_has_none() {
    check(|_| {}, &[]);
    check(|run| run.environment.cores = 4, &["shares_cores"]);
    check(|run| run.paths[0].rounds.truncate(2), &["few_rounds"]);
}

#[test]
fn the_generator_is_the_limit() {
    check(each(|round| round.cpu.generator = 860_000_000), &["generator_is_the_limit!"]);
    check(each(|round| round.lag = Some(100_001)), &["generator_is_the_limit!"]);
    check(
        |run| {
            run.paths[0].name = "direct ×4".to_owned();
            each(|round| round.cpu.generator = 999_999_999)(run);
        },
        &["generator_is_the_limit"],
    );
    // One bad round of three is not the median.
    check(|run| run.paths[0].rounds[0].cpu.generator = 999_999_999, &[]);
}

#[test]
fn noise_rate_and_errors() {
    check(each(|round| round.others = 0.11), &["noisy_machine!"]);
    // A target's processes may not be known, and are among the others.
    check(
        |run| {
            run.paths[0].name = "theirs".to_owned();
            each(|round| round.others = 0.9)(run);
        },
        &[],
    );
    check(|run| run.settings.max_p99 = Some(1_000), &["no_rate_kept!"]);
    check(|run| (run.settings.max_p99, run.paths[0].max_rate) = (Some(1_000), Some(1.0)), &[]);
    check(|run| run.paths[0].rounds[0].cpu.source = Some(1_400_000), &["noisy_machine!"]);
    check(each(|round| round.done = 988), &["rate_not_kept!"]);
    check(each(|round| round.done = 989), &[]);
    let failure = || Failure { says: "gone".to_owned(), times: 1 };
    check(|run| run.paths[0].rounds[1].failures.push(failure()), &["errors!"]);
}
