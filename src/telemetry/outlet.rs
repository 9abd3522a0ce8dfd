//! [`Outlet`]: a stream that nobody waits for. A thread of its own writes to it; whoever has something to say leaves it there.
//!
//! ```text
//!   recorder, tracing, live lines ──▶ at most 1 MiB waits ──▶ a thread ──▶ stdout or stderr
//!                                          └─ full: WouldBlock, and the text is lost whole
//! ```
//!
//! A pipe whose reader sleeps takes nothing. Written to from the control side, it would stop signals, renewals and the admin
//! API; from a worker, traffic.

use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;

/// How much may wait, in bytes: some thousand lines. As much again may be on its way.
const ROOM: usize = 1 << 20;

/// The way to the thread; clones share it, and the thread ends when it has written what the last of them left.
#[derive(Clone, Debug)]
pub struct Outlet {
    shared: Arc<Shared>,
    _open: Arc<Open>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Why nothing can be written any more.
    broken: watch::Sender<Option<ErrorKind>>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    is_writing: bool,
    is_closed: bool,
}

/// Closes with the last clone.
#[derive(Debug)]
struct Open(Arc<Shared>);

impl Outlet {
    /// Starts a thread called `name` that writes to `writer`.
    ///
    /// # Errors
    ///
    /// The system has no thread left.
    pub fn new(name: &str, writer: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            broken: watch::Sender::default(),
        });
        let own = Arc::clone(&shared);
        thread::Builder::new().name(name.to_owned()).spawn(move || own.write_to(writer))?;
        Ok(Self { _open: Arc::new(Open(Arc::clone(&shared))), shared })
    }

    /// Leaves `text` there, all of it or nothing.
    ///
    /// # Errors
    ///
    /// `WouldBlock` while too much waits already; what broke the stream, from then on.
    pub fn leave(&self, text: &[u8]) -> io::Result<()> {
        if let Some(kind) = *self.shared.broken.borrow() {
            return Err(kind.into());
        }
        let mut state = self.shared.locked();
        // A text that is larger than all the room has it for itself.
        if !state.waiting.is_empty() && state.waiting.len() + text.len() > ROOM {
            return Err(ErrorKind::WouldBlock.into());
        }
        state.waiting.extend_from_slice(text);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Resolves when nothing can be written any more, with the reason.
    pub async fn broken(&self) -> io::Error {
        let mut broken = self.shared.broken.subscribe();
        // The sender lives as long as this.
        let kind = broken.wait_for(Option::is_some).await.ok().and_then(|kind| *kind);
        kind.unwrap_or(ErrorKind::BrokenPipe).into()
    }

    /// Waits until all that was left here is written, for at most `patience`.
    pub fn settle(&self, patience: Duration) {
        let is_busy = |state: &mut State| !state.waiting.is_empty() || state.is_writing;
        let settled = self.shared.changed.wait_timeout_while(self.shared.locked(), patience, is_busy);
        drop(settled);
    }
}

impl Write for Outlet {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.leave(text).map(|()| text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.locked().is_closed = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn locked(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is locked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread.
    fn write_to(&self, mut writer: impl Write) {
        let mut text = Vec::new();
        while self.take(&mut text) {
            let written = writer.write_all(&text).and_then(|()| writer.flush());
            text.clear();
            let mut state = self.locked();
            state.is_writing = false;
            if let Err(error) = written {
                state.waiting = Vec::new();
                self.broken.send_replace(Some(error.kind()));
            }
            self.changed.notify_all();
        }
    }

    /// Waits for something to write, and swaps it with the empty `text`; false when there will be nothing more.
    fn take(&self, text: &mut Vec<u8>) -> bool {
        let is_idle = |state: &mut State| state.waiting.is_empty() && !state.is_closed;
        let state = self.changed.wait_while(self.locked(), is_idle);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut state.waiting, text);
        state.is_writing = !text.is_empty() && self.broken.borrow().is_none();
        state.is_writing
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Takes a text only when it is let, and breaks when nobody lets it any more.
    struct Slow(mpsc::Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Slow {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(|_gone| ErrorKind::BrokenPipe)?;
            self.1.lock().unwrap().extend_from_slice(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (Outlet, mpsc::Sender<()>, Arc<Mutex<Vec<u8>>>) {
        let ((letting, let_through), seen) = (mpsc::channel(), Arc::<Mutex<Vec<u8>>>::default());
        (Outlet::new("slow", Slow(let_through, Arc::clone(&seen))).unwrap(), letting, seen)
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn whoever_writes_never_waits_and_nothing_is_torn() {
        let (outlet, letting, seen) = slow();
        let line = [b'x'; 1024];
        let taken = (0..3 * ROOM / line.len()).filter(|_| outlet.leave(&line).is_ok()).count();
        assert!(taken >= ROOM / line.len() && taken <= 2 * ROOM / line.len(), "{taken}");
        assert_eq!(outlet.leave(&line).unwrap_err().kind(), ErrorKind::WouldBlock);
        (0..taken).for_each(|_| letting.send(()).unwrap());
        outlet.settle(LONG);
        assert_eq!(seen.lock().unwrap().len(), taken * line.len());
        assert!(outlet.leave(&line).is_ok(), "there is room again");
        outlet.settle(LONG);
        let much = vec![b'y'; 2 * ROOM];
        assert!(outlet.leave(&much).is_ok(), "one text may be larger than the room");
    }

    #[tokio::test]
    async fn a_reader_that_is_gone_is_told() {
        let (outlet, letting, _) = slow();
        outlet.leave(b"for nobody\n").unwrap();
        drop(letting);
        assert_eq!(outlet.broken().await.kind(), ErrorKind::BrokenPipe);
        assert_eq!(outlet.leave(b"more\n").unwrap_err().kind(), ErrorKind::BrokenPipe);
        outlet.settle(LONG);
    }

    #[test]
    fn what_was_left_is_written_after_the_last_clone() {
        let (outlet, letting, seen) = slow();
        outlet.clone().write_all(b"the last words\n").unwrap();
        let shared = Arc::downgrade(&outlet.shared);
        drop(outlet);
        letting.send(()).unwrap();
        while shared.strong_count() > 0 {
            thread::yield_now();
        }
        assert_eq!(*seen.lock().unwrap(), b"the last words\n");
    }
}
