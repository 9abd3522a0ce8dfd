//! [`run_all`]: many scenarios, several beside each other.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use crate::drain::drain;
use crate::scenario::definition::Scenario;
use crate::scenario::play::run;
use crate::scenario::report::Report;

/// Runs them, at most `at_once` beside each other: each has a mesh of its own. `finished` is told of each that has ended;
/// the reports come in the order of the list.
pub async fn run_all(
    scenarios: Vec<Scenario>,
    at_once: usize,
    mut finished: impl FnMut(&Report),
) -> Vec<Report> {
    let (_drain, tasks) = drain();
    let room = Arc::new(Semaphore::new(at_once.max(1)));
    let (tell, mut told) = mpsc::unbounded_channel();
    for (place, scenario) in scenarios.into_iter().enumerate() {
        let (room, tell) = (Arc::clone(&room), tell.clone());
        tasks.spawn("scenario", async move {
            // Nobody closes it.
            let _turn = room.acquire_owned().await;
            let report = run(&scenario).await.unwrap_or_else(|error| Report::unplayable(&scenario, &error));
            // Whoever asked may have gone.
            let _unheard = tell.send((place, report));
        });
    }
    drop(tell);
    let mut all = Vec::new();
    while let Some((place, report)) = told.recv().await {
        finished(&report);
        all.push((place, report));
    }
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, report)| report).collect()
}
