//! [`Namespace`]: a network of its own (network_namespaces(7)), for as long as somebody holds it.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::thread;

use nix::sched::{CloneFlags, setns, unshare};

/// The network namespace of the calling thread, as the kernel shows it.
const OWN: &str = "/proc/thread-self/ns/net";

/// A network namespace that has no name: only descriptors hold it, so that it ends with this process, whatever ends it.
///
/// A socket stays in the namespace that it was made in, wherever it is used.
#[derive(Clone, Debug)]
pub struct Namespace {
    file: Arc<File>,
}

impl Namespace {
    /// A new one, with nothing in it but a loopback interface that is down.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` without CAP_SYS_ADMIN in the process's user namespace.
    pub fn create() -> io::Result<Self> {
        let file = on_a_thread(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            File::open(OWN)
        })?;
        Ok(Self { file: Arc::new(file) })
    }

    /// Runs `body` in it and waits for the end of that.
    ///
    /// `body` has a thread of its own, which enters and never has to come back: whoever joined a user namespace may not
    /// return to the network that it came from (setns(2)).
    ///
    /// # Errors
    ///
    /// Those of setns(2), and of `body`.
    pub fn run<T: Send>(&self, body: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        on_a_thread(|| {
            setns(&self.file, CloneFlags::CLONE_NEWNET)?;
            body()
        })
    }

    /// Moves the calling thread into it for good; children that it starts are in it from their start.
    ///
    /// # Errors
    ///
    /// Those of setns(2).
    pub fn enter(&self) -> io::Result<()> {
        Ok(setns(&self.file, CloneFlags::CLONE_NEWNET)?)
    }

    /// A path by which other processes of the same user open it, such as for `nsenter --net=PATH`.
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd())
    }
}

fn on_a_thread<T: Send>(body: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("namespace".to_owned()).spawn_scoped(scope, body)?;
        thread.join().unwrap_or_else(|_panicked| Err(io::ErrorKind::Other.into()))
    })
}
