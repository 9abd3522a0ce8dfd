//! How much one connection may have waiting to be written, over all its streams.
//!
//! h2 bounds what a *stream* may queue; two hundred streams to a peer that no longer reads its socket make that two
//! hundred times as much (reference/reliability.md section 0, row 8). A chunk is charged when it is queued and paid
//! back when the last of it has left for the socket, or when its stream is reset.
//!
//! Only bytes that the peer's windows admit are charged, so a stream that stalls for want of window holds nothing here,
//! and whatever is held leaves as soon as the peer reads its socket: streams cannot lock each other out.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest chunk charged at once: what a busy stream reads at once, so that it leaves as one frame and arrives as one write
/// at the other end, and few enough bytes that sixteen streams get a turn within the default of 4 MiB.
const TURN: usize = 256 << 10;

/// One connection's budget; clones share it.
#[derive(Clone)]
pub(crate) struct SendBudget {
    room: Arc<Semaphore>,
}

impl SendBudget {
    /// A budget of `bytes`, but no less than one turn: a smaller one would never admit a chunk.
    pub(crate) fn new(bytes: usize) -> Self {
        let most = Semaphore::MAX_PERMITS.min(u32::MAX as usize);
        Self { room: Arc::new(Semaphore::new(bytes.clamp(TURN, most))) }
    }

    /// One stream's way to it.
    pub(crate) fn share(&self) -> Share {
        Share { budget: self.clone(), waiting: None, queued: Arc::default() }
    }
}

type Waiting = Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>> + Send>>;

/// One stream's way to the budget of its connection: first come, first served.
pub(crate) struct Share {
    budget: SendBudget,
    /// Made only when the budget is used up; dropping it gives up the place in the line.
    waiting: Option<Waiting>,
    queued: Arc<Queued>,
}

/// What one stream has queued and has not left for the socket.
#[derive(Default)]
struct Queued {
    chunks: AtomicUsize,
    /// Who waits for there to be none.
    waker: Mutex<Option<Waker>>,
}

impl Queued {
    /// Nothing panics under this lock.
    fn waker(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Room for some of `wanted` bytes, at most a turn's worth.
    pub(crate) fn poll_charge(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<Charge> {
        // A turn fits a u32, and so does whatever is smaller.
        let count = wanted.min(TURN) as u32;
        let room = ready!(self.poll_room(cx, count));
        self.queued.chunks.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Charge { room, queued: Arc::clone(&self.queued) })
    }

    /// Ready once everything that this stream had queued has left for the socket.
    pub(crate) fn poll_sent(&self, cx: &mut Context<'_>) -> Poll<()> {
        // First, or what leaves in between would wake nobody.
        *self.queued.waker() = Some(cx.waker().clone());
        match self.queued.chunks.load(Ordering::Acquire) {
            0 => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }

    fn poll_room(&mut self, cx: &mut Context<'_>, count: u32) -> Poll<Option<OwnedSemaphorePermit>> {
        if self.waiting.is_none() {
            if let Ok(permit) = Arc::clone(&self.budget.room).try_acquire_many_owned(count) {
                return Poll::Ready(Some(permit));
            }
            let room = Arc::clone(&self.budget.room);
            self.waiting = Some(Box::pin(async move { room.acquire_many_owned(count).await.ok() }));
        }
        // The semaphore is never closed, so there is always a permit.
        let permit = match &mut self.waiting {
            Some(waiting) => ready!(waiting.as_mut().poll(cx)),
            None => None,
        };
        self.waiting = None;
        Poll::Ready(permit)
    }
}

/// Room that was granted; given back on drop.
pub(crate) struct Charge {
    room: Option<OwnedSemaphorePermit>,
    queued: Arc<Queued>,
}

impl Charge {
    /// For how many bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if self.queued.chunks.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(waker) = self.queued.waker().take()
        {
            waker.wake();
        }
    }
}

/// Bytes that wait to be written, with the room they take.
pub(crate) struct Charged {
    bytes: Bytes,
    _charge: Option<Charge>,
}

impl Charged {
    /// `bytes`, which are no more than `charge` allows.
    pub(crate) fn new(bytes: Bytes, charge: Charge) -> Self {
        Self { bytes, _charge: Some(charge) }
    }

    /// Nothing: what END_STREAM travels with.
    pub(crate) fn nothing() -> Self {
        Self { bytes: Bytes::new(), _charge: None }
    }
}

impl Buf for Charged {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn charge(share: &mut Share, wanted: usize) -> Option<Charge> {
        match share.poll_charge(&mut Context::from_waker(Waker::noop()), wanted) {
            Poll::Ready(charge) => Some(charge),
            Poll::Pending => None,
        }
    }

    #[test]
    fn what_is_charged_is_paid_back() {
        let budget = SendBudget::new(TURN + 10);
        let (mut one, mut other) = (budget.share(), budget.share());
        let all = charge(&mut one, 1 << 30).unwrap();
        assert_eq!(all.bytes(), TURN, "a turn at most");
        let small = Charged::new(Bytes::from_static(b"0123456789"), charge(&mut other, 10).unwrap());
        assert!(charge(&mut other, 1).is_none());
        drop(small);
        assert_eq!(charge(&mut other, 1).unwrap().bytes(), 1);
    }

    #[tokio::test]
    async fn a_streams_own_is_sent_when_all_of_it_has_left() {
        let budget = SendBudget::new(0);
        let (mut one, other) = (budget.share(), budget.share());
        let sent = |share: &Share| share.poll_sent(&mut Context::from_waker(Waker::noop())).is_ready();
        assert!(sent(&one) && sent(&other));
        let queued = [charge(&mut one, 1).unwrap(), charge(&mut one, TURN - 1).unwrap()];
        assert!(!sent(&one) && sent(&other), "it waits for no neighbour");
        let all_sent = std::future::poll_fn(|cx| one.poll_sent(cx));
        let ((), ()) = tokio::join!(all_sent, async { drop(queued) });
        assert!(sent(&one));
    }

    #[test]
    fn who_gives_up_leaves_the_line() {
        let budget = SendBudget::new(0);
        let (mut one, mut other) = (budget.share(), budget.share());
        let all = charge(&mut one, TURN).unwrap();
        assert!(charge(&mut one, TURN).is_none() && charge(&mut other, 1).is_none());
        drop(all);
        assert!(charge(&mut other, 1).is_none(), "the first in line is first");
        drop(one);
        assert!(charge(&mut other, 1).is_some());
    }
}
