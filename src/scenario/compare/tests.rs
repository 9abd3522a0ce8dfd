//! Comparisons: what is right is right, and what is wrong is found.

use super::*;
use crate::scenario::expected::End;
use crate::scenario::saw::Saw;

fn run(exit: i32, text: &str) -> Observed {
    Observed::new(&Saw { text: text.to_owned(), exit: Some(exit), status: None }, None)
}

fn wanted(aspect: Aspect, want: Want) -> Wanted {
    Wanted { end: End::Client, aspect, want }
}

fn is(values: &[&str]) -> Want {
    Want::Is(values.iter().map(|value| (*value).to_owned()).collect())
}

fn contains(values: &[&str]) -> Want {
    Want::Holds(values.iter().map(|value| (*value).to_owned()).collect())
}

#[test]
fn a_wrong_expectation_fails() {
    let check = |wanted: Wanted, ok: bool| {
        let expected = Expected { wanted: vec![wanted], outcomes: Vec::new() };
        let rows = rows(&expected, &[run(56, "Recv failure: Connection reset by peer")]);
        assert_eq!(rows.iter().map(|row| row.ok).collect::<Vec<_>>(), [ok], "{rows:?}");
    };
    check(wanted(Aspect::Exit, is(&["56"])), true);
    check(wanted(Aspect::Exit, is(&["55", "56"])), true);
    check(wanted(Aspect::Exit, is(&["5"])), false);
    check(wanted(Aspect::Status, is(&["none"])), true);
    check(wanted(Aspect::Sees, contains(&["reset by peer"])), true);
    check(wanted(Aspect::Sees, contains(&["reset by peer", "alert"])), false);
    check(Wanted { end: End::Connection, ..wanted(Aspect::Verdict, is(&["allow"])) }, false);
    check(Wanted { end: End::Destination, ..wanted(Aspect::Code, is(&["not recorded"])) }, true);
}

#[test]
fn nothing_run_is_nothing_shown() {
    let expected = Expected { wanted: vec![wanted(Aspect::Exit, is(&["56"]))], outcomes: Vec::new() };
    assert!(!rows(&expected, &[])[0].ok);
}

#[test]
fn runs_are_counted() {
    let outcome =
        |exit: &str, at_least| Possible { wanted: vec![wanted(Aspect::Exit, is(&[exit]))], at_least };
    let runs: Vec<Observed> = (0..10).map(|number| run(if number < 7 { 56 } else { 55 }, "")).collect();
    let check = |outcomes: &[Possible], expect: &[(bool, &str)]| {
        let rows = rows(&Expected { wanted: Vec::new(), outcomes: outcomes.to_vec() }, &runs);
        let found: Vec<(bool, &str)> = rows.iter().map(|row| (row.ok, row.observed.as_str())).collect();
        assert_eq!(found, expect);
    };
    check(&[outcome("56", 5), outcome("55", 3)], &[(true, "7 of 10"), (true, "3 of 10"), (true, "each is")]);
    check(&[outcome("56", 8), outcome("55", 0)], &[(false, "7 of 10"), (true, "3 of 10"), (true, "each is")]);
    check(&[outcome("56", 0)], &[(true, "7 of 10"), (false, "3 of 10 are not: exit 55")]);
    let mixed = Expected { wanted: vec![wanted(Aspect::Exit, is(&["56"]))], outcomes: Vec::new() };
    let row = &rows(&mixed, &runs)[0];
    assert_eq!((row.ok, row.observed.as_str()), (false, "7×: 56; 3×: 55"));
}

#[test]
fn of_a_long_answer_the_part_that_matters_is_shown() {
    let long = format!("{}needle{}", "x".repeat(2_000), "y".repeat(2_000));
    let expected =
        Expected { wanted: vec![wanted(Aspect::Sees, contains(&["needle"]))], outcomes: Vec::new() };
    let row = &rows(&expected, &[run(0, &long)])[0];
    assert!(row.ok && row.observed.contains("needle") && row.observed.chars().count() < 310, "{row:?}");
}
