//! The words that every face for people shares: names, times, wires.

use std::time::Duration;

use crate::mesh::Name;
use crate::telemetry::fact::Fact;
use crate::telemetry::half::Party;
use crate::telemetry::record::Record;
use crate::telemetry::text::calm;

/// The longest name of a peer's choosing that is shown; a host name has at most 253 characters.
const LONGEST: usize = 60;

/// `customers`, or `outside/customers` where the namespace is not `default`.
pub(in crate::telemetry) fn short(name: &Name) -> String {
    if &*name.namespace == "default" { name.name.to_string() } else { name.to_string() }
}

/// Who dialled: the workload, else the IP.
pub fn source(record: &Record) -> String {
    let party = record.source_party();
    named(&party).or_else(|| party.addr.map(|addr| addr.ip().to_string())).unwrap_or_else(|| "-".to_owned())
}

/// Who was dialled, with the port: the workload, else the service, else the name or address that was asked for.
pub fn destination(record: &Record) -> String {
    let party = record.destination_party();
    let service = || party.service.as_ref().map(|service| short(&service.name));
    if let Some(name) = named(&party).or_else(service) {
        return match record.destination_port() {
            Some(port) => format!("{name}:{port}"),
            None => name,
        };
    }
    let asked = record.facts().find_map(|fact| match fact {
        Fact::Asked { target, .. } => Some(clipped(&calm(target))),
        _ => None,
    });
    let addr = || party.addr.map(|addr| addr.to_string());
    asked.or_else(addr).unwrap_or_else(|| "-".to_owned())
}

fn named(party: &Party) -> Option<String> {
    party.workload.as_ref().map(|workload| short(&workload.name))
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// `0.4ms`, `12.3s`, `75m`: always a number and one unit.
pub(in crate::telemetry) fn duration(took: Duration) -> String {
    match took.as_secs() {
        0 => format!("{:.1}ms", took.as_secs_f64() * 1000.0),
        1..=599 => format!("{:.1}s", took.as_secs_f64()),
        seconds => format!("{}m", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_one_unit() {
        let check = |millis, expect: &str| assert_eq!(duration(Duration::from_millis(millis)), expect);
        check(0, "0.0ms");
        check(123, "123.0ms");
        check(1_999, "2.0s");
        check(599_900, "599.9s");
        check(4_500_000, "75m");
    }
}
