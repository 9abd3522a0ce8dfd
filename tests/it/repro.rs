//! The failure catalogue on real sockets: every entry comes out as documented, and every fix mends.

use std::fmt::Write as _;

use glasstunnel::knowledge::causes;
use glasstunnel::repro::{Entry, differences, entries};
use glasstunnel::resources::Input;
use glasstunnel::scenario::{Aspect, Conclusion, End, Report, Row, Scenario, load, run_all};
use tokio::sync::OnceCell;

/// How many meshes run beside each other.
const AT_ONCE: usize = 4;

fn scenario(entry: &Entry) -> Scenario {
    entry.scenario().unwrap_or_else(|error| panic!("{error}")).unwrap()
}

/// What is not as expected, a line each.
fn documented(reports: &[Report]) -> String {
    let mut text = String::new();
    for report in reports.iter().filter(|report| report.conclusion != Conclusion::AsExpected) {
        writeln!(text, "{} {:?} {:?}", report.name, report.conclusion, report.problem).unwrap();
        for client in &report.clients {
            for row in client.rows.iter().filter(|row| !row.ok) {
                writeln!(text, "  {}: {row:?} {:?}", client.name, client.inconclusive).unwrap();
            }
        }
    }
    text
}

/// The whole catalogue, played once for all tests that look at what came of it.
async fn played() -> &'static [Report] {
    static PLAYED: OnceCell<Vec<Report>> = OnceCell::const_new();
    PLAYED.get_or_init(play_all).await
}

async fn play_all() -> Vec<Report> {
    let scenarios: Vec<Scenario> = entries().map(|entry| scenario(&entry)).collect();
    assert!(scenarios.len() >= 80);
    run_all(scenarios, AT_ONCE, |_| ()).await
}

#[tokio::test]
async fn every_entry_comes_out_as_documented() {
    assert_eq!(documented(played().await), "");
}

/// What each end of an entry's failing connections really says leads to its row: first where the text is its own, and never
/// to others alone.
#[tokio::test]
async fn what_is_seen_leads_back_to_the_entry() {
    let mut astray = String::new();
    for (entry, report) in entries().zip(played().await) {
        // What the entry says nothing of, such as how a program that only looks on ends, is not its symptom.
        let fails = |row: &Row| row.aspect == "verdict" && row.expected != "allow";
        let failing = report.clients.iter().filter(|client| client.rows.iter().any(fails));
        let failing = failing.filter_map(|client| client.seen.as_ref());
        for (end, text) in failing.flat_map(|seen| SAID.map(|(end, aspect)| (end, seen.get(end, aspect)))) {
            let known = causes(text);
            let decided = known.matches.first().filter(|found| found.score >= RECOGNISED);
            let ids: Vec<&str> = known.ranked().iter().map(|(row, _)| row.id).collect();
            if decided.is_some() && !ids.contains(&entry.row.id) {
                writeln!(astray, "{} {end} {text:?} leads to {ids:?}", entry.row.id).unwrap();
            }
        }
    }
    assert_eq!(astray, "");
}

/// What is said of a failing connection.
const SAID: [(End, Aspect); 7] = [
    (End::Connection, Aspect::Code),
    (End::Connection, Aspect::Why),
    (End::Connection, Aspect::Alert),
    (End::Source, Aspect::Code),
    (End::Source, Aspect::Error),
    (End::Destination, Aspect::Code),
    (End::Destination, Aspect::Error),
];

/// From here on `why` recognises a sentence, a code or an alert, and not a word.
const RECOGNISED: u32 = 500;

#[tokio::test]
async fn every_fix_mends() {
    let fixes: Vec<Scenario> = entries().filter_map(|entry| Some(*scenario(&entry).fix?)).collect();
    assert!(fixes.len() >= 80);
    let reports = run_all(fixes, AT_ONCE, |_| ()).await;
    assert_eq!(documented(&reports), "");
}

/// The whole catalogue, and again, beside itself: nothing that is seen depends on the round.
#[tokio::test]
async fn two_rounds_come_out_alike() {
    let (first, second) = (played().await, play_all().await);
    let mut text = documented(&second);
    for (one, other) in first.iter().zip(&second) {
        for line in differences(one, other) {
            writeln!(text, "{}: {line}", one.name).unwrap();
        }
    }
    assert_eq!(text, "");
}

/// An expectation that is wrong in any one place must not pass.
#[tokio::test]
async fn what_is_wrong_differs() {
    let entry = entries().find(|entry| entry.row.id == "B25").unwrap();
    let wrong = [
        ("code: tls.unknown_issuer\n      flag", "code: tls.expired\n      flag"),
        ("alert: unknown_ca from server", "alert: unknown_ca from client"),
        ("exit: 56", "exit: 52"),
        ("tls.refused_unknown_ca", "tls.unknown_issuer"),
        ("verdict: fail", "verdict: deny"),
    ];
    let text = |(right, wrong): &(&str, &str)| {
        assert!(entry.text.contains(right), "{right}");
        Input::text("wrong.yaml", entry.text.replacen(right, wrong, 1))
    };
    let inputs: Vec<Input> = wrong.iter().map(text).collect();
    let scenarios = load(&[glasstunnel::repro::base()], &inputs).unwrap();
    for report in run_all(scenarios, AT_ONCE, |_| ()).await {
        let wrong = report.clients.iter().flat_map(|client| &client.rows).filter(|row| !row.ok).count();
        assert_eq!((report.conclusion, wrong), (Conclusion::Differed, 1), "{report:?}");
    }
}

#[tokio::test]
async fn a_shop_s_own_suite_passes() {
    let scenarios = load(&[], &[Input::Path("examples/scenarios".into())]).unwrap();
    assert!(scenarios.len() >= 2);
    assert_eq!(documented(&run_all(scenarios, AT_ONCE, |_| ()).await), "");
}

#[tokio::test]
async fn what_cannot_be_played_says_why() {
    let text = entries().next().unwrap().text;
    let check = async |right: &str, wrong: &str, code: &str| {
        assert!(text.contains(right), "{right}");
        let input = Input::text("wrong.yaml", text.replacen(right, wrong, 1));
        let reports = run_all(load(&[glasstunnel::repro::base()], &[input]).unwrap(), 1, |_| ()).await;
        let trouble = reports[0].problem.as_ref().unwrap();
        assert_eq!((reports[0].conclusion, trouble.code.as_str()), (Conclusion::Unplayable, code));
        assert!(trouble.is_mistake, "{trouble:?}");
    };
    check("from: outsider", "from: outsidre", "mesh.unknown_name").await;
    check("  clients:", "  afterwards: [{revoke: nobody}]\n  clients:", "scenario.lab").await;
    check("  clients:", "  faults: [{at: {ca: nobody}, fault: 'ca:deny'}]\n  clients:", "scenario.lab").await;
    check("  clients:", "  faults: [{at: {clock: outsider}, fault: clock=+1h}]\n  clients:", "scenario.lab")
        .await;
    check(
        "  clients:",
        "  faults: [{at: {workload: server, door: backend}, fault: \"h2:goaway@connect\"}]\n  clients:",
        "scenario.fault",
    )
    .await;
}

/// Each scenario is as much later as was asked; what is due by then is renewed, what is shown in its place is not.
#[tokio::test]
async fn time_is_a_parameter() {
    let of = |id: &str| scenario(&entries().find(|entry| entry.row.id == id).unwrap());
    let later = |scenario: &Scenario| scenario.at(time::Duration::hours(25));
    let (healthy, bent, unrenewed) = (*of("B22").fix.unwrap(), of("B22"), of("B25"));
    let reports = run_all(vec![later(&healthy), later(&bent), later(&unrenewed)], AT_ONCE, |_| ()).await;
    assert_eq!(documented(&reports[..2]), "", "a mesh that lives renews; what has expired stays so");
    let code = reports[2].records().next().unwrap().code();
    assert_eq!(code, Some("tls.unknown_issuer"), "that comes before its dates");
}
