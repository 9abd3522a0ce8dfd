//! What paths, runs and their files are called.

use std::collections::BTreeSet;

use crate::load::error::LoadError;
use crate::load::run::{PathReport, Run};

/// What stands between the name of a path and how many connections it had, where one `bench` tries several: `hbone ×4`.
const TIMES: &str = " ×";

/// A file name that long is taken everywhere, with room for a path's name and an extension (NAME_MAX is 255 bytes).
const LONGEST: usize = 120;

/// The name of a path without how many connections it had, and the rest with its space: `hbone ×4` is `hbone` and ` ×4`.
pub fn path_and_times(name: &str) -> (&str, &str) {
    name.find(TIMES).map_or((name, ""), |at| name.split_at(at))
}

/// The benchmark's own paths, each with one layer more than the one before it.
pub const OWN: [&str; 5] = ["direct", "raw", "tls", "mtls", "hbone"];

/// Whether a path is one of the benchmark's own, and no target.
pub(crate) fn is_own(path: &PathReport) -> bool {
    OWN.contains(&path_and_times(&path.name).0)
}

/// Whether there are proxies on this path: everywhere but on `direct`.
pub fn has_proxies(path: &PathReport) -> bool {
    path_and_times(&path.name).0 != "direct"
}

/// Holds a run's name to what can be a file's name in one folder, and says so if it cannot.
///
/// # Errors
///
/// [`LoadError::BadName`] with the name.
pub(crate) fn checked(name: &str) -> Result<&str, LoadError> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '@' | '=');
    let begins_well = name.starts_with(|c: char| c.is_alphanumeric());
    match begins_well && name.len() <= LONGEST && name.chars().all(is_plain) {
        true => Ok(name),
        false => Err(LoadError::BadName { found: name.to_owned() }),
    }
}

/// The file of each path of a run that has latencies, without an extension: `main-hbone`, `main-hbone-4`. No two are alike.
pub fn stems<'a>(run: &'a Run, base: &str) -> Vec<(&'a PathReport, String)> {
    let mut taken = BTreeSet::new();
    let paths = run.paths.iter().filter(|path| path.latency.is_some());
    paths.map(|path| (path, free(&format!("{base}-{}", plain(&path.name)), &mut taken))).collect()
}

/// A target may be called anything; a file may not.
fn plain(name: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    let words = name.split(|c: char| !kept(c)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").chars().take(LONGEST).collect()
}

fn free(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let mut name = wanted.to_owned();
    let mut next = 2;
    while !taken.insert(name.clone()) {
        name = format!("{wanted}-{next}");
        next += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_file_names() {
        let check = |name: &str, is_good: bool| assert_eq!(checked(name).is_ok(), is_good, "{name:?}");
        for good in ["main", "pr-41", "rr-20261121-034412", "ä", "a.b"] {
            check(good, true);
        }
        for bad in ["", ".", "..", ".main", "-o", "a/b", "a b", "a\0", "a\n", "..\\x", &"x".repeat(121)] {
            check(bad, false);
        }
    }

    #[test]
    fn paths_have_files_of_their_own() {
        let mut taken = BTreeSet::new();
        let mut check = |name: &str, expect: &str| {
            assert_eq!(free(&format!("main-{}", plain(name)), &mut taken), expect);
        };
        check("hbone", "main-hbone");
        check("hbone ×4", "main-hbone-4");
        check("a/b", "main-a-b");
        check("a b", "main-a-b-2");
        check("../a b", "main-..-a-b");
        check("é", "main-");
        assert_eq!(path_and_times("hbone ×16"), ("hbone", " ×16"));
        assert_eq!(path_and_times("my target"), ("my target", ""));
    }
}
