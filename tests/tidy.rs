//! The rules of the house that no compiler holds. Standard library only, a fraction of a second.
//!
//! Each rule is a function from the tree of sources to a list of violations; each violation names the file, the rule
//! and what to do. The second half feeds every rule a small tree that breaks it: a rule that cannot fail is no rule.

#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/files.rs"]
mod files;
#[path = "tidy/project.rs"]
mod project;

use std::sync::LazyLock;

use source::Tree;

static REPOSITORY: LazyLock<Tree> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a test that cannot run must fail")]
    Tree::read(env!("CARGO_MANIFEST_DIR").as_ref()).expect("the repository can be read")
});

#[track_caller]
fn check(rule: fn(&Tree) -> Vec<String>) {
    let violations = rule(&REPOSITORY);
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn rooms_are_declared_in_the_order_of_dependency() {
    check(layers::declaration_order);
}

#[test]
fn a_room_imports_only_rooms_declared_above_it() {
    check(layers::imports_go_up);
}

#[test]
fn files_of_a_room_import_each_other_without_cycles() {
    check(layers::no_cycles);
}

#[test]
fn a_room_with_files_is_a_table_of_contents() {
    check(layers::tables_of_contents);
}

#[test]
fn an_external_crate_enters_through_its_room() {
    check(layers::crates_stay_in_their_rooms);
}

#[test]
fn files_are_short() {
    check(files::short);
}

#[test]
fn files_say_what_they_are() {
    check(files::introduced);
}

#[test]
fn test_code_is_at_the_end_and_named_tests() {
    check(files::test_code_is_a_tail);
}

#[test]
fn lint_exceptions_have_reasons() {
    check(files::exceptions_have_reasons);
}

#[test]
fn no_test_is_ignored() {
    check(files::nothing_ignored);
}

#[test]
fn no_test_sleeps() {
    check(files::no_sleep);
}

#[test]
fn each_error_code_is_written_once() {
    check(project::codes_are_unique);
}

#[test]
fn each_failure_has_a_row() {
    check(project::codes_have_rows);
}

#[test]
fn every_path_in_architecture_exists() {
    check(project::architecture_is_true);
}

#[test]
fn every_stage_has_its_file() {
    check(project::stages_have_files);
}

#[test]
fn security_floors_hold_in_the_lock_file() {
    check(project::floors);
}

/// The tests of the tests.
mod bites {
    use super::*;

    /// Every violation must hold one of the `expect`ed words, in order; none expected means that the tree is tidy.
    #[track_caller]
    fn check(rule: fn(&Tree) -> Vec<String>, files: &[(&str, &str)], expect: &[&str]) {
        let violations = rule(&Tree::of(files));
        assert_eq!(violations.len(), expect.len(), "{violations:#?}");
        for (violation, word) in violations.iter().zip(expect) {
            assert!(violation.contains(word), "{word:?} is not in {violation:?}");
        }
    }

    #[test]
    fn masking_blanks_comments_and_strings_and_keeps_places() {
        let text = "a /* b /* c */ d */ 'e' \"f \\\" g\" r#\"h \" i\"# 'j x<'k> b\"l\" '\\'' m // n\no";
        let file = source::File::new("src/x.rs", text);
        let words: Vec<_> =
            file.code.split(|c: char| !c.is_ascii_lowercase()).filter(|w| !w.is_empty()).collect();
        assert_eq!(words, ["a", "r", "j", "x", "k", "b", "m", "o"]);
        assert_eq!((file.code.len(), file.code.lines().count()), (text.len(), 2));
        let literals: Vec<_> = file.literals.iter().map(|literal| literal.text.as_str()).collect();
        assert_eq!(literals, ["f \\\" g", "h \" i", "l"]);
    }

    #[test]
    fn order() {
        let rule = layers::declaration_order;
        check(rule, &[("src/lib.rs", "pub mod addr;\npub mod io;\npub mod cli;")], &[]);
        check(rule, &[("src/lib.rs", "pub mod io;\npub mod addr;")], &["addr"]);
        check(rule, &[("src/lib.rs", "pub mod utils;")], &["utils"]);
        check(rule, &[], &["src/lib.rs"]);
    }

    #[test]
    fn imports() {
        let rule = layers::imports_go_up;
        let policy = |text| [("src/lib.rs", "pub mod policy;\npub mod tls;"), ("src/policy/a.rs", text)];
        check(rule, &policy("use crate::policy::b::B; use crate::addr::MeshAddr;"), &[]);
        check(rule, &policy("// use crate::tls::X;\nconst A: &str = \"crate::tls\";"), &[]);
        check(rule, &policy("fn a() {}\n#[cfg(test)]\nmod tests { use crate::tls::X; }"), &[]);
        check(rule, &policy("use crate::tls::Peer;"), &["policy may not import `tls`"]);
        check(rule, &policy("use crate::{addr::X, proxy::{a, b}};"), &["`proxy`"]);
        check(rule, &policy("fn a() { crate :: tls::x() }"), &["src/policy/a.rs"]);
        check(rule, &[("src/utils.rs", "")], &["utils"]);
    }

    #[test]
    fn cycles() {
        let rule = layers::no_cycles;
        let (b, toc) = ("use crate::tls::c::C;", "mod a;\nmod b;\nmod c;\npub use a::A;");
        let tls = |c| [("src/tls.rs", toc), ("src/tls/a.rs", "use crate::tls::b;"), ("src/tls/b.rs", b), c];
        check(rule, &tls(("src/tls/c.rs", "use crate::addr::X;")), &[]);
        check(
            rule,
            &tls(("src/tls/c.rs", "use crate::tls::{a::A};")),
            &["tls::a → tls::b → tls::c → tls::a"],
        );
        check(rule, &tls(("src/tls/c.rs", "use super::a::A;")), &["tls::c → tls::a"]);
        check(rule, &tls(("src/tls/c.rs", "pub(in crate::tls) fn a() {}")), &[]);
        check(rule, &tls(("src/tls/c.rs", "use crate::tls::A;")), &["its own table of contents"]);
        let parent = |d| [("src/tls/c.rs", "mod d;\nfn a() { d::b() }"), ("src/tls/c/d.rs", d)];
        check(rule, &parent("use crate::addr::X;"), &[]);
        check(rule, &parent("use crate::tls::c::C;"), &["tls::c → tls::c::d → tls::c"]);
    }

    #[test]
    fn contents() {
        let rule = layers::tables_of_contents;
        check(rule, &[("src/tls.rs", "//! fn\nmod a;\npub use a::A;"), ("src/tls/a.rs", "fn a() {}")], &[]);
        check(rule, &[("src/tls.rs", "mod a;\nfn b() {}"), ("src/tls/a.rs", "")], &["`fn`"]);
        check(rule, &[("src/drain.rs", "pub struct A;"), ("src/drain/tests.rs", "")], &[]);
    }

    #[test]
    fn crates() {
        let rule = layers::crates_stay_in_their_rooms;
        let file = |path, text| {
            [("Cargo.toml", "[dependencies]\nh2 = \"1\"\n[dev-dependencies]\nx = \"1\""), (path, text)]
        };
        check(rule, &file("src/hbone/a.rs", "use h2::client; use tokio::io;"), &[]);
        check(rule, &file("src/proxy/a.rs", "use crate::h2::A; fn a() { x.h2() }"), &[]);
        check(rule, &file("src/proxy/a.rs", "fn a() { h2::client() }"), &["`h2` belongs to hbone"]);
        check(rule, &file("src/proxy/a.rs", "use {bytes::Bytes, serde_json as j};"), &["`serde_json`"]);
        check(rule, &[("Cargo.toml", "[dependencies]\nanyhow = \"1\"")], &["`anyhow`"]);
        check(rule, &[], &["Cargo.toml"]);
    }

    #[test]
    fn single_files() {
        let long = "x;\n\n// comment\n".repeat(301);
        let tail = format!("x;\n#[cfg(test)]\nmod tests {{\n{long}}}");
        check(files::short, &[("src/a.rs", &long)], &["301"]);
        check(files::short, &[("src/a.rs", &tail), ("src/a/tests.rs", &long)], &[]);
        check(files::introduced, &[("src/a.rs", "//! A.\n"), ("tests/b.rs", "// B.\n")], &["tests/b.rs"]);
        check(files::test_code_is_a_tail, &[("src/a.rs", &tail)], &[]);
        check(files::test_code_is_a_tail, &[("src/a.rs", "#[cfg(test)]\nfn fake() {}")], &["src/a.rs:1"]);
        check(
            files::test_code_is_a_tail,
            &[("src/a.rs", "#[cfg(test)]\nmod tests;\nfn b() {}")],
            &["src/a.rs"],
        );
        check(files::test_code_is_a_tail, &[("src/a.rs", "#[cfg(any(test, x))]\nfn b() {}")], &["src/a.rs"]);
        let reasoned = "#[expect(\n  x,\n  reason = \"y\"\n)]\nfn a() {}\n#![allow(x, reason = \"]\")]";
        check(files::exceptions_have_reasons, &[("src/a.rs", reasoned)], &[]);
        check(
            files::exceptions_have_reasons,
            &[("tests/a.rs", "\n#![allow(x)] // reason = none")],
            &["tests/a.rs:2"],
        );
        check(
            files::nothing_ignored,
            &[("src/a.rs", "// #[ignore]\n\n#[ignore = \"later\"]")],
            &["src/a.rs:3"],
        );
    }

    #[test]
    fn sleeps() {
        let file = |text| [("tests/a.rs", text)];
        check(files::no_sleep, &file("sleep(x); "), &["tests/a.rs:1"]);
        check(files::no_sleep, &file("sleep(x); // paused time\n// paused time: why\nsleep(y);"), &[]);
        check(files::no_sleep, &file("asleep(x); Sleep::new(); // sleep(\n"), &[]);
        check(files::no_sleep, &[("src/a.rs", "sleep(x);")], &[]);
        check(
            files::no_sleep,
            &[("src/a.rs", "#[cfg(test)]\nmod tests { time::sleep (x); }")],
            &["src/a.rs:2"],
        );
    }

    #[test]
    fn codes() {
        let rule = project::codes_are_unique;
        let code = "fn code(&self) -> &'static str { match self { A => \"tls.a_b\", B => self.0.code() } }";
        check(rule, &[("src/a.rs", code), ("src/b.rs", "// \"tls.a_b\"\nfn x() { \"cluster.local\" }")], &[]);
        check(
            rule,
            &[("src/a.rs", code), ("src/b.rs", "fn x() { \"tls.a_b\" }")],
            &["src/a.rs:1, src/b.rs:1"],
        );
        check(rule, &[("src/a.rs", code), ("src/knowledge/table/b.rs", "fn x() { \"tls.a_b\" }")], &[]);
        check(rule, &[("src/a.rs", code), ("src/b.rs", code)], &["tls.a_b"]);
        check(rule, &[("src/a.rs", &format!("{code}\n#[cfg(test)]\nmod tests {{ \"tls.a_b\" }}"))], &[]);
        check(rule, &[("src/a.rs", "fn code(&self) -> &str { \"Bad\" }")], &["Bad"]);
    }

    #[test]
    fn causes() {
        let rule = project::codes_have_rows;
        let error =
            ("src/a.rs", "fn code(&self) -> &str { match self { A => \"tls.a_b\", B => \"cli.c\" } }");
        let row = |code: &'static str| [error, ("src/knowledge/table/x.rs", code)];
        let about = |word: &str, files: &[(&str, &str)]| {
            rule(&Tree::of(files)).iter().any(|violation| violation.contains(word))
        };
        assert!(!about("tls.a_b", &row("[\"tls.a_b\"]")));
        assert!(about("src/a.rs:1: causes: no row", &row("")));
        assert!(about("no error has the code tls.gone; correct", &row("[\"tls.a_b\", \"tls.gone\"]")));
        assert!(about("no error has the code tls.crt; take it out", &row("[\"tls.a_b\"]")));
        assert!(about(
            "tls.crt has a row",
            &[("src/b.rs", "\"tls.crt\""), ("src/knowledge/table/x.rs", "\"tls.crt\"")]
        ));
        assert!(!about("cli.c", &row("")));
    }

    #[test]
    fn documents_and_locks() {
        let page = |text| [("ARCHITECTURE.md", text), ("src/tls/a.rs", "")];
        check(project::architecture_is_true, &page("`src/tls/a.rs` `src/tls/` `cargo` src/gone.rs"), &[]);
        check(project::architecture_is_true, &page("see `src/gone.rs`"), &["`src/gone.rs`"]);
        check(project::architecture_is_true, &[], &["ARCHITECTURE.md"]);
        let good = "name = \"h2\"\nversion = \"0.5.0\"\nname = \"rustls\"\nversion = \"0.23.46\"\nname = \"rustls-webpki\"\nversion = \"0.103.20\"";
        check(project::floors, &[("Cargo.lock", good)], &[]);
        check(project::floors, &[("Cargo.lock", &good.replace("0.5.0", "0.4.9"))], &["h2 0.4.9"]);
        check(project::floors, &[("Cargo.lock", &good.replace("\"h2\"", "\"h3\""))], &["h2"]);
        check(project::floors, &[], &["Cargo.lock"]);
    }

    #[test]
    fn stages() {
        let rule = project::stages_have_files;
        let tree =
            |lib, variants| [("src/lib.rs", lib), ("src/telemetry/stage.rs", variants), ("src/tls.rs", "")];
        let all = "pub mod tls;\npub mod telemetry;\npub mod proxy;";
        check(rule, &tree(all, "pub enum Stage {\n /// A, b.\n #[x(y, z)]\n Tls,\n}"), &[]);
        check(rule, &tree(all, "pub enum Stage { Tls, Dial }"), &["src/proxy/dial.rs"]);
        check(rule, &tree("pub mod telemetry;", "pub enum Stage { Tls, Dial }"), &[]);
        check(rule, &tree(all, "pub enum Stage { Tls, Dance }"), &["Dance"]);
        check(rule, &tree(all, "enum Other {}"), &["Stage"]);
        check(rule, &[("src/lib.rs", "pub mod tls;")], &[]);
    }
}
