//! [`Pacer`]: wakes each connection when its unit is due. They queue, so that one timer serves all of them.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use crate::load::timer::Timer;

/// A connection that waits, and until when.
type Waiting = (Instant, Arc<Notify>);

/// Connections that wait, the first one due in front; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pacer {
    queue: Arc<Mutex<VecDeque<Waiting>>>,
    /// Rings when the queue is no longer empty.
    bell: Arc<Notify>,
}

impl Pacer {
    /// Resolves when `due` has come, for whoever is woken by `own`. Calls have to come in the order of what is due: units are
    /// numbered when they are taken, and waited for in the same breath.
    pub(crate) async fn wait(&self, due: Instant, own: &Arc<Notify>) {
        if due <= Instant::now() {
            return;
        }
        let was_empty = {
            let mut queue = self.lock();
            queue.push_back((due, Arc::clone(own)));
            queue.len() == 1
        };
        if was_empty {
            self.bell.notify_one();
        }
        own.notified().await;
    }

    /// Wakes them, for as long as it is polled.
    pub(crate) async fn run(self, mut timer: Timer) -> io::Result<()> {
        loop {
            match self.next(Instant::now()) {
                None => self.bell.notified().await,
                Some(due) => timer.until(due).await?,
            }
        }
    }

    /// Wakes all that are due; says when the next one is.
    fn next(&self, now: Instant) -> Option<Instant> {
        let mut queue = self.lock();
        while let Some((due, own)) = queue.front() {
            if *due > now {
                return Some(*due);
            }
            own.notify_one();
            queue.pop_front();
        }
        None
    }

    /// Nothing panics under this lock.
    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_wakes_what_is_due_in_order_and_nothing_else() {
        let (pacer, start) = (Pacer::default(), Instant::now());
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        for milliseconds in [10, 10, 30] {
            pacer.lock().push_back((at(milliseconds), Arc::default()));
        }
        let check = |now, expect: Option<u64>, left| {
            assert_eq!(pacer.next(at(now)), expect.map(at));
            assert_eq!(pacer.lock().len(), left);
        };
        check(9, Some(10), 3);
        check(10, Some(30), 1);
        check(29, Some(30), 1);
        check(99, None, 0);
    }

    #[tokio::test]
    async fn nobody_is_woken_early_or_forgotten() {
        let pacer = Pacer::default();
        let start = Instant::now();
        let waits = async {
            for number in 0..20 {
                let due = start + Duration::from_micros(number * 100);
                pacer.wait(due, &Arc::new(Notify::new())).await;
                assert!(Instant::now() >= due);
            }
        };
        let timer = Timer::new().unwrap();
        tokio::select! { () = waits => {}, ended = pacer.clone().run(timer) => panic!("{ended:?}") }
    }
}
