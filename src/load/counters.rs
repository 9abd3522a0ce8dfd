//! What the kernel counts: processor time and memory of a process, and how long the machine had nothing to do (proc(5)).

use std::fs;
use std::path::Path;

/// /proc/stat counts in hundredths of a second, whatever the kernel's own tick (sysconf(_SC_CLK_TCK) on Linux).
const TICK: u64 = 10_000_000;

/// Processor time that the threads of process `pid` have had, in nanoseconds; `None` if it is gone. Threads that have ended are
/// not in it: those that carry connections live as long as their process.
pub fn cpu(pid: u32) -> Option<u64> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let read = |task: fs::DirEntry| fs::read_to_string(task.path().join("schedstat")).ok();
    let texts: Vec<String> = tasks.filter_map(Result::ok).filter_map(read).collect();
    let times: Option<Vec<u64>> = texts.iter().map(|text| on_cpu(text)).collect();
    times.filter(|times| !times.is_empty()).map(|times| times.iter().sum())
}

/// Resident memory of process `pid` in bytes; `None` if it is gone.
pub fn memory(pid: u32) -> Option<u64> {
    kilobytes(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS:")
}

/// How long the processors of this machine had nothing to do since it started, all together, in nanoseconds; and how many there are.
///
/// Of all that /proc/stat counts, a kernel without a tick while idle measures this alone; the rest it samples at each tick, and who
/// wakes with the timer is at work at every tick or at none.
pub(crate) fn idle() -> Option<(u64, u32)> {
    not_at_work(&fs::read_to_string("/proc/stat").ok()?)
}

/// Memory of the machine in bytes.
pub(crate) fn machine_memory() -> Option<u64> {
    kilobytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:")
}

/// A small file of the kernel's, without the newline at its end.
pub(crate) fn line(path: impl AsRef<Path>) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// The first field of a schedstat: time on a processor in nanoseconds.
fn on_cpu(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().next()?.parse().ok()
}

/// The value behind `key` in a file of `Key:   123 kB` lines, in bytes.
fn kilobytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1_024)
}

/// `cpu user nice system idle iowait …`, and then a line for each processor.
fn not_at_work(stat: &str) -> Option<(u64, u32)> {
    let mut all = stat.lines().find_map(|line| line.strip_prefix("cpu "))?.split_whitespace().skip(3);
    let mut next = || all.next()?.parse::<u64>().ok();
    let (idle, iowait) = (next()?, next()?);
    let numbered = |line: &&str| {
        line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let processors = stat.lines().filter(numbered).count();
    Some((idle.checked_add(iowait)?.checked_mul(TICK)?, u32::try_from(processors).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_the_kernel_writes_is_read() {
        assert_eq!(on_cpu("1234567 89 10\n"), Some(1_234_567));
        assert_eq!(kilobytes("Name:\tx\nVmRSS:\t    1024 kB\n", "VmRSS:"), Some(1 << 20));
        assert_eq!(kilobytes("VmRSS:\t    1024 MB\n", "VmRSS:"), None);
        let stat = "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\nintr 1\n";
        assert_eq!(not_at_work(stat), Some((9 * TICK, 2)));
        assert_eq!(not_at_work("cpu  1 2 3 4\n"), None);
    }

    #[test]
    fn this_process_has_had_time_and_memory() {
        let own = std::process::id();
        assert!(cpu(own).unwrap() > 0 && memory(own).unwrap() > 1 << 20);
        assert!(idle().unwrap().1 > 0 && machine_memory().unwrap() > 1 << 20);
        assert_eq!((cpu(u32::MAX), memory(u32::MAX)), (None, None));
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String) {
            let _ = (on_cpu(&text), not_at_work(&text), kilobytes(&text, "VmRSS:"), kilobytes(&text, ""));
        }
    }
}
