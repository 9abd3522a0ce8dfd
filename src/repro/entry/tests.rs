//! The catalogue's files: all there, in order, about rows that there are, and each of them runs alone.

use std::path::Path;

use super::*;

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
        let conclusive = |client: &crate::scenario::Client| !client.expect.wanted.is_empty();
        assert!(scenario.clients.iter().any(conclusive), "{} expects nothing", entry.file);
    }
}

#[test]
fn every_entry_stands_alone() {
    for entry in entries() {
        let alone = entry.standalone().unwrap();
        let scenarios = load(&[], &[Input::text("alone.yaml", alone.as_str())]);
        assert_eq!(scenarios.unwrap_or_else(|error| panic!("{}: {error}", entry.file)).len(), 1);
        // Those of steps and fixes are indented.
        let servers =
            alone.lines().filter(|line| line.starts_with("metadata: {name: server, labels")).count();
        assert_eq!(servers, 1, "{alone}");
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
