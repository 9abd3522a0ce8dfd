//! What a run is, in words that the table and the page share.

use crate::cli::bench::figures::{Unit, count, number};
use crate::cli::units::bytes_text;
use crate::load::{Place, Run, Work, path_and_times};

/// What one unit of the work is called.
pub(crate) fn unit(work: Work) -> &'static str {
    match work {
        Work::Handshake | Work::Connect => "connection",
        Work::Rr => "request",
        Work::Bulk => "MB",
    }
}

/// The word of the command line.
pub(crate) fn work(work: Work) -> &'static str {
    match work {
        Work::Handshake => "handshake",
        Work::Connect => "connect",
        Work::Rr => "rr",
        Work::Bulk => "bulk",
    }
}

/// The work in a sentence.
pub(crate) fn does(work: Work) -> &'static str {
    match work {
        Work::Handshake => "a new connection, and where there is a tunnel a new one, for each request",
        Work::Connect => "a new connection for each request, through tunnels that are there already",
        Work::Rr => "requests and answers on connections that stay",
        Work::Bulk => "as many bytes as go through",
    }
}

/// How it was asked for: `open loop, 20,000 requests/s on each path`.
pub(crate) fn pace(run: &Run) -> String {
    match (run.settings.rate, run.work) {
        (_, Work::Bulk) => "as fast as it goes".to_owned(),
        (None, _) => "closed loop".to_owned(),
        (Some(rate), work) => format!("open loop, {} {}s/s on each path", number(rate, 0), unit(work)),
    }
}

/// What was set, piece by piece.
pub(crate) fn settings(run: &Run) -> Vec<String> {
    let settings = &run.settings;
    let mut facts = vec![pace(run)];
    facts.push(connections(run));
    facts.push(match run.work {
        Work::Bulk => format!("{} at once", bytes_text(settings.request.into())),
        _ => format!("{} → {}", bytes_text(settings.request.into()), bytes_text(settings.response.into())),
    });
    let each = Unit::Time.whole(settings.duration);
    facts.push(match settings.rounds {
        1 => format!("1 round of {each}"),
        rounds => format!("{rounds} interleaved rounds of {each}"),
    });
    facts
}

/// One number, or those that the paths' names end with.
fn connections(run: &Run) -> String {
    let mut several: Vec<&str> = Vec::new();
    for path in &run.paths {
        let (_, times) = path_and_times(&path.name);
        let times = times.trim_start_matches([' ', '×']);
        if !times.is_empty() && !several.contains(&times) {
            several.push(times);
        }
    }
    match several.as_slice() {
        [] => plural(run.settings.connections.into(), "connection"),
        ["1"] => "1 connection".to_owned(),
        several => format!("{} connections", several.join(", ")),
    }
}

/// What is not as it mostly is, and what is on the page in any case.
pub(crate) fn more_settings(run: &Run) -> Vec<String> {
    let settings = &run.settings;
    let place = match settings.place {
        Place::TwoProcesses => "two proxies, each in a process of its own, started anew for each round",
        Place::OneProcess => "two proxies in one process, started anew for each round",
        // How those are set is not ours to know.
        Place::Elsewhere => return vec!["proxies that ran already".to_owned()],
        Place::None => return vec!["no proxies".to_owned()],
    };
    vec![
        place.to_owned(),
        format!("{} in each", plural(settings.workers.into(), "worker")),
        format!("{} on a tunnel at most", plural(settings.pool_max_streams.into(), "stream")),
        format!("{} besides", plural(settings.workloads.into(), "workload")),
        format!("{} besides", plural_y(settings.policies.into(), "polic")),
    ]
}

/// `2 cores (load 0.30)`.
pub(crate) fn machine(run: &Run) -> String {
    let environment = &run.environment;
    format!("{} (load {:.2})", plural(environment.cores.into(), "core"), environment.load_average)
}

/// What the ± is.
pub(crate) fn margin(run: &Run) -> String {
    let rounds = run.paths.iter().map(|path| path.rounds.len()).min().unwrap_or(0);
    match rounds {
        0 | 1 => "one round says nothing about how sure a figure is: no ± without --rounds".to_owned(),
        rounds => {
            let timed = run.paths.iter().any(|path| path.latency.is_some());
            let whose = if timed {
                "; it and prices are of each round's own percentiles, a path's are of all rounds together"
            } else {
                ""
            };
            format!("± is a 95 % interval over {rounds} rounds (Student's t){whose}")
        }
    }
}

/// `1 round`, `5 rounds`.
pub(crate) fn plural(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

fn plural_y(number: u64, stem: &str) -> String {
    format!("{} {stem}{}", count(number), if number == 1 { "y" } else { "ies" })
}

/// A rate as the work counts: `20,000/s`, `9.60 Gbit/s`.
pub(crate) fn rate(work: Work, value: f64) -> String {
    match work {
        Work::Bulk => Unit::Bits.text(value),
        _ => Unit::Rate.text(value),
    }
}

/// Words as a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).chain(['.']).collect()).unwrap_or_default()
}
