//! [`differences`]: whether two rounds of a scenario came out alike, field by field.

use crate::scenario::{Report, Row};

/// What is a sentence, in which addresses and times change from round to round.
const SENTENCES: [&str; 3] = ["sees", "error", "why"];

/// What is counted: of a race only whether the shares are as documented.
const COUNTED: &str = "outcome";

/// What is otherwise in `other` than in `one`, a line each. Numbers in sentences do not count, since addresses, ports and
/// times are others in each round; codes, flags, alerts, exits, statuses and words do.
pub fn differences(one: &Report, other: &Report) -> Vec<String> {
    let (one, other) = (fields(one), fields(other));
    let mut found = Vec::new();
    for place in 0..one.len().max(other.len()) {
        let (before, after) = (one.get(place), other.get(place));
        if before != after {
            let told = |field: Option<&(String, String)>| {
                field.map_or_else(|| "nothing".to_owned(), |(name, value)| format!("{name} {value}"))
            };
            found.push(format!("{}, then {}", told(before), told(after)));
        }
    }
    found
}

/// All that is compared, by name.
fn fields(report: &Report) -> Vec<(String, String)> {
    let mut fields = vec![
        ("name".to_owned(), report.name.clone()),
        ("conclusion".to_owned(), format!("{:?}", report.conclusion)),
        (
            "problem".to_owned(),
            report.problem.as_ref().map_or_else(String::new, |trouble| trouble.code.clone()),
        ),
    ];
    for client in &report.clients {
        let of = |name: &str| format!("{}: {name}", client.name);
        fields.push((of("does"), client.does.clone()));
        fields.push((of("runs"), client.runs.to_string()));
        fields.push((of("inconclusive"), client.inconclusive.clone().unwrap_or_default()));
        let is_program = !client.does.contains(" → ");
        fields.extend(client.rows.iter().map(|row| {
            (of(&format!("{} {}", row.end, row.aspect)), format!("{}, {}", observed(row, is_program), row.ok))
        }));
    }
    fields
}

/// What is seen. Where the entry itself allows several things, each of them is as documented; what a program prints around
/// the words that are looked for is its own business.
fn observed(row: &Row, is_program: bool) -> String {
    match row.aspect.as_str() {
        COUNTED => String::new(),
        "sees" if is_program => String::new(),
        _ if row.expected.contains(" or ") => String::new(),
        aspect if SENTENCES.contains(&aspect) => unnumbered(&row.observed),
        _ => row.observed.clone(),
    }
}

/// Each word with a digit as `N`: an address, a time, a serial number. Of a text that was cut nothing, since where it is cut
/// depends on how long those are.
fn unnumbered(text: &str) -> String {
    if text.contains('…') {
        return String::new();
    }
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let words = text.split_inclusive(|c| !is_word(c)).map(|part| {
        let word = part.trim_end_matches(|c| !is_word(c));
        let rest = part.get(word.len()..).unwrap_or_default();
        if word.bytes().any(|byte| byte.is_ascii_digit()) { format!("N{rest}") } else { part.to_owned() }
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{ClientReport, Conclusion};

    fn report(aspect: &str, observed: &str) -> Report {
        let row = Row {
            end: "client".to_owned(),
            aspect: aspect.to_owned(),
            expected: String::new(),
            observed: observed.to_owned(),
            ok: true,
        };
        let client = ClientReport {
            name: "web".to_owned(),
            does: "web → db:80".to_owned(),
            runs: 1,
            rows: vec![row],
            inconclusive: None,
            seen: None,
            records: Vec::new(),
        };
        Report {
            name: "B25".to_owned(),
            title: String::new(),
            source: String::new(),
            conclusion: Conclusion::AsExpected,
            took_ns: 1,
            problem: None,
            clients: vec![client],
        }
    }

    #[test]
    fn what_changes_from_round_to_round_is_no_difference() {
        let check = |aspect: &str, one: &str, other: &str, count: usize| {
            let found = differences(&report(aspect, one), &report(aspect, other));
            assert_eq!(found.len(), count, "{aspect}: {found:?}");
        };
        check("error", "to 127.1.2.3:40 failed", "to 127.4.5.6:4711 failed", 0);
        check("error", "to 127.1.2.3:40 failed", "to 127.4.5.6:4711 worked", 1);
        check("why", "serial number 6f5baf0e is revoked", "serial number d11ceb00 is revoked", 0);
        check("exit", "56", "52", 1);
        check("outcome", "34 of 50", "35 of 50", 0);
        let found =
            differences(&report("exit", "56"), &Report { clients: Vec::new(), ..report("exit", "56") });
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(
            found.last().is_some_and(|line| line == "web: client exit 56, true, then nothing"),
            "{found:?}"
        );
    }
}
