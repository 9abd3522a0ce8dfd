//! [`Meter`]: what a round costs the processes that take part in it, and what others took meanwhile.

use std::time::Instant;

use crate::load::counters::{cpu, idle, memory};
use crate::load::run::{Cpu, MemoryPoint};
use crate::load::tally::nanoseconds;

/// The processes that take part, as far as there are any and they are ours to look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Processes {
    /// The client's proxy; both, where they are one process.
    pub source: Option<u32>,
    /// The server's proxy.
    pub destination: Option<u32>,
    /// The server.
    pub server: Option<u32>,
}

/// What the kernel's counters say at one moment.
#[derive(Clone, Copy, Debug)]
struct Reading {
    at: Instant,
    cpu: Cpu,
    /// Of the machine.
    idle: Option<(u64, u32)>,
}

/// What a round cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// How long it took, in nanoseconds.
    pub took: u64,
    /// Processor time.
    pub cpu: Cpu,
    /// The part of the machine that others took, 0 to 1.
    pub others: f64,
}

/// Reads the counters of one path's processes.
#[derive(Clone, Debug)]
pub struct Meter {
    processes: Processes,
    /// From when the line counts.
    origin: Instant,
    /// Memory of the proxies, round after round.
    pub line: Vec<MemoryPoint>,
}

impl Meter {
    /// For these processes; the line of memory counts from `origin`.
    pub fn new(processes: Processes, origin: Instant) -> Self {
        Self { processes, origin, line: Vec::new() }
    }

    /// Reads those of other processes from now on.
    pub fn move_to(&mut self, processes: Processes) {
        self.processes = processes;
    }

    /// Notes the proxies' memory.
    pub(crate) fn sample(&mut self) {
        let Some(source) = self.processes.source.and_then(memory) else { return };
        let destination = self.processes.destination.and_then(memory);
        self.line.push(MemoryPoint { at: nanoseconds(self.origin.elapsed()), source, destination });
    }

    /// Reads all counters; what it returns says what there was from then to its call.
    pub(crate) fn begin(&self) -> impl FnOnce() -> Cost + Send + use<> {
        let processes = self.processes;
        let first = read(processes);
        move || between(&first, &read(processes))
    }
}

fn read(processes: Processes) -> Reading {
    let destination = processes.destination.map(cpu);
    let cpu = Cpu {
        // Half of a pair is not the price of the pair.
        source: processes.source.and_then(cpu).filter(|_| destination != Some(None)),
        destination: destination.flatten(),
        server: processes.server.and_then(cpu),
        generator: cpu(std::process::id()).unwrap_or_default(),
    };
    Reading { at: Instant::now(), cpu, idle: idle() }
}

fn between(first: &Reading, last: &Reading) -> Cost {
    let less = |first: Option<u64>, last: Option<u64>| Some(last?.saturating_sub(first?));
    let cpu = Cpu {
        source: less(first.cpu.source, last.cpu.source),
        destination: less(first.cpu.destination, last.cpu.destination),
        server: less(first.cpu.server, last.cpu.server),
        generator: last.cpu.generator.saturating_sub(first.cpu.generator),
    };
    let took = nanoseconds(last.at - first.at);
    let own = [cpu.source, cpu.destination, cpu.server].iter().flatten().sum::<u64>() + cpu.generator;
    let others = first.idle.zip(last.idle).map_or(0.0, |((before, _), (after, processors))| {
        let all = took.saturating_mul(u64::from(processors));
        part(all.saturating_sub(after.saturating_sub(before)).saturating_sub(own), all)
    });
    Cost { took, cpu, others }
}

/// `some` of `all`, 0 to 1.
fn part(some: u64, all: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    let part = some as f64 / all.max(1) as f64;
    part.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn others_are_who_we_are_not() {
        let at = Instant::now();
        let reading = |milliseconds: u64, own: u64, idle: u64| Reading {
            at: at + Duration::from_millis(milliseconds),
            cpu: Cpu { source: Some(own), destination: None, server: Some(0), generator: own },
            idle: Some((idle, 2)),
        };
        // A second of two processors: we took 0.4 s, nobody anything for 1.1 s.
        let cost = between(&reading(0, 7, 1_000), &reading(1_000, 200_000_007, 1_100_001_000));
        assert_eq!(
            (cost.took, cost.cpu.source, cost.cpu.generator),
            (1_000_000_000, Some(200_000_000), 200_000_000)
        );
        assert_eq!((cost.cpu.destination, cost.cpu.server), (None, Some(0)));
        assert!((cost.others - 0.25).abs() < 1e-9, "{}", cost.others);
    }
}
