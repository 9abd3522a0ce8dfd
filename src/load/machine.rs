//! The machine and the program, as a run tells of them.

use std::num::NonZero;
use std::thread::available_parallelism;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::load::counters::{line, machine_memory};
use crate::load::run::Environment;

/// What a reader cannot be told for want of a file in /proc.
const UNKNOWN: &str = "unknown";

/// The profile that this program was built with: `release`, or `debug`.
pub const PROFILE: &str = if cfg!(debug_assertions) { "debug" } else { "release" };

impl Environment {
    /// Of this machine, now; `command` is the whole command line.
    pub fn here(command: Vec<String>) -> Self {
        let cpuinfo = line("/proc/cpuinfo").unwrap_or_default();
        let load = line("/proc/loadavg").unwrap_or_default();
        let kernel = ["/proc/sys/kernel/ostype", "/proc/sys/kernel/osrelease"].map(line);
        let cores = available_parallelism().map_or(1, NonZero::get);
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            profile: PROFILE.to_owned(),
            command,
            // Years of five digits are the only ones that it cannot write.
            began: OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_else(|_far| UNKNOWN.to_owned()),
            cpu: model(&cpuinfo).unwrap_or(UNKNOWN).to_owned(),
            cores: u32::try_from(cores).unwrap_or(u32::MAX),
            governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            kernel: kernel.map(|word| word.unwrap_or_else(|| UNKNOWN.to_owned())).join(" "),
            congestion_control: line("/proc/sys/net/ipv4/tcp_congestion_control"),
            load_average: load.split(' ').next().and_then(|minute| minute.parse().ok()).unwrap_or_default(),
            memory: machine_memory().unwrap_or_default(),
        }
    }
}

/// The name of the first processor, as x86 kernels write it.
fn model(cpuinfo: &str) -> Option<&str> {
    cpuinfo.lines().find(|line| line.starts_with("model name"))?.split_once(':').map(|(_, name)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models() {
        let check = |text, expect| assert_eq!(model(text), expect);
        check("processor\t: 0\nmodel name\t: Example CPU @ 2.00GHz\n", Some("Example CPU @ 2.00GHz"));
        check("processor\t: 0\nBogoMIPS\t: 50.00\n", None);
    }
}
