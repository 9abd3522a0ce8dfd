//! Threads: one current-thread runtime per worker, so that a tunnel, its streams and their sockets never change threads.

use std::collections::HashMap;
use std::hint::black_box;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot, watch};

use crate::app::error::StartError;
use crate::io::before_sleep;
use crate::proxy::{Door, Worker};

/// What all streams of one tunnel may have waiting to be written (`hbone::Limits::send_buffer_per_connection`), and so may let go together.
const LARGE_BLOCK: usize = 4 << 20;

/// Lets workers keep the memory of the buffers that they are done with, instead of giving it back to the kernel and being given it
/// again, page by page, a moment later.
///
/// glibc takes the size of a large block that is let go as a sign of what is to come, and from then on keeps up to twice as much
/// free memory at the top of each heap (mallopt(3), M_MMAP_THRESHOLD and M_TRIM_THRESHOLD). Left alone it keeps a quarter of a megabyte to half
/// a one, which is a single buffer. The block is never touched, so it costs two system calls. Other allocators take no notice.
pub(crate) fn keep_memory() {
    drop(black_box(Vec::<u8>::with_capacity(LARGE_BLOCK)));
}

/// Tells threads to end once their work is done.
pub(crate) struct Stop(watch::Sender<bool>);

/// A thread's end of [`Stop`].
#[derive(Clone)]
pub(crate) struct Stopped(watch::Receiver<bool>);

pub(crate) fn stop() -> (Stop, Stopped) {
    let (sender, receiver) = watch::channel(false);
    (Stop(sender), Stopped(receiver))
}

impl Stop {
    pub(crate) fn now(&self) {
        // Nobody listening means that every thread has ended already.
        let _ = self.0.send(true);
    }
}

impl Stopped {
    pub(crate) async fn wait(mut self) {
        // An error means that the owner is gone, which is a stop too.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }
}

/// The claim on a block of loopback addresses, where the mesh has one; whoever shares it keeps it.
pub(crate) type Claimed = Arc<Option<TcpListener>>;

/// What a worker's thread is told while it runs.
enum Order {
    Open(Door, TcpListener),
    Close(Door),
}

/// The way to a worker's doors.
pub(crate) struct WorkerDoors {
    orders: mpsc::UnboundedSender<Order>,
}

impl WorkerDoors {
    /// Starts worker `number`.
    pub(crate) fn start(
        number: usize,
        claim: Claimed,
        worker: Worker,
        stopped: Stopped,
    ) -> Result<(Self, JoinHandle<()>), StartError> {
        let (orders, incoming) = mpsc::unbounded_channel();
        let thread = run(format!("worker-{number}"), claim, async move {
            worker.watch_changes();
            tokio::select! { () = obey(worker, incoming) => {}, () = stopped.wait() => {} }
        })?;
        Ok((Self { orders }, thread))
    }

    /// Hands a bound door to the worker.
    pub(crate) fn open(&self, door: Door, listener: TcpListener) {
        // A worker that has ended has no doors; the listener closes.
        let _ = self.orders.send(Order::Open(door, listener));
    }

    /// Closes `door`; what came in through it goes on.
    pub(crate) fn close(&self, door: Door) {
        let _ = self.orders.send(Order::Close(door));
    }
}

async fn obey(worker: Worker, mut incoming: mpsc::UnboundedReceiver<Order>) {
    let mut open: HashMap<Door, oneshot::Sender<()>> = HashMap::new();
    while let Some(order) = incoming.recv().await {
        match order {
            Order::Open(door, listener) => {
                let (close, closed) = oneshot::channel();
                match worker.serve(door.clone(), listener, closed) {
                    Ok(()) => {
                        open.insert(door, close);
                    }
                    Err(error) => {
                        let addr = door.addr;
                        tracing::error!(target: "glasstunnel::app", %addr, %error, "a door could not be opened");
                    }
                }
            }
            // Dropping the sender closes the door.
            Order::Close(door) => drop(open.remove(&door)),
        }
    }
    std::future::pending::<()>().await;
}

/// Runs `future` on a thread and a current-thread runtime of its own. `claim` is let go last, when every socket of the
/// runtime is closed: whoever claims the block next must not find this mesh's listeners still open beside its own.
pub(crate) fn run(
    name: String,
    claim: Claimed,
    future: impl Future<Output = ()> + Send + 'static,
) -> Result<JoinHandle<()>, StartError> {
    let runtime = runtime().map_err(StartError::System)?;
    let body = move || {
        runtime.block_on(future);
        drop(runtime);
        drop(claim);
    };
    std::thread::Builder::new().name(name).spawn(body).map_err(StartError::System)
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().on_thread_park(before_sleep).enable_all().build()
}
