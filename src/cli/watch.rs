//! `up --watch`: what changes in the files of a mesh changes in the mesh.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::admin::EditedView;
use crate::app::Running;
use crate::cli::edit::done;
use crate::resources::{Input, Objects, Stamp, stamp};

/// How often the files are looked at. A change is taken over when two looks in a row find the same: editors write a file
/// in several steps.
const LOOK: Duration = Duration::from_millis(250);

/// The files of a running mesh.
pub(crate) struct Watch {
    inputs: Vec<Input>,
    /// What the mesh has taken over.
    objects: Objects,
    taken: Stamp,
    last: Stamp,
    ticks: Interval,
}

impl Watch {
    /// Watches the files that `objects` were read from.
    pub(crate) fn new(inputs: Vec<Input>, objects: Objects) -> Self {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let taken = stamp(&inputs);
        Self { inputs, objects, last: taken.clone(), taken, ticks }
    }

    /// Waits until the files have changed and lie still.
    pub(crate) async fn changed(&mut self) {
        loop {
            self.ticks.tick().await;
            let now = stamp(&self.inputs);
            let lies_still = now == self.last;
            self.last = now;
            if lies_still && self.last != self.taken {
                self.taken = self.last.clone();
                return;
            }
        }
    }

    /// Takes the change over, or says why not; then the mesh is as it was.
    pub(crate) fn take_over(&mut self, running: &Running) -> String {
        let now = match Objects::read(&self.inputs) {
            Ok(now) => now,
            Err(errors) => return unchanged(&errors.to_string()),
        };
        match running.reload(&self.objects, &now) {
            Ok(edited) => {
                self.objects = now;
                edited.iter().map(|edited| done(&EditedView::of(edited), "")).collect()
            }
            Err(error) => unchanged(&error.to_string()),
        }
    }
}

fn unchanged(why: &str) -> String {
    format!("\n{why}\n\nnothing was changed: the mesh runs on as it was\n")
}
