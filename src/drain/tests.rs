//! The drain under paused time: what is counted, what is cut, and what a panic must not break.

use std::future::pending;
use std::sync::atomic::AtomicUsize;
use std::task::Wake;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Says on drop that what it stands for is gone.
struct Gone(Arc<AtomicUsize>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Counts how often it was woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn tasks_that_end_in_time_are_finished_and_nobody_waits_for_the_grace() {
    let (drain, tasks) = drain();
    let draining = tasks.draining();
    tasks.spawn("listener", draining);
    tasks.spawn("connection", sleep(3 * SECOND)); // paused time
    assert_eq!(tasks.names(), BTreeMap::from([("connection", 1), ("listener", 1)]));
    let began = Instant::now();
    assert_eq!(drain.finish(60 * SECOND).await, Drained { finished: 2, cut: 0 });
    assert_eq!(began.elapsed(), 3 * SECOND);
    assert_eq!(tasks.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_remains_at_the_grace_is_dropped_and_waited_for() {
    let (drain, tasks) = drain();
    let gone = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        let held = Gone(Arc::clone(&gone));
        tasks.spawn("tunnel", async move {
            let _held = held;
            pending::<()>().await;
        });
    }
    tasks.spawn("connection", sleep(SECOND)); // paused time
    let began = Instant::now();
    assert_eq!(drain.finish(5 * SECOND).await, Drained { finished: 1, cut: 3 });
    assert_eq!(began.elapsed(), 5 * SECOND);
    assert_eq!(gone.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn a_task_cut_before_its_first_poll_is_gone_before_it_is_counted_out() {
    let (drain, tasks) = drain();
    let gone = Arc::new(AtomicUsize::new(0));
    let held = Gone(Arc::clone(&gone));
    tasks.spawn("never polled", async move {
        pending::<()>().await;
        drop(held);
    });
    assert_eq!(drain.finish(Duration::ZERO).await, Drained { finished: 0, cut: 1 });
    assert_eq!(gone.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_contained_counted_as_finished_and_poisons_nothing() {
    let (drain, tasks) = drain();
    let after_start = tasks.draining();
    tasks.spawn("bad", async move {
        after_start.await;
        panic!("on purpose, in a test");
    });
    tasks.spawn("worse", async { panic!("on purpose, before the drain") });
    tasks.spawn("good", sleep(SECOND)); // paused time
    tokio::task::yield_now().await;
    assert_eq!((tasks.running(), tasks.panicked()), (2, 1));
    assert_eq!(drain.finish(5 * SECOND).await, Drained { finished: 2, cut: 0 });
    assert_eq!(tasks.panicked(), 2);
}

#[tokio::test(start_paused = true)]
async fn ends_before_the_drain_are_not_in_its_count() {
    let (drain, tasks) = drain();
    let (done, ended) = oneshot::channel();
    tasks.spawn("early", async move { done.send(()).unwrap() });
    ended.await.unwrap();
    assert_eq!(drain.finish(SECOND).await, Drained::default());
}

#[tokio::test(start_paused = true)]
async fn spawning_goes_on_while_draining_and_stops_with_the_cut() {
    let (drain, tasks) = drain();
    drain.start();
    tasks.spawn("late", async {});
    let ran = Arc::new(AtomicUsize::new(0));
    let (door, counter) = (tasks.clone(), Arc::clone(&ran));
    tasks.spawn("parent", async move {
        let _orphan = SpawnOnDrop(door, counter);
        pending::<()>().await;
    });
    assert_eq!(drain.finish(SECOND).await, Drained { finished: 1, cut: 2 });
    tasks.spawn("after the end", async move { panic!("a closed door ran a task") });
    tokio::task::yield_now().await;
    assert_eq!((ran.load(Ordering::SeqCst), tasks.running(), tasks.panicked()), (0, 0, 0));
}

/// Spawns when it is dropped, which is while its task is being cut.
struct SpawnOnDrop(Tasks, Arc<AtomicUsize>);

impl Drop for SpawnOnDrop {
    fn drop(&mut self) {
        let counter = Arc::clone(&self.1);
        self.0.spawn("orphan", async move {
            counter.fetch_add(1, Ordering::SeqCst);
        });
    }
}

#[test]
fn draining_registers_once_wakes_once_and_leaves_nothing_behind() {
    let (drain, tasks) = drain();
    let (bell, other) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
    let (waker, other_waker) = (Waker::from(Arc::clone(&bell)), Waker::from(Arc::clone(&other)));
    let (mut kept, mut dropped) = (tasks.draining(), tasks.draining());
    let mut poll = |waker: &Waker| Pin::new(&mut kept).poll(&mut Context::from_waker(waker));
    for waker in [&other_waker, &other_waker, &waker, &waker] {
        assert_eq!(poll(waker), Poll::Pending);
        assert_eq!(tasks.shared.registry().waiting.len(), 1);
    }
    assert_eq!(Pin::new(&mut dropped).poll(&mut Context::from_waker(&waker)), Poll::Pending);
    drop(dropped);
    drain.start();
    drain.start();
    assert_eq!((bell.0.load(Ordering::SeqCst), other.0.load(Ordering::SeqCst)), (1, 0));
    assert_eq!(poll(&waker), Poll::Ready(()));
    assert_eq!(Pin::new(&mut tasks.draining()).poll(&mut Context::from_waker(&waker)), Poll::Ready(()));
    assert!(tasks.shared.registry().waiting.is_empty());
}

#[test]
fn tasks_of_two_runtimes_are_drained_together() {
    let (drain, tasks) = drain();
    let worker = std::thread::spawn({
        let tasks = tasks.clone();
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                tasks.spawn("stuck", pending());
                tasks.spawn("polite", tasks.draining());
                tasks.draining().await;
                while tasks.running() > 0 {
                    tokio::task::yield_now().await;
                }
            });
        }
    });
    let control = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    while tasks.running() < 2 {
        std::thread::yield_now();
    }
    drain.start();
    while tasks.running() > 1 {
        std::thread::yield_now();
    }
    assert_eq!(control.block_on(drain.finish(Duration::ZERO)), Drained { finished: 1, cut: 1 });
    worker.join().unwrap();
}
