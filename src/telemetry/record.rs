//! One connection as a person thinks of it: both halves, and the one answer that they add up to.

use std::time::{Duration, SystemTime};

use crate::policy::Permit;
use crate::reason::Side;
use crate::telemetry::fact::Fact;
use crate::telemetry::half::{Half, Party, Reporter};
use crate::telemetry::outcome::{Failure, Flag, Verdict, Wire};
use crate::telemetry::stage::Stage;

/// A finished connection. At least one half is there.
#[derive(Clone, Debug)]
pub struct Record {
    /// `#ID` in every command and on every page; 1 is the first connection that was seen.
    pub id: u64,
    /// What the proxy of the caller saw, if it is ours.
    pub source: Option<Box<Half>>,
    /// What the proxy of the callee saw, if it is ours.
    pub destination: Option<Box<Half>>,
}

impl Record {
    /// The halves that are there, the caller's first.
    pub fn halves(&self) -> impl Iterator<Item = &Half> {
        [&self.source, &self.destination].into_iter().filter_map(Option::as_deref)
    }

    /// Both lanes: caller, callee.
    pub fn lanes(&self) -> (Option<&Half>, Option<&Half>) {
        (self.source.as_deref(), self.destination.as_deref())
    }

    /// The failure of the half that knows best; `None` when every half delivered.
    ///
    /// A denial beats the status or reset that it causes at the other end; whoever saw a cause beats whoever was told.
    pub fn failure(&self) -> Option<&Failure> {
        let failures = self.halves().filter_map(|half| Some((half.reporter, half.outcome.failure()?)));
        // `max_by_key` keeps the last of equals: the callee, who is nearer to what can be wrong.
        failures.max_by_key(|(reporter, failure)| knowledge(*reporter, failure)).map(|(_, failure)| failure)
    }

    /// The answer in one word.
    pub fn verdict(&self) -> Verdict {
        self.failure().map_or(Verdict::Allow, |failure| failure.verdict)
    }

    /// Where it ended.
    pub fn stage(&self) -> Stage {
        self.failure().map_or(Stage::Relay, |failure| failure.stage)
    }

    /// The stable code of what went wrong.
    pub fn code(&self) -> Option<&'static str> {
        self.failure().map(|failure| failure.code)
    }

    /// ztunnel's flag.
    pub fn flag(&self) -> Flag {
        self.failure().map_or(Flag::None, |failure| failure.flag)
    }

    /// What to do next.
    pub fn hint(&self) -> Option<&str> {
        self.failure()?.hint.as_deref()
    }

    /// What the bytes were: the callee looked at them, the caller only chose.
    pub fn wire(&self) -> Option<Wire> {
        let (source, destination) = self.lanes();
        destination.and_then(|half| half.wire).or_else(|| source.and_then(|half| half.wire))
    }

    /// When it began; the earlier of the two accepts.
    pub fn started(&self) -> SystemTime {
        self.halves().map(|half| half.started).min().unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// How long it took, as the caller felt it where that is known.
    pub fn took(&self) -> Duration {
        self.halves().next().map(|half| half.took).unwrap_or_default()
    }

    /// Bytes from the client towards the backend, as the half nearest to the client counted them.
    pub fn to_backend(&self) -> u64 {
        self.halves().next().map_or(0, |half| half.to_backend)
    }

    /// Bytes from the backend towards the client, as the half nearest to the client counted them.
    pub fn to_client(&self) -> u64 {
        self.halves().next().map_or(0, |half| half.to_client)
    }

    /// Who dialled: the address that the caller's proxy saw, the identity that the callee's proxy verified.
    pub fn source_party(&self) -> Party {
        let (source, destination) = self.lanes();
        merged(source.map(|half| &half.source), destination.map(|half| &half.source))
    }

    /// Who was dialled: the address that the callee's proxy has, the service that the caller asked for.
    pub fn destination_party(&self) -> Party {
        let (source, destination) = self.lanes();
        merged(destination.map(|half| &half.destination), source.map(|half| &half.destination))
    }

    /// The port that was meant: the workload port where policy spoke, never 15008.
    pub fn destination_port(&self) -> Option<u16> {
        let routed = |fact: &Fact| match fact {
            Fact::Routed { to, .. } => Some(to.port()),
            _ => None,
        };
        let authority = |half: &Half| half.hbone_addr.as_deref()?.rsplit_once(':')?.1.parse().ok();
        let permitted = self.permit().map(Permit::port);
        permitted
            .or_else(|| self.facts().find_map(routed))
            .or_else(|| self.halves().find_map(authority))
            .or_else(|| self.destination_party().addr.map(|addr| addr.port()))
    }

    /// Whether it went through a tunnel that was there already.
    pub fn is_reused(&self) -> bool {
        self.facts().any(|fact| matches!(fact, Fact::Reused { .. }))
    }

    /// What policy permitted at the callee.
    pub fn permit(&self) -> Option<&Permit> {
        self.facts().find_map(|fact| match fact {
            Fact::Permitted(permit) => Some(&**permit),
            _ => None,
        })
    }

    /// All facts, the caller's first.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.halves().flat_map(|half| half.steps.iter().map(|step| &step.fact))
    }

    /// Why, in one line for people: the policy that decided, or the plain cause. Text of peers in it is not escaped.
    pub fn why(&self) -> String {
        if let Some(failure) = self.failure() {
            return failure.why.clone();
        }
        if let Some(permit) = self.permit() {
            return accepted(permit, self.wire().unwrap_or(Wire::Raw));
        }
        let because = self.facts().find_map(|fact| match fact {
            Fact::Routed { because, .. } => Some(because.to_string()),
            _ => None,
        });
        because.unwrap_or_else(|| "delivered".to_owned())
    }
}

/// How much a half knows about why it failed; more is better.
fn knowledge(reporter: Reporter, failure: &Failure) -> u8 {
    // The end of the relay that this proxy holds itself; the other one is behind the other proxy.
    let own = match reporter {
        Reporter::Source => Side::Downstream,
        Reporter::Destination => Side::Upstream,
    };
    match (failure.verdict, failure.stage) {
        (Verdict::Deny, _) => 5,
        _ if failure.flag == Flag::CertRevoked => 5,
        _ if failure.hearsay => 0,
        (_, Stage::Relay) if failure.side == own => 2,
        (_, Stage::Relay) => 1,
        // At the caller this is the status that the callee answered, or the callee's hanging up.
        (_, Stage::Hbone) if reporter == Reporter::Source => 3,
        _ => 4,
    }
}

/// The parts of `first`, and of `second` where `first` lacks them.
fn merged(first: Option<&Party>, second: Option<&Party>) -> Party {
    let (first, second) = (first.cloned().unwrap_or_default(), second.cloned().unwrap_or_default());
    Party {
        addr: first.addr.or(second.addr),
        workload: first.workload.or(second.workload),
        identity: first.identity.or(second.identity),
        service: first.service.or(second.service),
    }
}

/// The mode that let it in, in words.
fn accepted(permit: &Permit, wire: Wire) -> String {
    let effective = permit.effective();
    let from = effective.brief();
    match wire {
        Wire::Hbone | Wire::Mtls if permit.source().is_some() => format!("mesh mTLS, {from}"),
        Wire::Hbone | Wire::Mtls => format!("{from} passes mesh TLS unread"),
        Wire::Tls => format!("{from} passes the app's own TLS"),
        Wire::Raw => match &effective.decided_by {
            Some(_) => format!("{from} accepts plaintext"),
            None => format!("{} accepts plaintext (the default)", effective.mode),
        },
    }
}

#[cfg(test)]
mod tests;
