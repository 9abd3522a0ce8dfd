//! What is edited, what is left alone, and that nothing else changes.

use super::*;
use crate::resources::{Input, Objects};

fn document(spec: &str) -> String {
    format!("apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: é}}\n{spec}\n")
        .replace('é', "e")
}

/// The document after the change, or `None` if there is none to make.
fn changed(spec: &str, change: impl FnOnce(&mut Places, &Object) -> Option<Edit>) -> Option<String> {
    let text = document(spec);
    let objects = Objects::read(&[Input::text("a.yaml", &*text)]).unwrap();
    let edit = change(&mut Places::default(), objects.iter().next().unwrap())?;
    let mut edits = Edits::default();
    assert!(edits.add(&[edit]));
    Some(edits.apply("a.yaml", &text))
}

#[test]
fn ports_are_replaced_in_their_own_quotes() {
    #[track_caller]
    fn check(before: &str, after: Option<&str>) {
        let path = Path::new("spec.portLevelMtls").key(80).itself();
        let found = changed(before, |places, object| places.replace(object, &path, "80", "8080"));
        assert_eq!(found, after.map(document), "{before}");
    }
    let spec =
        |ports: &str| format!("spec: {{selector: {{matchLabels: {{a: b}}}}, portLevelMtls: {ports}}} # é");
    check(&spec("{80: {mode: STRICT}}"), Some(&spec("{8080: {mode: STRICT}}")));
    check(&spec("{\"80\": {mode: STRICT}}"), Some(&spec("{\"8080\": {mode: STRICT}}")));
    check(&spec("{'80' : {mode: STRICT}}"), Some(&spec("{'8080' : {mode: STRICT}}")));
    check(&spec("{81: {mode: STRICT}}"), None);
}

#[test]
fn entries_are_removed_with_their_line_or_their_comma() {
    #[track_caller]
    fn check(before: &str, after: Option<&str>) {
        let path = Path::new("spec.selector");
        assert_eq!(
            changed(before, |places, object| places.remove(object, &path)),
            after.map(document),
            "{before}"
        );
    }
    check("spec:\n  selector: {}\n  mtls: {mode: STRICT}", Some("spec:\n  mtls: {mode: STRICT}"));
    check("spec:\n  mtls: {mode: STRICT}\n  selector: { }", Some("spec:\n  mtls: {mode: STRICT}"));
    check("spec:\n  selector: {} # all\n  mtls: {}", Some("spec:\n   # all\n  mtls: {}"));
    check("spec: {selector: {}, mtls: {}}", Some("spec: {mtls: {}}"));
    check("spec: {mtls: {}, selector: {matchLabels: {}}}", Some("spec: {mtls: {}}"));
    // The only entry, and one over several lines, are left to a person.
    check("spec:\n  selector: {}", None);
    check("spec:\n  selector:\n    matchLabels: {}\n  mtls: {}", None);
}

#[test]
fn a_number_is_quoted() {
    let check = |text: &str, column: usize, expect: Option<&str>| {
        let mark = Mark { source: crate::mesh::Source::new("a", 2), column, length: 1, text: "".into() };
        assert_eq!(mark.quoted(text).map(|edit| edit.after).as_deref(), expect, "{text:?}");
    };
    check("a:\n- [80, 81]", 4, Some("\"80\""));
    check("a:\n- [80, 81]", 8, Some("\"81\""));
    check("a:\n- v1", 3, None);
    check("a:\n- 1.10 # x", 3, Some("\"1.10\""));
    check("a:\n- 0x50", 3, None);
}

#[test]
fn changes_that_overlap_are_made_one_at_a_time() {
    let edit = |range: Range<usize>| Edit {
        file: "a".into(),
        line: 1,
        range,
        before: String::new(),
        after: "x".to_owned(),
    };
    let mut edits = Edits::default();
    assert!(edits.add(&[edit(0..2)]));
    assert!(!edits.add(&[edit(4..5), edit(1..3)]));
    assert!(edits.add(&[edit(2..3)]));
    assert_eq!(edits.apply("a", "abcdef"), "xxdef");
    assert_eq!(edits.apply("b", "abcdef"), "abcdef");
}
