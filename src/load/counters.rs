//! What the kernel counts: processor time and memory of a process, and how busy the machine is (proc(5)).

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

/// How long the processors of this machine were at work since it started, all together, in nanoseconds; and how many there are.
pub(crate) fn busy() -> Option<(u64, u32)> {
    at_work(&fs::read_to_string("/proc/stat").ok()?)
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

/// `cpu user nice system idle iowait irq softirq steal guest …`: guests are in user already, and idle and iowait are no work.
fn at_work(stat: &str) -> Option<(u64, u32)> {
    let all = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = all.split_whitespace().take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
    let [user, nice, system, _idle, _iowait, irq, softirq, steal] = *ticks.as_slice() else { return None };
    let numbered = |line: &&str| {
        line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let processors = stat.lines().filter(numbered).count();
    let ticks: u64 = [user, nice, system, irq, softirq, steal].iter().sum();
    Some((ticks.checked_mul(TICK)?, u32::try_from(processors).ok()?))
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
        assert_eq!(at_work(stat), Some((27 * TICK, 2)));
        assert_eq!(at_work("cpu  1 2 3\n"), None);
    }

    #[test]
    fn this_process_has_had_time_and_memory() {
        let own = std::process::id();
        assert!(cpu(own).unwrap() > 0 && memory(own).unwrap() > 1 << 20);
        assert!(busy().unwrap().1 > 0 && machine_memory().unwrap() > 1 << 20);
        assert_eq!((cpu(u32::MAX), memory(u32::MAX)), (None, None));
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String) {
            let _ = (on_cpu(&text), at_work(&text), kilobytes(&text, "VmRSS:"), kilobytes(&text, ""));
        }
    }
}
