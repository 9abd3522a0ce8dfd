//! [`next`]: the commands that a row leads to, with those that make it happen.

use crate::knowledge::Row;
use crate::repro::entry::entry;

/// The commands to go on with, the one that makes the failure happen here first, if there is an entry for it. This is the
/// only place that says so: rows name none of these commands.
pub fn next(row: &Row) -> Vec<String> {
    let run = entry(row.id).map(|entry| format!("glasstunnel repro run {}", entry.row.id));
    run.into_iter().chain(row.next.iter().map(|command| (*command).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::rows;
    use crate::repro::left_out::LEFT_OUT;

    #[test]
    fn what_can_be_made_to_happen_says_how() {
        for row in rows() {
            let (first, rest) =
                next(row).split_first().map(|(first, rest)| (first.clone(), rest.len())).unwrap();
            let run = format!("glasstunnel repro run {}", row.id);
            assert_eq!(first == run, entry(row.id).is_some(), "{}: {first}", row.id);
            assert_eq!(rest + 1, row.next.len() + usize::from(first == run));
            assert!(row.next.iter().all(|command| !command.contains(" repro ")), "{} says it itself", row.id);
        }
        assert!(LEFT_OUT.iter().all(|(id, _)| entry(id).is_none()));
    }
}
