//! Every code: found where it is, in words that a person reads, and not found where it is not.
//!
//! `UPDATE_EXPECT=1 cargo test --lib analyze::` writes the golden files anew; read the difference before committing it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::resources::{DEMO, Input};

/// The mesh that cases are analyzed together with, unless they say that they stand alone.
const MESH: &str = include_str!("../../tests/golden/analyze/mesh.yaml");

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The YAML files of a folder, by the name before the ending.
fn cases(name: &str) -> BTreeMap<String, String> {
    let paths = fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path());
    let yaml = paths.filter(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    let case = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    yaml.map(case).filter(|(name, _)| name != "mesh").collect()
}

fn inputs(name: &str, text: &str) -> Vec<Input> {
    let case = Input::text(format!("{name}.yaml"), text);
    if text.starts_with("# alone") { vec![case] } else { vec![Input::text("mesh.yaml", MESH), case] }
}

fn found(name: &str, text: &str) -> Findings {
    examine(&inputs(name, text), None).unwrap()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "UPDATE_EXPECT rewrites golden files, in this test only")]
fn findings_read_as_they_should() {
    for (name, text) in cases("tests/golden/analyze") {
        let findings = found(&name, &text);
        let actual = findings.to_string();
        let path = folder("tests/golden/analyze").join(&name).with_extension("txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&path, &actual).unwrap();
        }
        let expect = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(actual, expect, "{}", path.display());
        let ids: Vec<_> = findings.findings.iter().map(|finding| finding.code.id).collect();
        assert!(ids.contains(&name.as_str()), "{name} is not among {ids:?}");
    }
}

#[test]
fn every_code_has_its_cases_and_its_own_number() {
    let there = |folder_name: &str, id: &str| folder(folder_name).join(id).with_extension("yaml").exists();
    for code in CODES {
        assert!(there("tests/golden/analyze", code.id), "no case for {}", code.id);
        assert!(there("tests/golden/analyze/good", code.id), "no good case for {}", code.id);
        assert!(code.url().starts_with("https://"), "{}", code.id);
    }
    let mut ids: Vec<_> = CODES.iter().map(|code| code.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), CODES.len(), "a number was used twice");
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    for (name, text) in cases("tests/golden/analyze/good") {
        let findings = found(&name, &text);
        assert!(findings.findings.is_empty(), "{name}:\n{findings}");
    }
}

#[test]
fn what_is_shipped_has_no_findings() {
    let example = |name: &str| Input::Path(folder("examples").join(name));
    for inputs in [
        vec![Input::text("demo mesh", DEMO)],
        vec![Input::text("mesh.yaml", MESH)],
        vec![example("mesh.yaml")],
        vec![example("strict.yaml")],
        vec![example("mesh.yaml"), example("strict.yaml")],
        vec![Input::Path(folder("tests/data/seeds/000.yaml"))],
    ] {
        let findings = examine(&inputs, None).unwrap();
        assert!(findings.findings.is_empty(), "{findings}");
    }
}

/// The seeds are as people wrote them: one has a selector in a namespace where nothing of it runs, one has three policies
/// for one namespace.
#[test]
fn the_seeds_real_mistakes_are_found() {
    let check = |name: &str, expect: &[&str]| {
        let findings = examine(&[Input::Path(folder("tests/data/seeds").join(name))], None).unwrap();
        let ids: Vec<_> = findings.findings.iter().map(|finding| finding.code.id).collect();
        assert_eq!(ids, expect, "{findings}");
    };
    check("001.yaml", &["GT1110"]);
    check("004.yaml", &["GT1106", "GT1106"]);
}

#[test]
fn a_fix_removes_its_finding_and_touches_nothing_else() {
    let check = |name: &str, old: &str, new: &str| {
        let cases = cases("tests/golden/analyze");
        let text = &cases[name];
        let count = |inputs: &[Input]| {
            let findings = examine(inputs, None).unwrap().findings;
            findings.iter().filter(|finding| finding.code.id == name && !finding.patch.is_empty()).count()
        };
        let before = inputs(name, text);
        assert!(count(&before) > 0, "{name} has nothing to fix");
        let mended = mend(&before, &[], None).unwrap();
        assert_eq!(count(&mended.inputs), 0, "{name}");
        assert_eq!(mended.inputs, inputs(name, &text.replace(old, new)), "{name}");
        assert_eq!(mend(&mended.inputs, &[], None).unwrap().edits, [], "{name} twice");
    };
    check("IST0106", "version: 1}", "version: \"1\"}");
    check("IST0108", "bypas-", "bypass-");
    check("GT1001", "dataplane_mode", "dataplane-mode");
    check("GT1002", "\"Ambient\"", "\"ambient\"");
    check("GT1104", "\"80\"", "\"8080\"");
    check("GT1111", "  selector: {}\n", "");
    check("GT1201", "  selector: {}\n", "");
    check("GT1202", "[\"80\"]", "[\"8080\"]");
    check("GT1207", "spiffe://", "");
    check("GT1208", "- cluster.local/", "- example.org/");
}

#[test]
fn a_file_that_must_not_change_does_not() {
    let text = &cases("tests/golden/analyze")["GT1104"];
    let before = inputs("GT1104", text);
    let mended = mend(&before, &["GT1104.yaml"], None).unwrap();
    assert_eq!((mended.inputs, mended.edits), (before, vec![]));
}

#[test]
fn an_object_can_silence_codes() {
    let text = &cases("tests/golden/analyze")["GT1101"];
    let check = |codes: &str, expect: usize| {
        let annotation =
            format!("annotations: {{galley.istio.io/analyze-suppress: \"{codes}\"}}, name: web,");
        let text = text.replace("name: web,", &annotation);
        assert_eq!(found("a", &text).findings.len(), expect, "{codes}");
    };
    check("GT1101", 0);
    check("IST0108, GT1101", 0);
    check("*", 0);
    check("GT1102", 1);
}

/// A look at each policy for each workload, or the other way round, would not end within anybody's patience.
#[test]
fn thousands_of_workloads_and_policies_are_looked_at_once() {
    const EACH: usize = 3_000;
    let mut text = String::from(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {istio.io/dataplane-mode: ambient}}\n",
    );
    let document = |name: &str, number: usize, rest: String| {
        format!(
            "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: {name}{number}}}\nspec: {rest}\n"
        )
    };
    for number in 0..EACH {
        text += &format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: pod-{number}, labels: {{app: a{number}, tier: t}}}}\n"
        );
        text += "spec: {containers: [{ports: [{containerPort: 80}]}]}\n";
        text += &match number % 2 {
            0 => document(
                "a",
                number,
                format!(
                    "{{selector: {{matchLabels: {{app: a{number}}}}}, portLevelMtls: {{81: {{mode: STRICT}}}}}}"
                ),
            ),
            _ => document("b", number, "{selector: {matchLabels: {tier: t}}}".to_owned()),
        };
    }
    let findings = examine(&[Input::text("big.yaml", text)], None).unwrap();
    let count = |id: &str| findings.findings.iter().filter(|finding| finding.code.id == id).count();
    assert_eq!((count("GT1105"), count("GT1106")), (EACH / 2, EACH / 2 - 1));
}
