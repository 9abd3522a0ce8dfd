//! Instructions of hot operations, counted by valgrind and held against `benches/budgets.toml`; `benches/budget` runs
//! it.
//!
//! ```text
//! counted --check ──for each operation──► valgrind counted --run NAME ──► instructions of measured() alone
//!     └── budgets.toml, the part of this compiler ──► a table, and 1 when one is more than 3 % away
//! ```
//!
//! Without arguments it does every operation once, uncounted: that is what `cargo test --all-targets` and `cargo bench`
//! ask for.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

#[path = "../work/chunks.rs"]
mod chunks;
#[path = "../work/pair.rs"]
mod pair;
#[path = "../work/policies.rs"]
mod policies;
#[path = "../work/record.rs"]
mod record;
#[path = "../work/streams.rs"]
mod streams;
#[path = "../work/tunnel.rs"]
mod tunnel;
#[path = "../work/workloads.rs"]
mod workloads;

mod budgets;
mod command;
mod operations;
mod proxies;
mod valgrind;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["--run", name] => operations::named(name).map(measured),
        ["--check", wanted @ ..] => command::check(wanted),
        ["--update"] => command::update(),
        ["--spread", wanted @ ..] => command::spread(wanted),
        _ => once(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Does it twice. The first time is not counted: it fills what is filled only once.
fn measured(mut work: operations::Work) {
    work();
    counted_from_here(&mut *work);
}

/// Valgrind counts from here to its return, and knows it by its name.
#[inline(never)]
fn counted_from_here(work: &mut dyn FnMut()) {
    work();
}

/// Shows that every operation works.
fn once() -> Result<(), String> {
    for operation in operations::ALL {
        measured((operation.prepare)());
    }
    println!("{} operations work; benches/budget counts them", operations::ALL.len());
    Ok(())
}
