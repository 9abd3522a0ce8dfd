//! Counting: this program again, under valgrind, with one operation.

use std::env::consts::ARCH;
use std::process::{Command, Output};

use crate::operations::Operation;

/// What is counted, by its name in `main.rs`; compilers differ in what they put around it.
const COUNTED: &str = "*counted_from_here*";

/// Valgrind counts a copy by `rep movsb` byte by byte, which no processor does. Without this feature glibc copies with
/// vectors.
const WITHOUT_REP_MOVSB: &str = "glibc.cpu.hwcaps=-ERMS,-FSRM";

/// The instructions of one time of `operation`: user space, this thread's, as callgrind's `Ir`.
///
/// # Errors
///
/// Valgrind or the operation failed, in their own words.
pub(crate) fn count(operation: &Operation) -> Result<u64, String> {
    let itself = std::env::current_exe().map_err(|error| format!("which program is this? {error}"))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(itself)
        .args(["--run", operation.name])
        .env("GLIBC_TUNABLES", WITHOUT_REP_MOVSB)
        .output()
        .map_err(|error| format!("valgrind could not be started: {error}; apt-get install valgrind"))?;
    match collected(&output) {
        Some(all) if all > 0 && output.status.success() => Ok(all / operation.times),
        _ => Err(failed(operation, &output)),
    }
}

fn failed(operation: &Operation, output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{}: expected a count, found {}\n{out}{err}", operation.name, output.status)
}

/// `==1234== Collected : 5678`.
fn collected(output: &Output) -> Option<u64> {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find(|line| line.contains("Collected :"))?;
    line.split_whitespace().next_back()?.parse().ok()
}

/// Whose code the counts are of: the first line of `rustc --version`, and for which processors.
///
/// # Errors
///
/// The compiler cannot be asked.
pub(crate) fn compiler() -> Result<String, String> {
    let version = said("rustc", &["--version"]).ok_or("rustc --version: expected a line, found none")?;
    Ok(format!("{version}, {ARCH}"))
}

/// What else counts depend on: which vectors the processor has, whose copy and allocator are linked, and what valgrind
/// tells a program about the processor.
pub(crate) fn circumstances() -> String {
    let asked = [said("getconf", &["GNU_LIBC_VERSION"]), said("valgrind", &["--version"])];
    let [libc, valgrind] = asked.map(|said| said.unwrap_or_else(|| "?".to_owned()));
    format!("{}{libc}, {valgrind}", vectors())
}

#[cfg(target_arch = "x86_64")]
fn vectors() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx2") { "AVX2, " } else { "no AVX2, " }
}

#[cfg(not(target_arch = "x86_64"))]
fn vectors() -> &'static str {
    ""
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.lines().next().map(str::to_owned)
}
