//! Every table of `config`, narrow and wide, and the other forms of one of them.

use glasstunnel::cli::{Format, Listed, listing};

use crate::{fixture, golden};

fn both<T: Listed>(name: &str, items: &[T]) {
    let narrow = listing(items, Format::Table, true);
    let wide = listing(items, Format::Wide, true);
    for (narrow, wide) in narrow.lines().zip(wide.lines()) {
        assert!(
            wide.starts_with(narrow.split("   ").next().unwrap()),
            "wide only appends: {narrow:?} {wide:?}"
        );
    }
    golden::check(
        name,
        &format!("$ glasstunnel config {name}\n{narrow}\n$ glasstunnel config {name} -o wide\n{wide}"),
    );
}

#[test]
fn tables_are_istioctls() {
    let demo = fixture::demo();
    both("workloads", &demo.workloads);
    both("services", &demo.services);
    both("policies", &demo.policies);
    both("certificates", &fixture::certificates());
    both("connections", &fixture::connections());
}

#[test]
fn identities_have_bars_and_countdowns() {
    let identities = fixture::identities();
    let text = listing(&identities, Format::Wide, true);
    golden::check("certs-list", &format!("$ glasstunnel certs list -o wide\n{text}"));
}

#[test]
fn one_answer_has_many_forms() {
    let demo = fixture::demo();
    let webhook = &demo.workloads[4..5];
    let form = |flag: &str, format| {
        format!("$ glasstunnel config workloads -o {flag}\n{}\n", listing(webhook, format, true))
    };
    let forms = [
        form("json", Format::Json),
        form("yaml", Format::Yaml),
        form("jsonl", Format::Jsonl),
        form("name", Format::Name),
    ];
    golden::check("forms", &forms.concat());
}

#[test]
fn headers_can_be_left_out() {
    let demo = fixture::demo();
    let (with, without) =
        (listing(&demo.services, Format::Table, true), listing(&demo.services, Format::Table, false));
    assert_eq!(with.lines().count(), without.lines().count() + 1);
    assert!(with.starts_with("NAMESPACE   SERVICE NAME"));
}
