//! What `explain`, `get` and `strict --dry-run` print.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use glasstunnel::admin::{Document, ExplanationView, RehearsalRowView, RehearsalView, ResourceView, json};
use glasstunnel::cli::{Format, GetArguments, rehearsal, tables};
use glasstunnel::explain::{Manner, Question, explain};
use glasstunnel::mesh::{Semantics, build};
use glasstunnel::policy::{MtlsMode, Snapshot};
use glasstunnel::resources::{Input, KindNames, Objects, kind_named};

use crate::golden;

const MESH: &str = include_str!("../golden/cli/mesh.yaml");

fn objects() -> Objects {
    Objects::read(&[Input::text("mesh.yaml", MESH)]).unwrap()
}

fn snapshot(semantics: Semantics) -> Snapshot {
    let loaded = objects().assemble().unwrap();
    let mut spec = loaded.spec;
    spec.settings.semantics = semantics;
    Snapshot::new(Arc::new(build(spec).unwrap()), loaded.policies)
}

/// `--from A --to B:PORT [--as WIRE] [--under MODE]`, as typed.
fn answer(semantics: Semantics, words: &str) -> ExplanationView {
    let snapshot = snapshot(semantics);
    let words: Vec<&str> = words.split_whitespace().collect();
    let flag = |name: &str| words.iter().position(|word| *word == name).map(|place| words[place + 1]);
    let manner = flag("--as").map(|word| word.parse::<Manner>().unwrap());
    let question = Question::read(&snapshot.mesh, flag("--from").unwrap(), flag("--to").unwrap(), manner);
    let under = flag("--under").and_then(|word| MtlsMode::read(word).unwrap());
    ExplanationView::of(&explain(&snapshot, &Question { under, ..question.unwrap() }))
}

#[test]
fn explanations_read_well() {
    let questions = [
        "--from legacy --to ratings:9080",
        "--from reviews --to ratings:9080",
        "--from outside/client --to reviews:80",
        "--from details --to reviews:80",
        "--from legacy --to reviews:80 --as tls --under STRICT",
        "--from reviews --to sidecar/billing:8080",
        "--from 10.1.2.3 --to details:9080",
        "--from spiffe://cluster.local/ns/elsewhere/sa/x --to ratings:9080",
    ];
    let told = questions.map(|question| {
        let text = answer(Semantics::Istio, question).text.unwrap();
        format!("$ glasstunnel explain -f mesh.yaml {question}\n{text}")
    });
    golden::check("explain", &told.join("\n"));
    let ztunnel = answer(Semantics::Ztunnel, questions[0]).text.unwrap();
    golden::check("explain-ztunnel", &ztunnel);
    let mut view = answer(Semantics::Istio, questions[2]);
    view.text = None;
    golden::check("explain-json", &json(&Document::one(view)));
}

fn get(what: &[&str], all_namespaces: bool, output: Format) -> String {
    let objects = objects();
    let found: Vec<(&'static KindNames, Vec<ResourceView>)> = what
        .iter()
        .map(|word| {
            let kind = kind_named(word).unwrap();
            let wanted = |namespace: &str| all_namespaces || namespace == "default";
            let documents = objects
                .documents(|object| object.key.kind == kind.kind && wanted(&object.key.name.namespace));
            (
                kind,
                documents.into_iter().map(|(object, document)| ResourceView::of(object, document)).collect(),
            )
        })
        .collect();
    let arguments = GetArguments {
        what: Vec::new(),
        namespace: None,
        all_namespaces,
        output,
        no_headers: false,
        context: None,
    };
    // A quarter past the one creation time that the mesh names; what has none was read just now.
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_242_000 + 900);
    let table = tables(&found, &arguments, now);
    let flags = if all_namespaces { " -A" } else { "" };
    let wide = if output == Format::Wide { " -o wide" } else { "" };
    format!("$ glasstunnel get {}{flags}{wide}\n{table}\n", what.join(","))
}

#[test]
fn documents_are_listed_as_kubectl_does() {
    let listed = [
        get(&["pa"], true, Format::Table),
        get(&["ap"], false, Format::Wide),
        get(&["dr", "svc", "ns"], true, Format::Table),
    ];
    golden::check("get", &listed.concat());
}

fn row(source: &str, wire: &str, connections: usize, then: &str, why: Option<&str>) -> RehearsalRowView {
    RehearsalRowView {
        source: source.to_owned(),
        wire: wire.to_owned(),
        port: 9080,
        connections,
        open: usize::from(connections > 5),
        now: "allow".to_owned(),
        then: then.to_owned(),
        why: why.map(str::to_owned),
    }
}

#[test]
fn rehearsals_say_who_would_break() {
    let refuses = Some("STRICT from the candidate policy refuses plaintext");
    let view = |rows: Vec<RehearsalRowView>| RehearsalView {
        target: "ratings".to_owned(),
        mode: "STRICT".to_owned(),
        connections: rows.iter().map(|row| row.connections).sum(),
        breaking: rows.iter().filter(|row| row.then != "allow").map(|row| row.connections).sum(),
        cut: rows.iter().filter(|row| row.then != "allow").map(|row| row.open).sum(),
        rows,
        documents: Vec::new(),
    };
    let safe = row("default/reviews", "hbone", 371, "allow", None);
    let some = view(vec![
        row("default/legacy", "raw", 38, "deny", refuses),
        row("10.1.2.3", "tls", 3, "fail", Some("the client: expected a client certificate, found none")),
        safe.clone(),
    ]);
    let said = [
        rehearsal(&some, None),
        rehearsal(&view(vec![safe]), Some(Duration::from_secs(30))),
        rehearsal(&view(Vec::new()), None),
    ];
    golden::check(
        "strict",
        &said.map(|text| format!("$ glasstunnel strict ratings --dry-run\n{text}")).join("\n"),
    );
}
