//! What an idle connection costs a proxy: on proxies that have just been started, so that nothing else is in the figure.

use std::time::Duration;

use crate::cli::args::PathKind;
use crate::cli::bench::stage::Stage;
use crate::cli::error::CliError;
use crate::load::{BenchError, Memory, Processes, idle, memory};

/// How long everything that a connection begins with may take to be over, after its first answer.
const SETTLED: Duration = Duration::from_millis(300);

/// What the proxies of the path `kind` hold for each of `count` idle connections; `None` without proxies.
pub(crate) async fn each(
    stage: &Stage<'_>,
    (kind, count): (PathKind, u32),
) -> Result<Option<Memory>, CliError> {
    let proxies = stage.others().await?;
    let measured = match proxies.way(kind) {
        None => None,
        Some(way) => {
            let processes = proxies.processes();
            let rest = held(processes);
            // What the first connection brings with it, a tunnel and code that is read from disk, is no price of the others.
            let first = idle(&way, 1).await.map_err(BenchError::System)?;
            tokio::time::sleep(SETTLED).await;
            let before = held(processes);
            let others = idle(&way, count).await.map_err(BenchError::System)?;
            tokio::time::sleep(SETTLED).await;
            let after = held(processes);
            drop((first, others));
            Some(Memory {
                source_at_rest: rest.0.unwrap_or_default(),
                destination_at_rest: rest.1,
                source_each: per(before.0, after.0, count),
                destination_each: per(before.1, after.1, count),
                connections: count,
                line: Vec::new(),
            })
        }
    };
    proxies.end().await;
    Ok(measured)
}

fn held(processes: Processes) -> (Option<u64>, Option<u64>) {
    (processes.source.and_then(memory), processes.destination.and_then(memory))
}

fn per(before: Option<u64>, after: Option<u64>, count: u32) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "bytes of one process, for people")]
    let more = after?.saturating_sub(before?) as f64;
    (count > 0).then(|| more / f64::from(count))
}
