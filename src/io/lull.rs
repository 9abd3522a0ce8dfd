//! [`before_sleep`]: a thread that has served many connections lets others have its core before it sleeps.
//!
//! Clients and backends that were just written to want the core that this thread is about to leave. If it sleeps at once, the
//! first that answers wakes it, and each answer is a turn of its own. If it offers the core first, several have answered by the
//! time it has the core back, and leave together: one record, one system call, no wake-up (benches/README.md).
//! For few connections there is nothing to gather, and the offer would only cost.

use std::cell::Cell;

/// How many turns are many: four connections that were asked and answered.
const MANY: u32 = 8;

thread_local! {
    /// Turns in which one direction of a connection passed on all that had come, since this thread last had nothing to do.
    static SERVED: Cell<u32> = const { Cell::new(0) };
}

/// Notes that a direction has passed on all that had come.
pub(crate) fn served() {
    SERVED.set(SERVED.get().saturating_add(1));
}

/// To be called by a runtime whose thread has nothing left to do.
pub fn before_sleep() {
    if were_many() {
        std::thread::yield_now();
    }
}

fn were_many() -> bool {
    SERVED.take() >= MANY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lull_is_worth_an_offer_only_after_much_was_served() {
        (1..MANY).for_each(|_| served());
        assert!(!were_many());
        (0..MANY).for_each(|_| served());
        assert!(were_many());
        assert!(!were_many(), "it begins anew");
    }
}
