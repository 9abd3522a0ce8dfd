//! Made-up runs: their figures are plausible and measured nowhere.

use glasstunnel::load::{
    Cpu, Environment, Failure, Latency, Memory, MemoryPoint, Note, PathReport, Percentile, Percentiles,
    Place, Round, Run, Settings, Work,
};

const SECOND: u64 = 1_000_000_000;

/// A path as it is made up: name, what it is, median and 99th percentile in microseconds, processor time of source,
/// destination and server for each unit in microseconds.
type Made = (&'static str, &'static str, [f64; 2], [f64; 3]);

const PATHS: [Made; 5] = [
    ("direct", "the generator speaks to the server itself", [41.0, 118.0], [0.0, 0.0, 7.9]),
    ("raw", "two proxies, plaintext between them", [88.0, 262.0], [13.1, 12.2, 8.3]),
    ("tls", "the source's proxy begins TLS, the server ends it", [101.0, 301.0], [15.4, 12.4, 11.6]),
    ("mtls", "mutual TLS between the two proxies", [103.0, 315.0], [15.5, 15.2, 8.4]),
    ("hbone", "HBONE between the two proxies", [112.0, 352.0], [17.0, 16.8, 8.3]),
];

/// Numbers between -1 and 1 that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        // Knuth's MMIX generator.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
    }

    /// A factor that is at most so far from 1.
    fn factor(&mut self, part: f64) -> f64 {
        1.0 + part * self.next()
    }
}

/// `main`, as it would be on a quiet machine.
pub(crate) fn main() -> Run {
    rr("main", 7, |made| made)
}

/// `pr-41`: its processor time is less, its tail is longer.
pub(crate) fn pr_41() -> Run {
    rr("pr-41", 41, |(name, means, [p50, p99], [source, destination, server])| {
        let is_tunnel = if name == "hbone" { 1.0 } else { 0.0 };
        let latency = [p50, p99 * (1.0 + 0.09 * is_tunnel)];
        (name, means, latency, [source * (1.0 - 0.07 * is_tunnel), destination, server])
    })
}

/// A machine that nobody would want: one round, failures, and names that are not harmless.
pub(crate) fn single() -> Run {
    let mut run = rr("single", 3, |made| made);
    run.settings.rounds = 1;
    run.settings.rate = None;
    run.environment.governor = None;
    for path in &mut run.paths {
        path.rounds.truncate(1);
        path.memory = None;
    }
    run.paths.remove(3);
    run.paths[3].rounds[0].failures = vec![
        Failure { says: "the server closed: <script>alert(1)</script> & \"more\"".to_owned(), times: 12 },
        Failure { says: "deadline of 5 s".to_owned(), times: 1_204 },
    ];
    let mut other = run.paths[3].clone();
    other.name = "a <b> & 'c'".to_owned();
    for round in &mut other.rounds {
        round.cpu = Cpu { server: round.cpu.server, generator: round.cpu.generator, ..Cpu::default() };
    }
    run.paths.push(other);
    let doubt = Note {
        code: "bench.noisy_machine".to_owned(),
        says: "Others took 14 % of the machine in the median round, where 10 % is the most that leaves the figures alone."
            .to_owned(),
        doubts: true,
    };
    run.notes.insert(0, doubt);
    run
}

/// Bytes on 1 and on 4 connections: no latencies.
pub(crate) fn bulk() -> Run {
    let mut run = rr("bulk", 5, |made| made);
    run.work = Work::Bulk;
    run.settings.rate = None;
    let mut chance = Chance(11);
    let mut paths = Vec::new();
    for (times, most) in [(1, 1.0), (4, 1.6)] {
        for path in run.paths.iter().filter(|path| matches!(path.name.as_str(), "direct" | "raw" | "hbone")) {
            let mut path = path.clone();
            let speed = match path.name.as_str() {
                "direct" => 1.9e9,
                "raw" => 1.2e9,
                _ => 0.72e9,
            } * most;
            path.name = format!("{} ×{times}", path.name);
            path.latency = None;
            path.service = None;
            for round in &mut path.rounds {
                let old = round.done;
                round.done = (speed * 5.0 * chance.factor(0.03)) as u64;
                let scale = |cpu: u64| (cpu as f64 / old as f64 * round.done as f64 / 60_000.0) as u64;
                round.cpu.source = round.cpu.source.map(scale);
                round.cpu.destination = round.cpu.destination.map(scale);
                round.cpu.server = round.cpu.server.map(scale);
                round.cpu.generator = scale(round.cpu.generator);
                round.latency = None;
                round.service = None;
                round.lag = None;
            }
            paths.push(path);
        }
    }
    run.paths = paths;
    run
}

fn rr(name: &str, seed: u64, bend: impl Fn(Made) -> Made) -> Run {
    let mut chance = Chance(seed);
    // What else the machine does moves all paths of a round together.
    let rounds: Vec<f64> = (0..5).map(|_| chance.factor(0.02)).collect();
    let paths = PATHS.into_iter().enumerate();
    let paths = paths.map(|(at, made)| path(at, bend(made), &rounds, &mut chance)).collect();
    Run {
        name: name.to_owned(),
        work: Work::Rr,
        settings: Settings {
            rate: Some(12_000.0),
            connections: 64,
            duration: 5 * SECOND,
            warmup: SECOND,
            direction: None,
            rounds: 5,
            request: 128,
            response: 1_024,
            workers: 2,
            pool_max_streams: 100,
            workloads: 0,
            policies: 0,
            place: Place::TwoProcesses,
            max_p99: None,
        },
        environment: Environment {
            version: "0.1.0".to_owned(),
            profile: "release".to_owned(),
            command: ["glasstunnel", "bench", "rr", "--rate", "12k", "--name", name].map(str::to_owned).to_vec(),
            began: "2026-11-21T03:44:12Z".to_owned(),
            cpu: "example".to_owned(),
            cores: 4,
            governor: Some("performance".to_owned()),
            kernel: "Linux 6.1.0-example".to_owned(),
            congestion_control: Some("cubic".to_owned()),
            load_average: 0.25,
            memory: 16 << 30,
        },
        paths,
        notes: [
            ("bench.shares_cores", "Generator, server and proxies share 4 cores: the tail includes their waiting for each other."),
            ("bench.loopback", "One machine: good for differences between paths, not for what two machines could do."),
        ]
        .map(|(code, says)| Note { code: code.to_owned(), says: says.to_owned(), doubts: false })
        .to_vec(),
    }
}

fn path(at: usize, (name, means, [p50, p99], cpu): Made, moved: &[f64], chance: &mut Chance) -> PathReport {
    let rounds: Vec<Round> = moved
        .iter()
        .map(|moved| {
            let (p50, p99) = (p50 * moved * chance.factor(0.012), p99 * moved * chance.factor(0.05));
            round([p50, p99], cpu.map(|cpu| cpu * moved * chance.factor(0.015)), name == "direct", chance)
        })
        .collect();
    PathReport {
        connections: 64,
        wire: (name != "direct").then(|| name.to_owned()),
        name: name.to_owned(),
        means: means.to_owned(),
        rounds,
        latency: Some(latency([p50, p99], 300_000)),
        service: Some(latency([p50 * 0.93, p99 * 0.8], 300_000)),
        memory: (name != "direct").then(|| memory(at as u64, chance)),
        max_rate: None,
    }
}

fn round(latency: [f64; 2], cpu: [f64; 3], is_direct: bool, chance: &mut Chance) -> Round {
    let done = 60_000 - u64::from(is_direct);
    let spent = |each: f64| (each * 1e3) as u64 * done;
    let [source, destination, server] = cpu.map(spent);
    Round {
        took: 5 * SECOND,
        done,
        failures: Vec::new(),
        latency: Some(percentiles(latency, done)),
        service: Some(percentiles(latency.map(|figure| figure * 0.9), done)),
        cpu: Cpu {
            source: (!is_direct).then_some(source),
            destination: (!is_direct).then_some(destination),
            server: Some(server),
            generator: spent(9.2 * chance.factor(0.02)),
        },
        lag: Some((3_100.0 * chance.factor(0.2)) as u64),
        others: short(0.015 * chance.factor(0.5)),
    }
}

/// The value below which a part of all is: half of the median at first, and a tail that falls like a power.
fn quantile([p50, p99]: [f64; 2], at: f64) -> u64 {
    let power = (p99 / p50).ln() / 50.0_f64.ln();
    let factor = if at < 0.5 { 0.55 + 0.9 * at } else { (2.0 * (1.0 - at)).powf(-power) };
    (p50 * factor * 1e3) as u64
}

fn percentiles(latency: [f64; 2], count: u64) -> Percentiles {
    let at = |at| quantile(latency, at);
    Percentiles {
        p50: at(0.5),
        p90: at(0.9),
        p99: at(0.99),
        p999: at(0.999),
        max: at(1.0 - 1.0 / count as f64),
        mean: (latency[0] * 1.13e3) as u64,
    }
}

fn latency(figures: [f64; 2], count: u64) -> Latency {
    let last = 1.0 - 1.0 / count as f64;
    let mut curve = Vec::new();
    let (mut at, mut half) = (0.0, 0.5);
    while at < last {
        for step in 0..5 {
            let here = at + half * f64::from(step) / 5.0;
            let seen = (here * count as f64).ceil().max(1.0) as u64;
            curve.push(Percentile { at: short(here), value: quantile(figures, here.min(last)), count: seen });
        }
        at += half;
        half /= 2.0;
    }
    curve.push(Percentile { at: 1.0, value: quantile(figures, last), count });
    Latency { summary: percentiles(figures, count), deviation: figures[0] * 510.5, count, curve }
}

/// As many digits as come through JSON unchanged.
fn short(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

/// Five rounds of each path in turn, so that between its own there are those of the others.
fn memory(at: u64, chance: &mut Chance) -> Memory {
    let rest = 9_400_000 + 150_000 * at;
    let mut line = Vec::new();
    for round in 0..5 {
        for point in 0..11 {
            let filled = if round == 0 { point.min(4) } else { 4 };
            line.push(MemoryPoint {
                at: (round * 30 + at * 6) * SECOND + point * SECOND / 2,
                source: rest + filled * 420_000 + (20_000.0 * (1.0 + chance.next())) as u64,
                destination: Some(rest + filled * 390_000 + (20_000.0 * (1.0 + chance.next())) as u64),
            });
        }
    }
    Memory {
        source_at_rest: rest,
        destination_at_rest: Some(rest - 100_000),
        source_each: Some(5_120.0 + 512.0 * at as f64),
        destination_each: Some(4_608.0 + 512.0 * at as f64),
        connections: 1_000,
        line,
    }
}
