//! What `bench` shows of a run, and how it compares two.

use std::path::{Path, PathBuf};

use glasstunnel::admin::{Document, json};
use glasstunnel::cli::{
    ComparisonShape, Exit, ReportShape, bench_compare, bench_comparison_markdown, bench_comparison_text,
    bench_hgrm, bench_page, bench_report, bench_save, bench_table,
};
use glasstunnel::load::{LoadError, Run, compare, open};
use glasstunnel::reason::Reason;

use crate::{bench_runs, golden};

/// The folder of the fixtures, which are runs as `bench` saves them.
fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bench")
}

/// A folder that is gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("glasstunnel-{name}-{:016x}", rand::random::<u64>()));
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn fixtures_are_what_makes_them() {
    for run in [bench_runs::main(), bench_runs::pr_41()] {
        let file = format!("tests/data/bench/{}.json", run.name);
        golden::check_path(&file, &json(&Document::one(run.clone())));
        assert_eq!(open(&run.name, &fixtures()).unwrap(), run);
    }
}

#[test]
fn tables_stay_as_they_are() {
    golden::check("bench-table", &bench_table(&bench_runs::main(), false));
    golden::check("bench-wide", &bench_table(&bench_runs::main(), true));
    golden::check("bench-single", &bench_table(&bench_runs::single(), false));
    golden::check("bench-bulk", &bench_table(&bench_runs::bulk(), false));
}

#[test]
fn comparisons_stay_as_they_are() {
    let conditions = ["hbone.p99>+5%", "rate<-2%", "hbone.memory>+0%"].map(|text| text.parse().unwrap());
    let mut pr = bench_runs::pr_41();
    pr.notes.extend(bench_runs::single().notes.into_iter().take(1));
    let comparison = compare(&bench_runs::main(), &pr, false).unwrap().judge(&conditions).unwrap();
    golden::check("bench-compare", &bench_comparison_text(&comparison));
    golden::check_file("cli/bench-compare.md", &bench_comparison_markdown(&comparison));
    let bulk = compare(&bench_runs::main(), &bench_runs::single(), true).unwrap();
    golden::check("bench-compare-forced", &bench_comparison_text(&bulk));
}

#[test]
fn comparing_ends_as_its_conditions_say() {
    let check = |conditions: &[&str], expect: Exit| {
        let conditions: Vec<_> = conditions.iter().map(|text| text.parse().unwrap()).collect();
        let shape = ComparisonShape::Json;
        let (text, exit) = bench_compare(("main", "pr-41"), &fixtures(), &conditions, false, shape).unwrap();
        assert_eq!(exit, expect, "{conditions:?} {text}");
        assert!(text.contains("\"kind\": \"BenchComparison\""));
    };
    check(&[], Exit::Done);
    check(&["hbone.p99>+50%", "cpu>+5%"], Exit::Done);
    check(&["hbone.p99>+3%"], Exit::No);
    check(&["hbone.p99>+3%", "hbone.p50<-0%"], Exit::No);
    check(&["hbone.cpu<-2%"], Exit::No);
    let unknown = ["raw ×4.p99>+5%".parse().unwrap()];
    let shape = ComparisonShape::Table;
    let error = bench_compare(("main", "pr-41"), &fixtures(), &unknown, true, shape).unwrap_err();
    assert_eq!(error.code(), "bench.not_measured");
    assert!(error.hint().unwrap().starts_with("both have direct.rate, direct.p50"), "{:?}", error.hint());
    let error = bench_compare(("main", "absent"), &fixtures(), &[], true, shape).unwrap_err();
    assert_eq!(error.code(), "bench.unknown_run");
}

#[test]
fn histograms_are_hdrhistograms() {
    let run = bench_runs::main();
    golden::check_file("cli/bench.hgrm", &bench_hgrm(run.paths[4].latency.as_ref().unwrap()));
}

#[test]
fn pages_are_well_formed_and_need_nothing_else() {
    for run in [bench_runs::main(), bench_runs::pr_41(), bench_runs::single(), bench_runs::bulk()] {
        let page = bench_page(&run);
        is_whole(&run, &page);
        keep(&run, &page);
    }
    golden::check_file("cli/bench.html", &bench_page(&bench_runs::main()));
}

/// Runs as no machine makes them: nothing breaks, and nothing is shown that is no number.
#[test]
fn nothing_in_a_run_breaks_what_is_shown_of_it() {
    let bends: [fn(&mut Run); 10] = [
        |run| run.paths.clear(),
        |run| run.paths.iter_mut().for_each(|path| path.rounds.clear()),
        |run| run.paths.iter_mut().for_each(|path| path.rounds.truncate(1)),
        |run| run.paths.iter_mut().flat_map(|path| &mut path.rounds).for_each(|round| round.done = 0),
        |run| run.paths.iter_mut().flat_map(|path| &mut path.rounds).for_each(|round| round.took = 0),
        |run| run.paths.iter_mut().flat_map(|path| &mut path.rounds).for_each(|round| round.done = u64::MAX),
        |run| {
            run.paths.iter_mut().flat_map(|path| &mut path.rounds).for_each(|round| {
                round.cpu =
                    glasstunnel::load::Cpu { generator: u64::MAX, server: Some(u64::MAX), ..round.cpu };
            })
        },
        |run| {
            run.paths.iter_mut().filter_map(|path| path.latency.as_mut()).for_each(|latency| {
                latency.curve.clear();
            })
        },
        |run| {
            run.paths.iter_mut().filter_map(|path| path.latency.as_mut()).for_each(|latency| {
                latency
                    .curve
                    .iter_mut()
                    .for_each(|point| point.value = if point.at < 0.5 { 0 } else { u64::MAX });
            })
        },
        |run| {
            run.paths[1].name = format!("{} ]]> \u{202e}\u{0}\n", "long ".repeat(30));
            run.paths[2].name = String::new();
            run.paths[3].memory.as_mut().unwrap().line.truncate(1);
            run.environment.command.clear();
            run.notes.clear();
        },
    ];
    for (at, bend) in bends.into_iter().enumerate() {
        for mut run in [bench_runs::main(), bench_runs::single(), bench_runs::bulk()] {
            if at == 9 && run.name != "main" {
                continue;
            }
            bend(&mut run);
            is_whole(&run, &bench_page(&run));
            let Ok(comparison) = compare(&run, &bench_runs::main(), true) else {
                assert!(
                    run.paths
                        .iter()
                        .all(|path| bench_runs::main().paths.iter().all(|other| other.name != path.name))
                );
                continue;
            };
            let texts = [
                bench_table(&run, true),
                bench_comparison_text(&comparison),
                bench_comparison_markdown(&comparison),
                run.paths.iter().filter_map(|path| path.latency.as_ref()).map(bench_hgrm).collect(),
            ];
            for text in texts {
                assert!(!text.contains("NaN") && !text.contains('\u{202e}'), "{at}: {text}");
            }
        }
    }
}

/// Well-formed, with no script, nothing from elsewhere, numbers where numbers belong, and texts inside their drawings.
#[track_caller]
fn is_whole(run: &Run, page: &str) {
    let document = roxmltree::Document::parse(page.strip_prefix("<!DOCTYPE html>\n").unwrap()).unwrap();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        assert!(node.tag_name().name() != "script", "{node:?}");
        for attribute in node.attributes() {
            let is_number = !attribute.value().contains("NaN") && !attribute.value().contains("inf");
            assert!(is_number || attribute.name() == "aria-label", "{node:?} {}", attribute.value());
            assert!(!["src", "href", "onload", "onclick"].contains(&attribute.name()), "{node:?}");
        }
        if node.tag_name().name() == "text" {
            is_inside(node);
        }
    }
    assert!(!page.contains("://") && !page.contains("@import") && !page.contains("NaN"), "{}", run.name);
}

/// A letter of this size is 6.6 pixels wide in the mean, a little more or less from font to font.
#[track_caller]
fn is_inside(node: roxmltree::Node<'_, '_>) {
    let svg = node.ancestors().find(|node| node.tag_name().name() == "svg").unwrap();
    let view: Vec<f64> =
        svg.attribute("viewBox").unwrap().split(' ').map(|number| number.parse().unwrap()).collect();
    let number = |name| node.attribute(name).unwrap().parse::<f64>().unwrap();
    let wide = 6.6 * node.text().unwrap_or_default().chars().count() as f64;
    let left = match node.attribute("text-anchor") {
        Some("end") => number("x") - wide,
        Some("middle") => number("x") - wide / 2.0,
        _ => number("x"),
    };
    assert!(left >= -1.0 && left + wide <= view[2] + 1.0, "{node:?} {:?} {left} {wide}", node.text());
    assert!((0.0..=view[3]).contains(&number("y")), "{node:?}");
}

/// For a person who wants to look at them: `BENCH_PAGES=/tmp cargo test --test cli pages_are`.
fn keep(run: &Run, page: &str) {
    #[expect(clippy::disallowed_methods, reason = "how a person asks for the pages")]
    if let Some(folder) = std::env::var_os("BENCH_PAGES") {
        std::fs::write(Path::new(&folder).join(format!("{}.html", run.name)), page).unwrap();
    }
}

#[test]
fn runs_are_kept_whole_and_once() {
    let folder = Folder::new("runs");
    let run = bench_runs::main();
    let saved = bench_save(&run, &folder.0).unwrap();
    let names = ["direct", "hbone", "mtls", "raw", "tls"].map(|path| format!("main-{path}.hgrm"));
    let names: Vec<String> = names.into_iter().chain(["main.html", "main.json"].map(str::to_owned)).collect();
    assert_eq!((folder.names(), saved.hgrm.len()), (names, 5));
    assert_eq!(open(saved.json.to_str().unwrap(), Path::new("/nowhere")).unwrap(), run);
    let error = bench_save(&run, &folder.0).unwrap_err();
    assert!(matches!(&error, LoadError::Exists { path } if *path == saved.json), "{error}");
    assert_eq!(folder.names().len(), 7, "something was left behind: {:?}", folder.names());
    let bulk = bench_save(&bench_runs::bulk(), &folder.0).unwrap();
    assert!(bulk.hgrm.is_empty());
}

#[test]
fn runs_are_reported_in_every_shape() {
    let folder = Folder::new("reports");
    std::fs::create_dir(&folder.0).unwrap();
    let report = |name: &str, shape, file: Option<&str>| {
        let file = file.map(|file| folder.0.join(file));
        bench_report(name, &fixtures(), shape, file.as_deref()).map(|(text, _)| text)
    };
    let run = bench_runs::main();
    assert_eq!(report("main", ReportShape::Table, None).unwrap(), bench_table(&run, false));
    assert_eq!(report("main", ReportShape::Wide, None).unwrap(), bench_table(&run, true));
    assert_eq!(report("main", ReportShape::Html, None).unwrap(), bench_page(&run));
    let text = report("main", ReportShape::Json, None).unwrap();
    assert_eq!(text, std::fs::read_to_string(fixtures().join("main.json")).unwrap());
    let text = report("main", ReportShape::Hgrm, None).unwrap();
    assert_eq!(text.matches("#[Path    = ").count(), 5);
    let said = report("main", ReportShape::Hgrm, Some("x.hgrm")).unwrap();
    assert_eq!((said.lines().count(), folder.names().len()), (5, 5));
    assert!(folder.names().contains(&"x-mtls.hgrm".to_owned()));
    report("main", ReportShape::Html, Some("x.html")).unwrap();
    bench_save(&bench_runs::bulk(), &folder.0).unwrap();
    let bulk = folder.0.join("bulk.json");
    let error = report(bulk.to_str().unwrap(), ReportShape::Hgrm, None).unwrap_err();
    assert_eq!(error.code(), "bench.no_latency");
}
