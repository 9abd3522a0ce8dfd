//! One half of a connection's record while the connection lives. It is sent on drop, so that none is ever lost.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::time::Instant;

use crate::drain::Tasks;
use crate::io::{ByteCounts, Tap};
use crate::proxy::context::Context;
use crate::proxy::failure;
use crate::telemetry::{
    EventSender, Fact, Failure, Half, HalfId, Join, Opening, Outcome, Party, Reporter, Stage, Step, Taps,
    Wire,
};

/// A half in the making.
pub(crate) struct Recording {
    id: HalfId,
    events: EventSender,
    tasks: Tasks,
    since: Instant,
    half: Option<Box<Half>>,
    forgotten: bool,
    counts: Arc<ByteCounts>,
    relayed: Option<Tap>,
}

impl Recording {
    /// Starts when the connection was accepted.
    pub(crate) fn start(ctx: &Context, reporter: Reporter, since: Instant) -> Self {
        let relayed = ctx.shared.tapping.relayed();
        let half = Half {
            reporter,
            join: Join::default(),
            started: SystemTime::now().checked_sub(since.elapsed()).unwrap_or_else(SystemTime::now),
            since: since.into_std(),
            took: since.elapsed(),
            source: Party::default(),
            destination: Party::default(),
            hbone_addr: None,
            wire: None,
            steps: Vec::with_capacity(8),
            outcome: Outcome::Delivered,
            to_backend: 0,
            to_client: 0,
            early: false,
            taps: Taps { wire: None, relayed: relayed.clone() },
        };
        Self {
            id: ctx.events.next_id(),
            events: ctx.events.clone(),
            tasks: ctx.tasks.clone(),
            since,
            half: Some(Box::new(half)),
            forgotten: false,
            counts: Arc::new(ByteCounts::default()),
            relayed,
        }
    }

    /// Edits what is known; does nothing once the half is sent.
    pub(crate) fn note(&mut self, edit: impl FnOnce(&mut Half)) {
        if let Some(half) = self.half.as_deref_mut() {
            edit(half);
        }
    }

    /// Adds a finished step.
    pub(crate) fn step(&mut self, fact: Fact) {
        self.step_at(Instant::now(), fact);
    }

    /// Adds a step that was finished then.
    pub(crate) fn step_at(&mut self, when: Instant, fact: Fact) {
        let at = when.saturating_duration_since(self.since);
        self.note(|half| half.steps.push(Step { at, fact }));
    }

    /// The live counts of this connection.
    pub(crate) fn counts(&self) -> Arc<ByteCounts> {
        Arc::clone(&self.counts)
    }

    /// Who looks at what is relayed.
    pub(crate) fn relayed(&self) -> Option<Tap> {
        self.relayed.clone()
    }

    /// Whose TLS carries this connection, if somebody looks into it.
    pub(crate) fn carried_by(&mut self, tap: Option<&Tap>) {
        self.note(|half| half.taps.wire = tap.cloned());
    }

    /// Tells that bytes may flow from here on.
    pub(crate) fn open(&mut self, wire: Wire) {
        self.note(|half| half.wire = Some(wire));
        if let Some(half) = self.half.as_deref() {
            let opening = Opening {
                reporter: half.reporter,
                join: half.join,
                started: half.started,
                source: half.source.clone(),
                destination: half.destination.clone(),
                hbone_addr: half.hbone_addr.clone(),
                wire,
                counts: Arc::clone(&self.counts),
            };
            self.events.opened(self.id, opening);
        }
    }

    /// Ends the half with what its flow returned.
    pub(crate) fn finish(mut self, result: Result<(), Failure>) {
        let outcome = match result {
            Ok(()) => Outcome::Delivered,
            // Of the two proxies of a connection one is cut first: what the other one then sees is the same end.
            Err(failure) if failure.stage == Stage::Relay && self.tasks.is_closed() => {
                Outcome::Failed(Box::new(failure::drained()))
            }
            Err(failure) => Outcome::Failed(Box::new(failure)),
        };
        self.send(outcome);
    }

    /// Leaves no record: nothing happened that anyone would ask about.
    pub(crate) fn forget(&mut self) {
        self.forgotten = true;
    }

    fn send(&mut self, outcome: Outcome) {
        let Some(mut half) = self.half.take() else { return };
        half.took = self.since.elapsed();
        half.to_backend = self.counts.to_backend();
        half.to_client = self.counts.to_client();
        if half.to_backend + half.to_client > 0 || outcome == Outcome::Delivered {
            let fact = Fact::Relayed { to_backend: half.to_backend, to_client: half.to_client };
            half.steps.push(Step { at: half.took, fact });
        }
        half.outcome = outcome;
        if self.forgotten {
            return;
        }
        self.events.finished(self.id, half);
    }
}

impl Drop for Recording {
    /// Only a drain drops a connection in mid-flight, or a bug of ours: everything else returns through `finish`.
    fn drop(&mut self) {
        if self.half.is_some() {
            let why = if std::thread::panicking() { failure::bug() } else { failure::drained() };
            self.send(Outcome::Failed(Box::new(why)));
        }
    }
}
