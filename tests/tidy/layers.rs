//! Who may import whom: rooms, files of a room, and external crates.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{File, Tree, words};

/// The rooms in the order of dependency (DESIGN section 3). `lib.rs` declares them, or those that exist, in this order.
const ORDER: [&str; 32] = [
    "reason",
    "knowledge",
    "addr",
    "trace_context",
    "drain",
    "io",
    "net",
    "identity",
    "sniff",
    "mesh",
    "policy",
    "tls",
    "hbone",
    "dns",
    "telemetry",
    "proxy",
    "explain",
    "ca",
    "resources",
    "analyze",
    "glass",
    "probe",
    "admin",
    "backend",
    "netns",
    "fault",
    "app",
    "lab",
    "scenario",
    "load",
    "repro",
    "cli",
];

/// Which rooms an external crate enters through, by the name that code says.
const DOORS: [(&str, &[&str]); 24] = [
    ("x509_parser", &["identity"]),
    ("rustls", &["tls"]),
    ("tokio_rustls", &["tls"]),
    // "Did you mean": only the mesh knows the names.
    ("strsim", &["mesh"]),
    // User names at the outbound door.
    ("base64", &["proxy"]),
    // One crate: code says `webpki`, Cargo.toml rustls-webpki.
    ("webpki", &["tls"]),
    ("rustls_webpki", &["tls"]),
    ("h2", &["hbone"]),
    ("prometheus_client", &["telemetry"]),
    ("tracing_subscriber", &["telemetry"]),
    // Events are made where a connection is ordered and where the process starts and stops.
    ("tracing", &["telemetry", "proxy", "app"]),
    ("rcgen", &["ca"]),
    ("serde_saphyr", &["resources"]),
    ("serde_json", &["telemetry", "resources", "admin", "load"]),
    ("hdrhistogram", &["load"]),
    // Decrypting a capture; keys and signatures that rcgen neither makes nor checks. Handshakes use it through rustls.
    ("aws_lc_rs", &["ca", "glass"]),
    ("hyper", &["admin"]),
    ("hyper_util", &["admin"]),
    ("http_body_util", &["admin"]),
    ("clap", &["cli"]),
    ("anstream", &["cli"]),
    ("anstyle", &["cli"]),
    // cli: limits. io: pipes in the kernel. load: timers that are exact to microseconds, where tokio's have a millisecond.
    ("rustix", &["cli", "io", "load"]),
    // Namespaces: std has none of it, and rustix wants `unsafe` for unshare(2).
    ("nix", &["net", "netns"]),
];

/// Crates that any room may use, with a space between two.
const COMMON: &str = "tokio bytes arc_swap thiserror rand socket2 time http serde pin_project_lite foldhash";

/// `lib.rs` declares known rooms, in the known order.
pub(crate) fn declaration_order(tree: &Tree) -> Vec<String> {
    if tree.file("src/lib.rs").is_none() {
        return vec![
            "src/lib.rs: declaration order: there is no such file; nothing can be checked".to_owned(),
        ];
    }
    let mut violations = Vec::new();
    let mut last = 0;
    for room in tree.rooms() {
        match rank(room) {
            None => violations.push(unknown("src/lib.rs", room)),
            Some(rank) if rank < last => violations.push(format!(
                "src/lib.rs: declaration order: `{room}` must stand above `{}`; the order of the rooms is the order of dependency",
                ORDER[last]
            )),
            Some(rank) => last = rank,
        }
    }
    violations
}

/// A room imports rooms above it only.
pub(crate) fn imports_go_up(tree: &Tree) -> Vec<String> {
    let mut violations = Vec::new();
    for file in &tree.files {
        let Some(room) = file.room() else { continue };
        let Some(own) = rank(room) else {
            violations.push(unknown(&file.path, room));
            continue;
        };
        let imported: BTreeSet<_> =
            crate_paths(file.production()).into_iter().filter_map(|path| path.into_iter().next()).collect();
        for name in imported {
            if rank(&name).is_some_and(|other| other > own) {
                violations.push(format!(
                    "{}: imports: {room} may not import `{name}`, which is declared below it; return a value and let a higher room join the two",
                    file.path
                ));
            }
        }
    }
    violations
}

/// The files of a room import each other along a tree, and never through their own table of contents.
pub(crate) fn no_cycles(tree: &Tree) -> Vec<String> {
    let modules: BTreeMap<String, &File> = tree
        .files
        .iter()
        .filter(|file| file.room().is_some())
        .map(|file| (file.module().join("::"), file))
        .collect();
    let mut violations = Vec::new();
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, file) in &modules {
        for path in imports(file) {
            let Some(target) = resolve(&modules, &path) else { continue };
            if !target.contains("::") && name.starts_with(&format!("{target}::")) {
                violations.push(format!(
                    "{}: imports: `crate::{}` goes through its own table of contents; import the sibling that has it",
                    file.path,
                    path.join("::")
                ));
            } else if target != name && room(target) == room(name) {
                edges.entry(name).or_default().insert(target);
            }
        }
    }
    let mut done = BTreeSet::new();
    for name in modules.keys() {
        search(name, &edges, &mut Vec::new(), &mut done, &mut violations);
    }
    violations
}

/// `room.rs` beside `room/` holds docs, `mod` and `pub use`, nothing else.
pub(crate) fn tables_of_contents(tree: &Tree) -> Vec<String> {
    const BANNED: [&str; 8] = ["fn", "struct", "enum", "impl", "trait", "const", "static", "macro_rules"];
    let has_files = |file: &File| {
        let folder = format!("{}/", file.path.trim_end_matches(".rs"));
        tree.files.iter().any(|other| other.path.starts_with(&folder) && !other.all_tests)
    };
    let rooms = tree.files.iter().filter(|file| file.room().is_some() && file.module().len() == 1);
    let mut violations = Vec::new();
    for file in rooms.filter(|file| has_files(file)) {
        if let Some((at, word)) = words(file.production()).find(|(_, word)| BANNED.contains(word)) {
            violations.push(format!(
                "{}: table of contents: it holds a `{word}`; move it into a file of {}/",
                file.place(at),
                file.path.trim_end_matches(".rs")
            ));
        }
    }
    violations
}

/// Every dependency has its door in [`DOORS`] or is [`COMMON`], and code uses it behind that door only.
pub(crate) fn crates_stay_in_their_rooms(tree: &Tree) -> Vec<String> {
    let Some(manifest) = tree.documents.get("Cargo.toml") else {
        return vec!["Cargo.toml: external crates: there is no such file; nothing can be checked".to_owned()];
    };
    let mut violations: Vec<String> = dependencies(manifest)
        .filter(|name| !COMMON.split(' ').any(|common| common == name) && DOORS.iter().all(|(door, _)| door != name))
        .map(|name| format!("Cargo.toml: external crates: `{name}` has no room; add it to DOORS in tests/tidy/layers.rs, or do without it"))
        .collect();
    for file in &tree.files {
        let Some(room) = file.room() else { continue };
        let used: BTreeSet<&str> = roots(file.production()).collect();
        for (name, rooms) in DOORS {
            if used.contains(name) && !rooms.contains(&room) {
                violations.push(format!(
                    "{}: external crates: `{name}` belongs to {}; ask that room for what you need",
                    file.path,
                    if rooms.is_empty() { "nobody".to_owned() } else { rooms.join(", ") }
                ));
            }
        }
    }
    violations
}

fn rank(room: &str) -> Option<usize> {
    ORDER.iter().position(|name| *name == room)
}

fn room(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}

fn unknown(path: &str, room: &str) -> String {
    format!(
        "{path}: declaration order: `{room}` is no known room; give it a place in ORDER in tests/tidy/layers.rs, or put the code into a room"
    )
}

fn dependencies(manifest: &str) -> impl Iterator<Item = String> {
    let section = manifest.split("[dependencies]").nth(1).unwrap_or_default();
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| Some(line.split_once('=')?.0.trim().replace('-', "_")))
}

/// The words that begin a path (`h2::x`) or are named by a `use` as a whole (`use h2;`, `use h2 as x;`).
fn roots(code: &str) -> impl Iterator<Item = &str> {
    words(code).filter_map(move |(at, word)| {
        let (before, after) = (code[..at].trim_end(), code[at + word.len()..].trim_start());
        let leads = after.starts_with("::") && !before.ends_with("::")
            || before.ends_with("::") && begins_globally(before);
        let alone = (after.starts_with("as ") || after.starts_with([';', ',', '}'])) && in_use(before);
        (leads || alone).then_some(word)
    })
}

/// `::h2` with nothing before the colons.
fn begins_globally(before: &str) -> bool {
    !before.trim_end_matches("::").ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '>')
}

/// Whether what stands before a word makes it the root of a `use`.
fn in_use(before: &str) -> bool {
    let statement = before.rsplit(';').next().unwrap_or(before);
    let Some(at) = words(statement).filter(|(_, word)| *word == "use").last().map(|(at, _)| at) else {
        return false;
    };
    let tree = statement[at + 3..].trim();
    tree.is_empty()
        || tree.starts_with('{')
            && tree.matches('{').count() == 1 + tree.matches('}').count()
            && !tree.ends_with("::")
}

/// All paths that begin with `crate::`, groups taken apart.
fn crate_paths(code: &str) -> Vec<Vec<String>> {
    paths_from(code, "crate")
}

fn paths_from(code: &str, root: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    // `pub(in crate::room)` says who may see an item; it imports nothing.
    let is_root = |(at, word): &(usize, &str)| *word == root && !code[..*at].trim_end().ends_with("(in");
    for (at, _) in words(code).filter(is_root) {
        if let Some(rest) = code[at + root.len()..].trim_start().strip_prefix("::") {
            take_paths(rest, &[], &mut found);
        }
    }
    found
}

/// Reads `a::b`, `a::{b, c::d}` and the like; returns what follows.
fn take_paths<'a>(code: &'a str, prefix: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let code = code.trim_start();
    if let Some(mut rest) = code.strip_prefix('{') {
        while !rest.trim_start().is_empty() && !rest.trim_start().starts_with('}') {
            let after = take_paths(rest, prefix, found).trim_start();
            let after = after.strip_prefix(',').unwrap_or(after);
            if after.len() >= rest.len() {
                return after;
            }
            rest = after;
        }
        return rest.trim_start().strip_prefix('}').unwrap_or(rest);
    }
    let length = code.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(code.len());
    let path = [prefix, &[code[..length].to_owned()]].concat();
    let rest = &code[length..];
    match rest.trim_start().strip_prefix("::") {
        Some(more) if length > 0 => take_paths(more, &path, found),
        _ => {
            found.push(path);
            skip_alias(rest.strip_prefix('*').unwrap_or(rest))
        }
    }
}

/// Skips ` as name`.
fn skip_alias(code: &str) -> &str {
    let Some(alias) = code.trim_start().strip_prefix("as ") else { return code };
    alias.trim_start().trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_')
}

/// What a file names of its own crate, as paths from the root.
fn imports(file: &File) -> Vec<Vec<String>> {
    let own: Vec<String> = file.module().into_iter().map(str::to_owned).collect();
    let below = |base: &[String], root| {
        paths_from(file.production(), root).into_iter().map(|path| [base, &path].concat()).collect::<Vec<_>>()
    };
    let mut paths = crate_paths(file.production());
    paths.extend(below(&own[..own.len() - 1], "super"));
    paths.extend(below(&own, "self"));
    let declared: Vec<&str> = words(file.production()).map(|(_, word)| word).collect();
    for pair in declared.windows(2).filter(|pair| pair[0] == "mod") {
        let child = [&own[..], &[pair[1].to_owned()]].concat();
        paths.extend(below(&child, pair[1]));
    }
    paths
}

/// The file that a path leads into.
fn resolve<'a>(modules: &'a BTreeMap<String, &File>, path: &[String]) -> Option<&'a str> {
    let names = (1..=path.len()).rev().map(|length| path[..length].join("::"));
    names.into_iter().find_map(|name| modules.get_key_value(&name)).map(|(name, _)| name.as_str())
}

/// Depth first; a name that is met again on its own way closes a cycle.
fn search<'a>(
    name: &'a str,
    edges: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    way: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
    violations: &mut Vec<String>,
) {
    if let Some(start) = way.iter().position(|met| *met == name) {
        let cycle = [&way[start..], &[name]].concat().join(" → ");
        violations.push(format!(
            "src/{}.rs: cycle: {cycle}; move what both need into a third file",
            name.replace("::", "/")
        ));
        return;
    }
    if !done.insert(name) {
        return;
    }
    way.push(name);
    for next in edges.get(name).into_iter().flatten() {
        search(next, edges, way, done, violations);
    }
    way.pop();
}
