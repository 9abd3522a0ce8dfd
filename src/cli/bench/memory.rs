//! What an idle connection costs a proxy: on proxies that have just been started, or before a target's have carried anything
//! else, so that nothing else is in the figure.

use std::io;
use std::time::Duration;

use crate::cli::args::PathKind;
use crate::cli::bench::lane::Lane;
use crate::cli::bench::rounds::Watch;
use crate::cli::bench::stage::Stage;
use crate::cli::error::CliError;
use crate::load::{BenchError, Memory, Processes, Way, idle, memory};

/// What is under way, for the progress line.
pub(crate) const PART: &str = "memory of idle connections";

/// About how long the memory of one path takes, for the progress line.
pub(crate) const LONG: Duration = Duration::from_secs(2);

/// How long everything that a connection begins with may take to be over, after its first answer.
const SETTLED: Duration = Duration::from_millis(300);

/// What the proxies of the path `kind` hold for each of `count` idle connections; `None` without proxies.
pub(crate) async fn each(
    stage: &Stage<'_>,
    (kind, count): (PathKind, u32),
) -> Result<Option<Memory>, CliError> {
    let proxies = stage.others().await?;
    let weighed = match proxies.way(kind) {
        None => None,
        Some(way) => Some(weigh(&way, proxies.processes(), count).await),
    };
    proxies.end().await;
    Ok(weighed.transpose().map_err(BenchError::System)?)
}

/// What the proxies of targets hold for each of `count` idle connections, as far as their processes are known; `None` when somebody
/// ended it.
///
/// Before they carry anything else: what a load leaves behind would take in every idle connection.
pub(crate) async fn of_targets(
    lanes: &mut [Lane],
    count: u32,
    watch: &mut Watch<'_>,
) -> Option<Result<(), BenchError>> {
    let mut known: Vec<(Processes, Memory)> = Vec::new();
    for lane in lanes.iter_mut().filter(|lane| lane.kind.is_none() && lane.processes.source.is_some()) {
        // A target that is there for several numbers of connections is measured once.
        let before = known.iter().find(|(processes, _)| *processes == lane.processes);
        if let Some((_, memory)) = before {
            lane.memory = Some(memory.clone());
            continue;
        }
        watch.progress.longer(LONG);
        watch.progress.now(PART, &lane.name);
        match watch.over(weigh(&lane.way, lane.processes, count)).await? {
            Ok(memory) => {
                lane.memory = Some(memory.clone());
                known.push((lane.processes, memory));
            }
            Err(error) => return Some(Err(BenchError::System(error))),
        }
    }
    Some(Ok(()))
}

/// The difference that `count` idle connections on this way make.
async fn weigh(way: &Way, processes: Processes, count: u32) -> io::Result<Memory> {
    let rest = held(processes);
    // What the first connection brings with it, a tunnel and code that is read from disk, is no price of the others.
    let first = idle(way, 1).await?;
    tokio::time::sleep(SETTLED).await;
    let before = held(processes);
    let others = idle(way, count).await?;
    tokio::time::sleep(SETTLED).await;
    let after = held(processes);
    drop((first, others));
    Ok(Memory {
        source_at_rest: rest.0.unwrap_or_default(),
        destination_at_rest: rest.1,
        source_each: per(before.0, after.0, count),
        destination_each: per(before.1, after.1, count),
        connections: count,
        line: Vec::new(),
    })
}

fn held(processes: Processes) -> (Option<u64>, Option<u64>) {
    (processes.source.and_then(memory), processes.destination.and_then(memory))
}

fn per(before: Option<u64>, after: Option<u64>, count: u32) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "bytes of one process, for people")]
    let more = after?.saturating_sub(before?) as f64;
    (count > 0).then(|| more / f64::from(count))
}
