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
    /// How long all that was due may take to begin and to end when nothing is due any more: what takes longer counts as failed.
    pub patience: Duration,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Of the units that were due while it counted, however long they took.
    pub tally: Tally,
    /// Units that came to something while it counted, whenever they were due; bytes, for bulk. What the processes took in that
    /// time, they took for these.
    pub done: u64,
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
    Measured { tally: job.tally().clone(), done: 0, cost, paced: load.rate.is_some(), bulk: false }
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
    let (before, end) = (job.done.load(Ordering::Relaxed), meter.begin());
    for look in 1..=LOOKS {
        sleep_until((schedule.begin() + load.duration * look / LOOKS).into()).await;
        meter.sample();
    }
    let (cost, done) = (end(), job.done.load(Ordering::Relaxed) - before);
    clients.finish(load.patience).await;
    let mut tally = std::mem::take(&mut *job.tally());
    let (open, next) = (job.open.load(Ordering::Relaxed), job.next.load(Ordering::Relaxed));
    // Left out, they would make a path that stalls look better than one that is slow.
    for (what, left) in [("end", open), ("beginning", schedule.unbegun(next))] {
        if left > 0 {
            tally.fail(format!("no {what} within {:?} of the last that was due", load.patience), left);
        }
    }
    Measured { tally, done, cost, paced: load.rate.is_some(), bulk: load.work == Work::Bulk }
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
        let (done, took) = (self.done as f64, self.cost.took.max(1) as f64);
        done / took * 1e9
    }

    /// Whether what was offered was done, all but a hundredth of it and the unit that the clock cuts off.
    pub fn kept(&self, load: &Load) -> bool {
        let offered = load.rate.map(|rate| (rate, load.duration.as_secs_f64()));
        offered.is_none_or(|(rate, seconds)| keeps(self.done, rate, seconds))
    }

    /// Whether nothing at all came through, not even late.
    pub fn is_nothing(&self) -> bool {
        self.done == 0 && self.tally.latency.is_empty()
    }

    /// As the report of a path has it.
    pub fn round(&self) -> Round {
        let Self { tally, done, cost, paced, bulk } = self;
        let timed = |histogram| (!bulk).then(|| percentiles(histogram));
        Round {
            took: cost.took,
            done: *done,
            failures: tally.failures(),
            latency: timed(&tally.latency),
            service: timed(&tally.service),
            cpu: cost.cpu,
            lag: (*paced && !bulk).then(|| tally.lag.value_at_quantile(0.99)),
            others: cost.others,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::{MissedTickBehavior, interval};

    use super::*;
    use crate::load::meter::Processes;
    use crate::load::opening::OPENING;

    const LOAD: Load = Load {
        work: Work::Rr,
        direction: Direction::Up,
        request: 1,
        response: 1,
        connections: 1,
        rate: Some(200.0),
        warmup: Duration::ZERO,
        duration: Duration::from_millis(200),
        patience: Duration::from_secs(60),
    };
    /// From one of the slow server's answers to the next.
    const SLOW: Duration = Duration::from_millis(20);

    /// Answers each byte, but no faster than that.
    async fn answer(mut stream: TcpStream) {
        let mut opening = [0; OPENING];
        stream.read_exact(&mut opening).await.unwrap();
        let mut turns = interval(SLOW);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stream.read_u8().await.is_ok() {
            turns.tick().await;
            stream.write_u8(b'.').await.unwrap();
        }
    }

    async fn driven(load: Load, server: impl AsyncFn(TcpStream)) -> Measured {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Way::Straight(listener.local_addr().unwrap());
        let mut meter = Meter::new(Processes::default(), Instant::now());
        let served = async {
            loop {
                server(listener.accept().await.unwrap().0).await;
            }
        };
        tokio::select! {
            measured = drive(&load, &way, &mut meter) => measured.unwrap(),
            () = served => unreachable!(),
        }
    }

    /// Forty were due in that time, and all of them were answered; but most of them after it.
    #[tokio::test]
    async fn what_is_done_late_is_late_and_no_part_of_the_rate() {
        let measured = driven(LOAD, answer).await;
        assert_eq!((measured.tally.latency.len(), measured.tally.failures()), (40, vec![]));
        let most = 1.0 / SLOW.as_secs_f64() + 1e9 / measured.cost.took as f64;
        assert!(measured.rate() <= most && !measured.kept(&LOAD), "{} done", measured.done);
    }

    #[tokio::test]
    async fn what_nobody_came_to_has_failed() {
        let load = Load { patience: Duration::from_millis(50), ..LOAD };
        let measured = driven(load, async |stream| {
            std::future::pending::<()>().await;
            drop(stream);
        })
        .await;
        assert!(measured.is_nothing());
        let failures = measured.tally.failures();
        let said = failures.iter().map(|failure| (failure.says.as_str(), failure.times)).collect::<Vec<_>>();
        assert_eq!(
            said,
            [
                ("no beginning within 50ms of the last that was due", 39),
                ("no end within 50ms of the last that was due", 1)
            ]
        );
    }
}
