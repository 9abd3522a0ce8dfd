//! The catalogue's files: all there, in order, about rows that there are, and each of them runs alone.

use std::path::Path;

use super::*;
use crate::scenario::{Aspect, Client, End, Want, Wanted};

#[test]
fn the_list_is_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/repro/catalogue");
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != BASE_NAME).collect();
    let number =
        |name: &str| (name.chars().next(), name.split('-').next().unwrap()[1..].parse::<u32>().unwrap());
    names.sort_by_key(|name| number(name));
    let listed: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, names);
    assert_eq!(entries().count(), FILES.len(), "a file of no row");
}

#[test]
fn every_entry_is_of_its_row() {
    for entry in entries() {
        let scenario = entry.scenario().unwrap_or_else(|error| panic!("{error}")).unwrap();
        assert_eq!(entry.file, format!("{}-{}.yaml", entry.row.id, entry.row.name));
        assert_eq!(scenario.name, entry.row.id);
        let conclusive = |client: &Client| !client.expect.wanted.is_empty();
        assert!(scenario.clients.iter().any(conclusive), "{} expects nothing", entry.file);
    }
}

/// Those of which no proxy can tell the failure, and why.
const ONLY_THE_CLIENT: [(&str, &str); 4] = [
    ("A10", "the server's proxy delivers TLS that it does not know; whether its end is a reset is a race"),
    ("C48", "it works, one round trip later; openssl shows no certificate, so that it is refused after that"),
    ("E83", "nothing is said, and nothing recorded, before the client gives up"),
    ("G102", "nobody listens where the client dials"),
];

/// Each entry says where it ends, with which code and which flag; one that ends well says so, and over which wire; a few are
/// seen by the client alone.
#[test]
fn every_entry_names_stage_code_and_flag() {
    for entry in entries() {
        let scenario = entry.scenario().unwrap().unwrap();
        let names = |client: &Client, aspects: &[Aspect]| {
            let has = |wanted: &[Wanted], aspect: Aspect| {
                wanted.iter().any(|wanted| wanted.aspect == aspect && wanted.end == End::Connection)
            };
            let expect = &client.expect;
            aspects.iter().all(|aspect| {
                let outcomes = &expect.outcomes;
                has(&expect.wanted, *aspect)
                    || (!outcomes.is_empty() && outcomes.iter().all(|outcome| has(&outcome.wanted, *aspect)))
            })
        };
        let fails =
            scenario.clients.iter().any(|client| names(client, &[Aspect::Stage, Aspect::Code, Aspect::Flag]));
        let is_allowed = |client: &&Client| {
            let allowed = Want::Is(vec!["allow".to_owned()]);
            let is_verdict = |wanted: &Wanted| wanted.aspect == Aspect::Verdict && wanted.want == allowed;
            client.expect.wanted.iter().any(is_verdict)
        };
        let mut allowed = scenario.clients.iter().filter(is_allowed);
        let succeeds = allowed.any(|client| names(client, &[Aspect::Wire]));
        let is_client_s = ONLY_THE_CLIENT.iter().any(|(id, _)| *id == entry.row.id);
        let says_how = |client: &Client| {
            let has = |aspect| client.expect.wanted.iter().any(|wanted| wanted.aspect == aspect);
            has(Aspect::Sees) && has(Aspect::Exit)
        };
        assert!(
            !is_client_s || scenario.clients.iter().all(says_how),
            "{} says not what is seen",
            entry.file
        );
        assert_ne!(
            fails || succeeds,
            is_client_s,
            "{} names neither stage, code and flag nor a wire that is allowed",
            entry.file
        );
    }
}

#[test]
fn every_entry_stands_alone() {
    for entry in entries() {
        let alone = entry.standalone().unwrap();
        let scenarios = load(&[], &[Input::text("alone.yaml", alone.as_str())]);
        assert_eq!(scenarios.unwrap_or_else(|error| panic!("{}: {error}", entry.file)).len(), 1);
        let has = |wanted: &str| alone.matches(wanted).count();
        assert_eq!(has("\nmetadata: {name: server, labels"), 1, "{alone}");
    }
}

#[test]
fn an_entry_is_found_by_id_and_by_name() {
    let id = |asked: &str| entry(asked).map(|entry| entry.row.id);
    assert_eq!(
        (id("b25"), id("B25"), id("unknown-ca-different-root")),
        (Some("B25"), Some("B25"), Some("B25"))
    );
    assert_eq!((id("B2"), id("nobody")), (None, None));
}
