//! [`Observed`]: what was seen of one connection, in the terms in which it can be expected.

use std::collections::BTreeMap;

use crate::glass::{Sequence, trace};
use crate::scenario::expected::{Aspect, End};
use crate::scenario::saw::Saw;
use crate::telemetry::{Half, Record};

/// What stands for something that is not there.
pub(crate) const NONE: &str = "none";

/// What stands for an end that recorded nothing.
pub(crate) const UNRECORDED: &str = "not recorded";

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    facts: BTreeMap<(End, Aspect), String>,
}

impl Observed {
    /// What the client saw, and what both proxies recorded, if they did.
    pub fn new(saw: &Saw, record: Option<&Record>) -> Self {
        let mut observed = Self::default();
        observed.client(saw);
        if let Some(record) = record {
            observed.connection(record);
        }
        let (source, destination) = record.map(Record::lanes).unwrap_or_default();
        observed.half(End::Source, source);
        observed.half(End::Destination, destination);
        observed
    }

    /// What `end` saw of it.
    pub fn get(&self, end: End, aspect: Aspect) -> &str {
        let missing = if end == End::Client { NONE } else { UNRECORDED };
        self.facts.get(&(end, aspect)).map_or(missing, String::as_str)
    }

    /// All of it, as `expect` would say it.
    pub(crate) fn to_yaml(&self) -> String {
        let of = |end| self.facts.iter().filter(move |((of, _), _)| *of == end);
        let line = |((_, aspect), value): (&(End, Aspect), &String)| format!("{aspect}: {}\n", quoted(value));
        let mut text: String = of(End::Connection).map(line).collect();
        for end in [End::Client, End::Source, End::Destination] {
            let lines: String = of(end).map(|fact| format!("  {}", line(fact))).collect();
            text.push_str(&if lines.is_empty() {
                format!("{end}: {NONE}\n")
            } else {
                format!("{end}:\n{lines}")
            });
        }
        text
    }

    fn put(&mut self, end: End, aspect: Aspect, value: impl Into<String>) {
        self.facts.insert((end, aspect), value.into());
    }

    fn client(&mut self, saw: &Saw) {
        let number = |value: Option<i32>| value.map_or_else(|| NONE.to_owned(), |value| value.to_string());
        self.put(End::Client, Aspect::Sees, saw.text.as_str());
        self.put(End::Client, Aspect::Exit, number(saw.exit));
        self.put(End::Client, Aspect::Status, number(saw.status.map(i32::from)));
    }

    fn connection(&mut self, record: &Record) {
        let end = End::Connection;
        let policy = record.failure().and_then(|failure| failure.policy.as_ref());
        let policy =
            policy.map_or_else(|| NONE.to_owned(), |policy| format!("{} {}", policy.kind, policy.name));
        self.put(end, Aspect::Verdict, record.verdict().name().to_ascii_lowercase());
        self.put(end, Aspect::Stage, record.stage().name());
        self.put(end, Aspect::Code, record.code().unwrap_or(NONE));
        self.put(end, Aspect::Flag, record.flag().name());
        self.put(end, Aspect::Wire, record.wire().map_or(NONE, |wire| wire.name()));
        self.put(end, Aspect::Policy, policy);
        self.put(end, Aspect::Alert, alerts(&trace(record, false)));
        self.put(end, Aspect::Why, record.why());
    }

    fn half(&mut self, end: End, half: Option<&Half>) {
        let Some(half) = half else { return };
        let failure = half.outcome.failure();
        self.put(end, Aspect::Stage, failure.map_or("relay", |failure| failure.stage.name()));
        self.put(end, Aspect::Code, failure.map_or(NONE, |failure| failure.code));
        self.put(end, Aspect::Flag, half.outcome.flag().name());
        self.put(end, Aspect::Error, failure.map_or(NONE, |failure| failure.error.as_str()));
        self.put(end, Aspect::Why, failure.map_or(NONE, |failure| failure.why.as_str()));
    }
}

/// A value as YAML has it; of one with several lines the first, which is looked for within it.
fn quoted(value: &str) -> String {
    let value = value.split(char::is_control).find(|line| !line.is_empty()).unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./ ".contains(c);
    if !value.is_empty() && value.chars().all(is_plain) && value.trim() == value {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', "''"))
}

/// The alerts on the wire and who sent them: `unknown_ca from server`; farewells are none.
fn alerts(sequence: &Sequence) -> String {
    let alerts = sequence.events.iter().filter(|event| event.name == "Alert");
    let told = alerts.filter_map(|event| {
        let (name, _) = event.says.split_once(' ')?;
        let sender = if event.to.is_some_and(|to| event.lane < to) { "client" } else { "server" };
        (!matches!(name, "close_notify" | "user_canceled")).then(|| format!("{name} from {sender}"))
    });
    let mut told: Vec<String> = told.collect();
    told.dedup();
    if told.is_empty() { NONE.to_owned() } else { told.join(", ") }
}
