//! The table's own rules.

use std::collections::BTreeMap;

use crate::knowledge::alert::alert;
use crate::knowledge::table::{by_alert, by_code, by_id, rows};

#[test]
fn the_catalogue_is_complete_and_in_order() {
    let numbers: Vec<u32> = rows().map(|row| row.id[1..].parse().unwrap()).collect();
    assert_eq!(numbers, (1..=105).collect::<Vec<_>>());
    for row in rows() {
        assert_eq!(by_id(&row.id.to_lowercase()).map(|found| found.id), Some(row.id));
        assert_eq!(by_id(row.name).map(|found| found.id), Some(row.id), "two rows are called {}", row.name);
    }
}

#[test]
fn letters_are_areas() {
    let letters: BTreeMap<char, String> =
        rows().map(|row| (row.id.chars().next().unwrap(), row.area.to_string())).collect();
    for row in rows() {
        assert_eq!(letters[&row.id.chars().next().unwrap()], row.area.to_string(), "{}", row.id);
    }
    assert_eq!(letters.len(), 7);
}

#[test]
fn every_row_says_what_to_do() {
    for row in rows() {
        let (id, title) = (row.id, row.title);
        assert!(!title.is_empty() && !title.ends_with('.') && title.chars().count() <= 80, "{id}: {title}");
        for sentence in [row.story, row.tells_apart, row.fix] {
            assert!(sentence.ends_with('.') || sentence.ends_with(')'), "{id}: {sentence:?}");
        }
        assert!(!row.next.is_empty() && !row.sources.is_empty(), "{id}");
        assert!(row.alerts.iter().all(|number| alert(*number).is_some()), "{id}");
        assert_eq!(row.words, row.words.to_lowercase(), "{id}");
    }
}

/// What a row refers to exists: `(B27)`.
#[test]
fn rows_refer_to_rows() {
    for row in rows() {
        let texts = [row.story, row.confusing, row.tells_apart, row.fix];
        let words = texts.into_iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
        let is_id = |word: &&str| {
            word.len() >= 3
                && word.starts_with(|c| ('A'..='G').contains(&c))
                && word[1..].bytes().all(|byte| byte.is_ascii_digit())
        };
        for id in words.filter(is_id).filter(|word| *word != "D0") {
            assert!(by_id(id).is_some(), "{} refers to {id}", row.id);
            assert_ne!(id, row.id, "{} refers to itself", row.id);
        }
    }
}

/// What only one row says, no other says: that would be shared.
#[test]
fn what_several_rows_say_is_marked_so() {
    let mut said: BTreeMap<String, Vec<(&str, bool)>> = BTreeMap::new();
    for row in rows() {
        for seen in row.seen {
            said.entry(seen.text.to_lowercase()).or_default().push((row.id, seen.shared));
        }
    }
    for (text, by) in said {
        let shared = by.iter().filter(|(_, shared)| *shared).count();
        assert!(by.len() == 1 || shared == by.len(), "{text:?} is said to be one row's own, by {by:?}");
    }
}

#[test]
fn codes_and_alerts_lead_to_rows() {
    let first = |code| by_code(code).next().map(|row| row.id);
    assert_eq!(first("tls.unknown_issuer"), Some("B25"));
    assert_eq!(first("peer_auth.strict_refuses_plaintext"), Some("A01"));
    assert_eq!(first("tls.no_such_cause"), None);
    assert_eq!(by_alert(48).map(|row| row.id).collect::<Vec<_>>(), ["B25", "B27", "B41"]);
    assert_eq!(by_alert(0).count(), 0);
}

/// Likeness leads to a row that is another one.
#[test]
fn rows_look_like_rows() {
    for row in rows() {
        for id in row.looks_like {
            let other = by_id(id).unwrap_or_else(|| panic!("{} looks like {id}, which is no row", row.id));
            assert_ne!(other.id, row.id);
        }
    }
}
