//! How much one connection may have waiting to be written, over all its streams.
//!
//! h2 bounds what a *stream* may queue; two hundred streams to a peer that no longer reads its socket make that two
//! hundred times as much (reference/reliability.md section 0, row 8). A chunk is charged when it is queued and paid
//! back when the last of it has left for the socket, or when its stream is reset.
//!
//! Only bytes that the peer's windows admit are charged, so a stream that stalls for want of window holds nothing here,
//! and whatever is held leaves as soon as the peer reads its socket: streams cannot lock each other out.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest chunk charged at once: what a busy stream reads at once, so that it leaves as one frame and arrives as one write
/// at the other end, and few enough bytes that sixteen streams get a turn within the default of 4 MiB.
const TURN: usize = 256 << 10;

/// One connection's budget; clones share it.
#[derive(Clone)]
pub(crate) struct SendBudget {
    room: Arc<Semaphore>,
    /// All of it, in bytes.
    whole: u32,
}

impl SendBudget {
    /// A budget of `bytes`, but no less than one turn: a smaller one would never admit a chunk.
    pub(crate) fn new(bytes: usize) -> Self {
        let most = Semaphore::MAX_PERMITS.min(u32::MAX as usize);
        let room = bytes.clamp(TURN, most);
        // It fits: `most` does.
        Self { room: Arc::new(Semaphore::new(room)), whole: room as u32 }
    }

    /// One stream's way to it.
    pub(crate) fn share(&self) -> Share {
        Share { budget: self.clone(), waiting: None }
    }
}

type Waiting = Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>> + Send>>;

/// One stream's way to the budget of its connection: first come, first served.
pub(crate) struct Share {
    budget: SendBudget,
    /// Made only when the budget is used up; dropping it gives up the place in the line.
    waiting: Option<Waiting>,
}

impl Share {
    /// Room for some of `wanted` bytes, at most a turn's worth.
    pub(crate) fn poll_charge(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<Charge> {
        // A turn fits a u32, and so does whatever is smaller.
        let count = wanted.min(TURN) as u32;
        self.poll_room(cx, count).map(Charge)
    }

    /// Ready once everything that this connection had queued has left for the socket: whoever asks for all the room gets it
    /// when the others have paid back theirs. Until then nobody queues more, which only a peer that does not read its
    /// socket can draw out.
    pub(crate) fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_room(cx, self.budget.whole).map(drop)
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
pub(crate) struct Charge(Option<OwnedSemaphorePermit>);

impl Charge {
    /// For how many bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
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

    #[test]
    fn all_is_sent_when_all_is_paid_back() {
        let budget = SendBudget::new(0);
        let (mut one, mut other) = (budget.share(), budget.share());
        let sent = |share: &mut Share| share.poll_sent(&mut Context::from_waker(Waker::noop())).is_ready();
        assert!(sent(&mut other));
        let queued = charge(&mut one, 1).unwrap();
        assert!(!sent(&mut other));
        drop(queued);
        assert!(sent(&mut other));
        assert!(charge(&mut one, TURN).is_some(), "nothing is kept");
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
