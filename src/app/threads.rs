//! Threads: one current-thread runtime per worker, so that a tunnel, its streams and their sockets never change threads.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, watch};

use crate::app::error::StartError;
use crate::proxy::{Door, Worker};

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

/// A worker's thread; doors can be handed to it while it runs.
pub(crate) struct WorkerThread {
    doors: mpsc::UnboundedSender<(Door, TcpListener)>,
    thread: JoinHandle<()>,
}

impl WorkerThread {
    /// Starts worker `number`.
    pub(crate) fn start(
        number: usize,
        claim: Arc<TcpListener>,
        worker: Worker,
        stopped: Stopped,
    ) -> Result<Self, StartError> {
        let (doors, mut incoming) = mpsc::unbounded_channel::<(Door, TcpListener)>();
        let thread = run(format!("worker-{number}"), claim, async move {
            worker.watch_changes();
            let serve = async {
                while let Some((door, listener)) = incoming.recv().await {
                    let addr = door.addr;
                    if let Err(error) = worker.serve(door, listener) {
                        tracing::error!(target: "glasstunnel::app", %addr, %error, "a door could not be opened");
                    }
                }
                std::future::pending::<()>().await;
            };
            tokio::select! { () = serve => {}, () = stopped.wait() => {} }
        })?;
        Ok(Self { doors, thread })
    }

    /// Hands a bound door to the worker.
    pub(crate) fn open(&self, door: Door, listener: TcpListener) {
        // A worker that has ended has no doors; the listener closes.
        let _ = self.doors.send((door, listener));
    }

    pub(crate) fn into_handle(self) -> JoinHandle<()> {
        self.thread
    }
}

/// Runs `future` on a thread and a current-thread runtime of its own. `claim` is let go last, when every socket of the
/// runtime is closed: whoever claims the block next must not find this mesh's listeners still open beside its own.
pub(crate) fn run(
    name: String,
    claim: Arc<TcpListener>,
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
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
