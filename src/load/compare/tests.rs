//! Comparing runs that were kept.

use super::*;
use crate::admin::Document;
use crate::load::fail_if::Outcome;
use crate::load::names::stems;
use crate::load::price::prices;
use crate::load::run::Failure;
use crate::reason::Reason;

const MAIN: &str = include_str!("../../../tests/data/bench/main.json");
const PR_41: &str = include_str!("../../../tests/data/bench/pr-41.json");

fn run(text: &str) -> Run {
    serde_json::from_str::<Document<Run>>(text).unwrap().body
}

#[test]
fn what_changed_is_found_and_nothing_else() {
    let comparison = compare(&run(MAIN), &run(PR_41), false).unwrap();
    let found = |path: &str, metric: Metric| {
        comparison.rows.iter().find(|row| row.path == path && row.metric == metric).map(|row| row.verdict)
    };
    assert_eq!(found("hbone", Metric::P99), Some(Verdict::Worse));
    assert_eq!(found("hbone", Metric::ProxyCpu), Some(Verdict::Better));
    assert_eq!(found("hbone", Metric::P50), Some(Verdict::NoDifference));
    assert_eq!(found("hbone", Metric::Memory), Some(Verdict::CannotTell));
    assert_eq!(found("direct", Metric::Memory), None, "there are no proxies");
    assert_eq!(found("direct", Metric::ProxyCpu), None);
    assert_eq!(found("direct", Metric::Rate), Some(Verdict::NoDifference));
    assert_eq!(comparison.outcome(), Outcome::Holds);
}

#[test]
fn more_is_better_of_some_figures_only() {
    let sure =
        |low, high| Change { percent: low, interval: Some(crate::load::interval::Interval { low, high }) };
    assert_eq!(verdict(sure(1.0, 2.0), Metric::Rate), Verdict::Better);
    assert_eq!(verdict(sure(-2.0, -1.0), Metric::Rate), Verdict::Worse);
    assert_eq!(verdict(sure(1.0, 2.0), Metric::P99), Verdict::Worse);
    assert_eq!(verdict(sure(-2.0, -1.0), Metric::P99), Verdict::Better);
    assert_eq!(verdict(sure(-1.0, 1.0), Metric::P99), Verdict::NoDifference);
    assert_eq!(verdict(sure(0.0, 0.0), Metric::P99), Verdict::NoDifference);
}

#[test]
fn runs_that_were_not_made_alike_are_refused() {
    let main = run(MAIN);
    let check = |bend: &dyn Fn(&mut Run), expect: &str| {
        let mut other = run(PR_41);
        bend(&mut other);
        let error = compare(&main, &other, false).unwrap_err();
        assert_eq!(error.code(), "bench.different_runs");
        assert!(error.to_string().ends_with(expect), "{error}");
        let forced = compare(&main, &other, true).unwrap();
        assert_eq!(forced.differs.len(), 1, "{:?}", forced.differs);
    };
    check(
        &|run| run.environment.kernel = "Linux 7".to_owned(),
        "kernel (Linux 6.1.0-example against Linux 7)",
    );
    check(&|run| run.environment.cpu = "other".to_owned(), "cpu (example against other)");
    check(&|run| run.environment.cores = 8, "cores (4 against 8)");
    check(&|run| run.environment.memory *= 2, "memory (16 GiB against 32 GiB)");
    check(&|run| run.environment.profile = "debug".to_owned(), "profile (release against debug)");
    check(&|run| run.environment.governor = None, "governor (performance against none)");
    check(
        &|run| run.environment.congestion_control = Some("bbr".to_owned()),
        "congestionControl (cubic against bbr)",
    );
    check(&|run| run.work = Work::Connect, "work (rr against connect)");
    check(&|run| run.settings.rate = None, "settings.rate (12000.0 against none)");
    check(&|run| run.settings.policies = 100, "settings.policies (0 against 100)");
    check(
        &|run| run.settings.place = crate::load::run::Place::OneProcess,
        "(twoProcesses against oneProcess)",
    );
    // Time, load, version and command line are what differs between two runs.
    let mut later = run(PR_41);
    later.environment.load_average = 3.0;
    later.environment.version = "9".to_owned();
    assert!(compare(&main, &later, false).is_ok());
}

#[test]
fn paths_of_one_run_only_are_said() {
    let (main, mut other) = (run(MAIN), run(PR_41));
    other.paths.retain(|path| path.name != "tls");
    other.paths[0].name = "ztunnel".to_owned();
    let comparison = compare(&main, &other, false).unwrap();
    assert_eq!(comparison.only_a, ["direct", "tls"]);
    assert_eq!(comparison.only_b, ["ztunnel"]);
    assert!(comparison.rows.iter().all(|row| row.path != "tls"));
}

/// A path that is gone, or whose units failed, is no better for it.
#[test]
fn what_is_missing_does_not_hold() {
    let main = run(MAIN);
    let outcome = |bend: &dyn Fn(&mut Run), condition: &str| {
        let mut other = run(MAIN);
        bend(&mut other);
        let condition = condition.parse().unwrap();
        let judged = compare(&main, &other, true).unwrap().judge(&[condition]).unwrap();
        (
            judged.outcome(),
            judged.judged.iter().filter_map(|judged| judged.because.clone()).collect::<Vec<_>>(),
        )
    };
    assert_eq!(outcome(&|_| {}, "p99>+5%"), (Outcome::Holds, vec![]));
    let gone = |run: &mut Run| run.paths.retain(|path| path.name != "tls");
    assert_eq!(outcome(&gone, "p99>+5%"), (Outcome::Undecided, vec!["only main has this path".to_owned()]));
    assert_eq!(outcome(&gone, "hbone.p99>+5%"), (Outcome::Holds, vec![]));
    let failed = |run: &mut Run| {
        let failures = vec![Failure { says: "reset".to_owned(), times: 7 }];
        run.paths
            .iter_mut()
            .filter(|path| path.name == "hbone")
            .for_each(|path| path.rounds[0].failures = failures.clone());
    };
    let because = "failed units are in no figure: 0 of A, 7 of B".to_owned();
    assert_eq!(outcome(&failed, "p99>+5%"), (Outcome::Undecided, vec![because]));
    let more = |run: &mut Run| {
        let memory = run.paths[4].memory.as_mut().unwrap();
        memory.source_each = memory.source_each.map(|each| each * 3.0);
    };
    assert_eq!(outcome(&more, "hbone.memory>+5%"), (Outcome::Fails, vec![]));
}

#[test]
fn nothing_shared_is_nothing_compared() {
    let (main, mut other) = (run(MAIN), run(PR_41));
    other.paths.iter_mut().for_each(|path| path.name += " ×4");
    let error = compare(&main, &other, false).unwrap_err();
    assert_eq!(error.code(), "bench.nothing_shared");
    assert!(
        error.to_string().contains("found direct, raw, tls, mtls, hbone in one and direct ×4"),
        "{error}"
    );
}

#[test]
fn each_layer_has_its_price() {
    let main = run(MAIN);
    let all = prices(&main);
    let [group] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((group.whole.from.as_str(), group.whole.to.as_str()), ("direct", "hbone"));
    let steps: Vec<_> = group.steps.iter().map(|price| price.buys.as_str()).collect();
    assert_eq!(steps, ["two proxies", "encryption", "client certificate", "HTTP/2 CONNECT"]);
    let sum: f64 = group.steps.iter().map(|price| price.p50.unwrap().value).sum();
    assert!((sum - group.whole.p50.unwrap().value).abs() < 1.0, "the steps make the whole");
    assert!(group.whole.rate.is_none(), "the rate was given");
}

#[test]
fn what_is_missing_has_no_price() {
    let mut run = run(MAIN);
    run.paths.retain(|path| matches!(path.name.as_str(), "raw" | "hbone"));
    run.paths[0].rounds.truncate(1);
    let mut target = run.paths[1].clone();
    target.name = "ztunnel".to_owned();
    target.rounds.iter_mut().for_each(|round| round.cpu.source = None);
    run.paths.push(target);
    let group = prices(&run).remove(0);
    assert_eq!(group.whole.p50.unwrap().margin, None, "one pair of rounds");
    assert!(group.steps.is_empty(), "the whole is the step");
    let [instead] = group.others.as_slice() else { panic!("{:?}", group.others) };
    assert_eq!((instead.from.as_str(), instead.cpu), ("ztunnel", None));
    run.paths.truncate(1);
    assert!(prices(&run).is_empty());
    run.paths.clear();
    assert!(prices(&run).is_empty() && stems(&run, "x").is_empty());
}
