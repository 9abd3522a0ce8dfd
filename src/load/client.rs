//! What each connection of the generator does: units, one after the other, as the schedule has them.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::load::opening::{Opening, Wanted};
use crate::load::pacer::Pacer;
use crate::load::schedule::Schedule;
use crate::load::tally::{Moments, Tally};
use crate::load::way::Way;

/// How long a connection waits after a failure: a path that refuses at once is not asked as fast as it can refuse.
const BREATH: Duration = Duration::from_millis(10);
/// How long the end of a connection may take after its answer.
const END: Duration = Duration::from_secs(10);

/// What all connections of a round share.
pub(crate) struct Job {
    pub(crate) way: Way,
    pub(crate) opening: Opening,
    pub(crate) pacer: Pacer,
    pub(crate) next: AtomicU64,
    pub(crate) tally: Mutex<Tally>,
    /// Units that have begun and not ended.
    pub(crate) open: AtomicU64,
    /// Units that came to something, whether they count or not; bytes, for bulk.
    pub(crate) done: AtomicU64,
}

impl Job {
    pub(crate) fn new(way: &Way, opening: Opening) -> Self {
        Self {
            way: way.clone(),
            opening,
            pacer: Pacer::default(),
            next: AtomicU64::new(0),
            tally: Mutex::default(),
            open: AtomicU64::new(0),
            done: AtomicU64::new(0),
        }
    }

    /// Nothing panics under this lock.
    pub(crate) fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection, or one after the other, of the generator.
pub(crate) struct Client {
    job: Arc<Job>,
    stream: Option<TcpStream>,
    /// What is sent with each unit; bulk's chunk.
    request: Vec<u8>,
    /// Where answers go.
    response: Vec<u8>,
    own: Arc<Notify>,
}

impl Client {
    pub(crate) fn new(job: Arc<Job>) -> Self {
        let Opening { wanted, request, response } = job.opening;
        let bytes = |size: u32| vec![b'.'; usize::try_from(size).unwrap_or_default()];
        let mut sent = bytes(request);
        if wanted == Wanted::Once {
            // They leave together.
            sent.splice(0..0, job.opening.encode());
        }
        Self { stream: None, request: sent, response: bytes(response), own: Arc::default(), job }
    }

    /// Connects, where connections stay. A failure is not one of a unit's: the first unit tries again, and counts.
    pub(crate) async fn prepare(&mut self) {
        if self.job.opening.wanted != Wanted::Once {
            self.stream = self.job.way.open(&self.job.opening.encode()).await.ok();
        }
    }

    /// Does units until none is due any more.
    pub(crate) async fn run(mut self, schedule: Schedule) {
        match self.job.opening.wanted {
            Wanted::Talk | Wanted::Once => self.units(&schedule).await,
            Wanted::Sink | Wanted::Flow => self.bulk(&schedule).await,
        }
    }

    async fn units(&mut self, schedule: &Schedule) {
        loop {
            let free = Instant::now();
            let number = self.job.next.fetch_add(1, Ordering::Relaxed);
            let Some(due) = schedule.due(number, free) else { return };
            self.job.pacer.wait(due, &self.own).await;
            let began = Instant::now();
            let counts = schedule.counts(due);
            self.job.open.fetch_add(1, Ordering::Relaxed);
            let done = self.unit().await;
            self.job.open.fetch_sub(1, Ordering::Relaxed);
            match done {
                Ok(ended) => {
                    self.job.done.fetch_add(1, Ordering::Relaxed);
                    if counts {
                        self.job.tally().record(Moments { due, free, began, ended });
                    }
                }
                Err(error) => {
                    self.stream = None;
                    if counts {
                        self.job.tally().fail(error.to_string(), 1);
                    }
                    sleep(BREATH).await;
                }
            }
        }
    }

    /// One unit; when its answer was whole.
    async fn unit(&mut self) -> io::Result<Instant> {
        if self.job.opening.wanted == Wanted::Once {
            let mut stream = self.job.way.open(&self.request).await?;
            stream.read_exact(&mut self.response).await?;
            let ended = Instant::now();
            // The end is the server's; the next unit does not begin before it.
            timeout(END, stream.read(&mut [0])).await??;
            return Ok(ended);
        }
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => none.insert(self.job.way.open(&self.job.opening.encode()).await?),
        };
        stream.write_all(&self.request).await?;
        stream.read_exact(&mut self.response).await?;
        Ok(Instant::now())
    }

    async fn bulk(&mut self, schedule: &Schedule) {
        self.job.open.fetch_add(1, Ordering::Relaxed);
        while Instant::now() < schedule.end() {
            match self.chunk().await {
                Ok(bytes) => {
                    self.job.done.fetch_add(bytes, Ordering::Relaxed);
                }
                Err(error) => {
                    self.stream = None;
                    if schedule.counts(Instant::now()) {
                        self.job.tally().fail(error.to_string(), 1);
                    }
                    sleep(BREATH).await;
                }
            }
        }
        self.job.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// As many bytes as go through at once.
    async fn chunk(&mut self) -> io::Result<u64> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => none.insert(self.job.way.open(&self.job.opening.encode()).await?),
        };
        let bytes = match self.job.opening.wanted {
            Wanted::Sink => stream.write(&self.request).await?,
            _ => stream.read(&mut self.response).await?,
        };
        if bytes == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the stream ended"));
        }
        Ok(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}
