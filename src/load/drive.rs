//! [`drive`]: one path for one round: connects, warms up, measures, and waits for what has begun.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::time::{sleep_until, timeout};

use crate::drain::{Drain, Tasks, drain};
use crate::load::client::{Client, Job};
use crate::load::failure::BenchError;
use crate::load::latency::percentiles;
use crate::load::meter::{Cost, Meter};
use crate::load::opening::{Opening, Wanted};
use crate::load::run::{Direction, Round, Work};
use crate::load::schedule::Schedule;
use crate::load::tally::Tally;
use crate::load::timer::Timer;
use crate::load::way::Way;

/// How long all connections may take to be there; one dial's deadline, and then some.
const CONNECTED: Duration = Duration::from_secs(15);
/// How long what has begun may take to end when nothing is due any more: longer than that counts as failed.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a round looks at the proxies' memory.
const LOOKS: u32 = 20;

/// What is done in a round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// What.
    pub work: Work,
    /// Which way bytes of bulk go.
    pub direction: Direction,
    /// Bytes of a request; of what bulk sends at once.
    pub request: u32,
    /// Bytes of an answer.
    pub response: u32,
    /// Connections at once.
    pub connections: u32,
    /// Units per second; `None`: each connection begins the next when the last has ended.
    pub rate: Option<f64>,
    /// How long it runs before it counts.
    pub warmup: Duration,
    /// How long it counts.
    pub duration: Duration,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Of the units.
    pub tally: Tally,
    /// Of the processes.
    pub cost: Cost,
    /// Whether there was a rate, so that lag means something.
    paced: bool,
    /// Whether units are bytes.
    bulk: bool,
}

impl Load {
    fn opening(&self) -> Opening {
        let wanted = match (self.work, self.direction) {
            (Work::Handshake | Work::Connect, _) => Wanted::Once,
            (Work::Rr, _) => Wanted::Talk,
            (Work::Bulk, Direction::Up) => Wanted::Sink,
            (Work::Bulk, Direction::Down) => Wanted::Flow,
        };
        // What is sent at once has the same size in both directions.
        let response = if self.work == Work::Bulk { self.request } else { self.response };
        Opening { wanted, request: self.request, response }
    }

    fn schedule(&self, start: Instant) -> Schedule {
        Schedule { start, rate: self.rate, warmup: self.warmup, duration: self.duration }
    }
}

/// The part of the offered units that has to be done, or latencies are those of another rate.
const KEPT: f64 = 0.99;

/// Whether `done` units are what `rate` and `seconds` make, all but a hundredth and the one that the clock cuts off.
pub(crate) fn keeps(done: u64, rate: f64, seconds: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "compared with a product that is no more exact")]
    let done = done as f64;
    done + 1.0 >= rate * seconds * KEPT
}

/// Does `load` on `way`, and reads `meter` at both ends of what counts.
///
/// # Errors
///
/// [`BenchError::System`] without a timer. Whatever fails on the way is counted, and no error.
pub async fn drive(load: &Load, way: &Way, meter: &mut Meter) -> Result<Measured, BenchError> {
    let timer = Timer::new().map_err(BenchError::System)?;
    let job = Arc::new(Job::new(way, load.opening()));
    let (clients, tasks) = drain();
    let pacing = job.pacer.clone().run(timer);
    let measuring = measure(load, &job, (clients, tasks), meter);
    tokio::select! {
        ended = pacing => ended.map(|()| unreached(load, &job)).map_err(BenchError::System),
        measured = measuring => Ok(measured),
    }
}

/// The pacer runs for ever; if it did end, nothing would have been measured.
fn unreached(load: &Load, job: &Job) -> Measured {
    let cost = Cost { took: 0, cpu: crate::load::run::Cpu::default(), others: 0.0 };
    Measured { tally: job.tally().clone(), cost, paced: load.rate.is_some(), bulk: false }
}

async fn measure(
    load: &Load,
    job: &Arc<Job>,
    (clients, tasks): (Drain, Tasks),
    meter: &mut Meter,
) -> Measured {
    let go = start(load, job, &tasks).await;
    let schedule = load.schedule(Instant::now());
    // Whoever could not connect in time is not there to hear it.
    let _ = go.send(Some(schedule));
    sleep_until(schedule.begin().into()).await;
    let (bytes, end) = (job.bytes.load(Ordering::Relaxed), meter.begin());
    for look in 1..=LOOKS {
        sleep_until((schedule.begin() + load.duration * look / LOOKS).into()).await;
        meter.sample();
    }
    let (cost, bytes) = (end(), job.bytes.load(Ordering::Relaxed) - bytes);
    clients.finish(PATIENCE).await;
    let mut tally = std::mem::take(&mut *job.tally());
    let left = job.open.load(Ordering::Relaxed);
    if left > 0 {
        tally.fail(format!("no end within {} s", PATIENCE.as_secs()), left);
    }
    let bulk = load.work == Work::Bulk;
    if bulk {
        tally.done = bytes;
    }
    Measured { tally, cost, paced: load.rate.is_some(), bulk }
}

/// Starts all connections; they wait for a schedule.
async fn start(load: &Load, job: &Arc<Job>, tasks: &Tasks) -> watch::Sender<Option<Schedule>> {
    let (go, started) = watch::channel(None);
    let (ready, mut all_ready) = mpsc::unbounded_channel::<()>();
    for _ in 0..load.connections {
        let (job, mut started, ready) = (Arc::clone(job), started.clone(), ready.clone());
        tasks.spawn("client", async move {
            let mut client = Client::new(job);
            client.prepare().await;
            drop(ready);
            let schedule = started.wait_for(Option::is_some).await.ok().and_then(|schedule| *schedule);
            if let Some(schedule) = schedule {
                client.run(schedule).await;
            }
        });
    }
    drop(ready);
    // It is over when the last of them has let go.
    let _late = timeout(CONNECTED, all_ready.recv()).await;
    go
}

impl Measured {
    /// Units that came to something, per second; bytes, for bulk.
    pub fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let (done, took) = (self.tally.done as f64, self.cost.took.max(1) as f64);
        done / took * 1e9
    }

    /// Whether what was offered was done, all but a hundredth of it and the unit that the clock cuts off.
    pub fn kept(&self, load: &Load) -> bool {
        let offered = load.rate.map(|rate| (rate, load.duration.as_secs_f64()));
        offered.is_none_or(|(rate, seconds)| keeps(self.tally.done, rate, seconds))
    }

    /// As the report of a path has it.
    pub fn round(&self) -> Round {
        let Self { tally, cost, paced, bulk } = self;
        let timed = |histogram| (!bulk).then(|| percentiles(histogram));
        Round {
            took: cost.took,
            done: tally.done,
            failures: tally.failures(),
            latency: timed(&tally.latency),
            service: timed(&tally.service),
            cpu: cost.cpu,
            lag: (*paced && !bulk).then(|| tally.lag.value_at_quantile(0.99)),
            others: cost.others,
        }
    }
}
