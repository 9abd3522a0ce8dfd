//! What holds across the project: codes, documents, stages and locked versions.

use std::collections::BTreeMap;

use crate::source::{File, Literal, Tree, words};

/// Security floors: h2 before 0.4.20 swallows floods of empty DATA frames (RUSTSEC-2026-0258), the other two have
/// advisories on certificates (reliability.md part 1).
const FLOORS: [(&str, [u64; 3]); 3] =
    [("h2", [0, 4, 20]), ("rustls", [0, 23, 46]), ("rustls-webpki", [0, 103, 13])];

/// Where each stage of a connection is done.
const STAGES: [(&str, &str); 10] = [
    ("Accept", "src/proxy/accept.rs"),
    ("OrigDst", "src/proxy/orig_dst.rs"),
    ("Route", "src/proxy/route.rs"),
    ("Sniff", "src/sniff.rs"),
    ("PeerAuth", "src/policy/peer_auth.rs"),
    ("Tls", "src/tls.rs"),
    ("Hbone", "src/hbone.rs"),
    ("Authz", "src/policy/authz.rs"),
    ("Dial", "src/proxy/dial.rs"),
    ("Relay", "src/proxy/relay.rs"),
];

/// The table of causes, which names the codes of others.
const TABLE: &str = "src/knowledge/table/";

/// The stages whose codes say that a connection failed, so that somebody will ask why.
const FAILING: [&str; 11] = [
    "accept",
    "orig_dst",
    "route",
    "sniff",
    "peer_auth",
    "tls",
    "hbone",
    "authz",
    "dial",
    "relay",
    "identity",
];

/// Codes of these stages that need no row in the table of causes, and why.
const NO_ROW: [(&str, &str); 16] = [
    ("accept.bug", "a bug of this program; there is nothing to know but that"),
    ("identity.exists", "a command that would overwrite a file; no connection failed"),
    ("identity.open_key", "a key that everybody may read; the hint has the chmod"),
    ("identity.unreadable_revocation_list", "`--crl` at the start; no connection failed"),
    ("orig_dst.closed", "the program gave up before it said where to go"),
    ("orig_dst.command", "SOCKS5 spoken wrongly; the sentence has all there is"),
    ("orig_dst.protocol", "SOCKS5 spoken wrongly; the sentence has all there is"),
    ("orig_dst.target", "SOCKS5 spoken wrongly; the sentence has all there is"),
    ("orig_dst.timeout", "SOCKS5 spoken wrongly; the sentence has all there is"),
    ("orig_dst.too_long", "SOCKS5 spoken wrongly; the sentence has all there is"),
    ("orig_dst.unknowable", "the kernel does not know; the hint has the redirect rule"),
    ("sniff.read", "the system's error is the cause"),
    ("tls.crt", "a file's name, and no code"),
    ("tls.no_secret", "a DestinationRule names files that are not there; the sentence names them"),
    ("tls.refused", "an alert that no cause of the table sends; its name is all there is"),
    ("tls.server_name", "a name in a DestinationRule that is none; the sentence has it"),
];

/// The table of causes and the codes of failed connections name each other.
pub(crate) fn codes_have_rows(tree: &Tree) -> Vec<String> {
    let (table, source): (Vec<&File>, Vec<&File>) =
        tree.files.iter().partition(|file| file.path.starts_with(TABLE));
    let (known, made) = (failing_codes(&table), failing_codes(&source));
    let mut violations = Vec::new();
    for (code, place) in known.iter().filter(|(code, _)| !made.contains_key(*code)) {
        violations.push(format!("{place}: causes: no error has the code {code}; correct the row"));
    }
    for (code, place) in &made {
        let excused = NO_ROW.iter().any(|(other, _)| other == code);
        match (known.contains_key(code), excused) {
            (false, false) => violations.push(format!(
                "{place}: causes: no row of {TABLE} has the code {code}, so that `why` and the hints know nothing of it; add it to a row, or to NO_ROW in tests/tidy/project.rs with the reason"
            )),
            (true, true) => violations.push(format!("{place}: causes: {code} has a row; take it out of NO_ROW")),
            _ => {}
        }
    }
    let gone = NO_ROW.iter().filter(|(code, _)| !table.is_empty() && !made.contains_key(code));
    violations.extend(gone.map(|(code, _)| {
        format!("tests/tidy/project.rs: causes: no error has the code {code}; take it out of NO_ROW")
    }));
    violations
}

/// The codes of [`FAILING`] stages in some files, each with the first place where it stands.
fn failing_codes<'a>(files: &[&'a File]) -> BTreeMap<&'a str, String> {
    let mut codes = BTreeMap::new();
    for file in files.iter().filter(|file| file.path.starts_with("src/")) {
        for literal in file.literals.iter().filter(|literal| literal.at < file.tests_at) {
            let fails = literal.text.split_once('.').is_some_and(|(stage, _)| FAILING.contains(&stage));
            if is_code(literal) && fails {
                codes.entry(literal.text.as_str()).or_insert_with(|| file.place(literal.at));
            }
        }
    }
    codes
}

/// A code found in a log leads to one place in the source; the table of causes may name it as well.
pub(crate) fn codes_are_unique(tree: &Tree) -> Vec<String> {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut codes = BTreeMap::new();
    let mut violations = Vec::new();
    for file in tree.files.iter().filter(|file| !file.path.starts_with(TABLE)) {
        let bodies = code_bodies(file.production());
        for literal in file.literals.iter().filter(|literal| literal.at < file.tests_at) {
            places.entry(&literal.text).or_default().push(file.place(literal.at));
            if !bodies.iter().any(|(start, end)| (*start..*end).contains(&literal.at)) {
                continue;
            }
            if is_code(literal) {
                codes.insert(literal.text.as_str(), ());
            } else {
                violations.push(format!(
                    "{}: error code: {:?} is not of the form `room_or_stage.cause`; rename it",
                    file.place(literal.at),
                    literal.text
                ));
            }
        }
    }
    for code in codes.keys() {
        let places = places.get(code).map(Vec::as_slice).unwrap_or_default();
        if places.len() > 1 {
            violations.push(format!(
                "{}: error code: {code} is written more than once; give each error a code of its own, and ask `code()` elsewhere",
                places.join(", ")
            ));
        }
    }
    violations
}

/// The insides of all `fn code(&self …) { … }`.
fn code_bodies(code: &str) -> Vec<(usize, usize)> {
    let all: Vec<_> = words(code).collect();
    let starts = all.windows(2).filter(|pair| pair[0].1 == "fn" && pair[1].1 == "code").map(|pair| pair[1].0);
    starts.filter_map(|at| block(code, at)).collect()
}

/// The next block in braces, unless a `;` comes first.
fn block(code: &str, from: usize) -> Option<(usize, usize)> {
    let open = from + code[from..].find(['{', ';'])?;
    let mut depth = 0_usize;
    for (at, c) in code[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return Some((open, open + at)),
            '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

fn is_code(literal: &Literal) -> bool {
    let is_name = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    literal.text.split_once('.').is_some_and(|(stage, cause)| is_name(stage) && is_name(cause))
}

/// Every path that ARCHITECTURE.md names in backticks exists.
pub(crate) fn architecture_is_true(tree: &Tree) -> Vec<String> {
    let Some(page) = tree.documents.get("ARCHITECTURE.md") else {
        return vec![
            "ARCHITECTURE.md: paths: there is no such file; write it, newcomers start there".to_owned(),
        ];
    };
    let quoted = page.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let paths = quoted.filter(|text| {
        ["src/", "tests/", "benches/", "examples/"].iter().any(|folder| text.starts_with(folder))
    });
    paths
        .filter(|path| !tree.paths.contains(path.trim_end_matches('/')))
        .map(|path| format!("ARCHITECTURE.md: paths: `{path}` does not exist; correct the page"))
        .collect()
}

/// Every variant of `Stage` is done in a file that exists, as far as its room is declared.
pub(crate) fn stages_have_files(tree: &Tree) -> Vec<String> {
    let rooms = tree.rooms();
    if !rooms.contains(&"telemetry") {
        return Vec::new();
    }
    let Some(variants) = tree.file("src/telemetry/stage.rs").and_then(variants) else {
        return vec![
            "src/telemetry/stage.rs: stages: there is no `enum Stage`; the stages have one spelling, there"
                .to_owned(),
        ];
    };
    let mut violations = Vec::new();
    for variant in variants {
        match STAGES.iter().find(|(name, _)| *name == variant) {
            None => violations.push(format!(
                "src/telemetry/stage.rs: stages: `{variant}` has no file; add it to STAGES in tests/tidy/project.rs"
            )),
            Some((_, path)) if rooms.contains(&File::new(path, "").module()[0]) && !tree.paths.contains(*path) => violations
                .push(format!("src/telemetry/stage.rs: stages: `{variant}` is done in {path}, which does not exist; name both alike")),
            Some(_) => {}
        }
    }
    violations
}

/// The variants of `enum Stage`, which hold no fields: words outside attributes.
fn variants(file: &File) -> Option<Vec<&str>> {
    let code = file.production();
    let all: Vec<_> = words(code).collect();
    let at = all.windows(2).find(|pair| pair[0].1 == "enum" && pair[1].1 == "Stage")?[1].0;
    let (start, end) = block(code, at)?;
    let body = &code[start..end];
    let outside = |at: usize| body[..at].matches('[').count() == body[..at].matches(']').count();
    Some(words(body).filter(|(at, _)| outside(*at)).map(|(_, word)| word).collect())
}

/// The lock file holds no version below its floor.
pub(crate) fn floors(tree: &Tree) -> Vec<String> {
    let Some(lock) = tree.documents.get("Cargo.lock") else {
        return vec![
            "Cargo.lock: security floors: there is no such file; commit it, this is a binary".to_owned(),
        ];
    };
    let mut violations = Vec::new();
    for (name, floor) in FLOORS {
        let versions = locked(lock, name);
        if versions.is_empty() {
            violations.push(format!("Cargo.lock: security floors: {name} is missing; if it is gone for good, take it out of FLOORS"));
        }
        for version in versions.into_iter().filter(|version| numbers(version) < floor) {
            let [major, minor, patch] = floor;
            violations.push(format!(
                "Cargo.lock: security floors: {name} {version} is below {major}.{minor}.{patch}; run `cargo update -p {name}`"
            ));
        }
    }
    violations
}

fn locked<'a>(lock: &'a str, name: &str) -> Vec<&'a str> {
    let wanted = format!("name = \"{name}\"");
    let lines: Vec<_> = lock.lines().collect();
    let pairs = lines.windows(2).filter(|pair| pair[0] == wanted);
    pairs.filter_map(|pair| pair[1].strip_prefix("version = \"")?.strip_suffix('"')).collect()
}

/// `1.2.3-rc.1+x` as `[1, 2, 3]`.
fn numbers(version: &str) -> [u64; 3] {
    let mut parts = version.split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| parts.next().unwrap_or(0))
}
