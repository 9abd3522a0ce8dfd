//! One dial per key, shared by all who wait, whatever becomes of the first.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::duplex;
use tokio::time::Instant;

use super::*;
use crate::drain::drain;
use crate::hbone::{ConnectRequest, HboneError, Limits, Server};

fn key(source: &str) -> PoolKey {
    PoolKey {
        source: SpiffeId::new("cluster.local", "default", source).unwrap(),
        destinations: vec![SpiffeId::new("cluster.local", "default", "server").unwrap()],
        address: LocalAddr::new([127, 0, 0, 1].into(), 15008),
        from: None,
    }
}

fn request() -> ConnectRequest {
    ConnectRequest {
        authority: crate::hbone::Authority::parse("10.0.0.1:80").unwrap(),
        baggage: None,
        forwarded: None,
        trace: None,
    }
}

/// What the pool is told of every tunnel.
const KNOWN: u16 = 7;

/// A server that answers every CONNECT with 200 and keeps the streams open.
async fn tunnel(tasks: Tasks, limits: Limits) -> Result<(Client, u16), HboneError> {
    let (near, far) = duplex(1 << 16);
    let deadline = Instant::now() + Duration::from_secs(5);
    tasks.spawn("server", async move {
        let mut server = Server::handshake(far, &limits, deadline).await.unwrap();
        let mut open = Vec::new();
        while let Some(Ok(requested)) = server.accept().await {
            open.push(requested.respond.accept(None).unwrap());
        }
    });
    Ok((Client::handshake(near, &limits, &tasks, deadline).await?, KNOWN))
}

#[tokio::test(start_paused = true)]
async fn a_stampede_is_one_dial() {
    let (_drain, tasks) = drain();
    let pool = Pool::<HboneError, u16>::new();
    let dials = AtomicUsize::new(0);
    let (pool, tasks, dials) = (&pool, &tasks, &dials);
    let checkouts = (0..100).map(|_| async move {
        let dial = || {
            dials.fetch_add(1, Ordering::Relaxed);
            tunnel(tasks.clone(), Limits::default())
        };
        pool.checkout(&key("a"), tasks, dial).await.unwrap().ticket
    });
    let tickets = join_all(checkouts).await;
    assert_eq!((tickets.len(), dials.load(Ordering::Relaxed), pool.tunnels()), (100, 1, 1));
    let dial = || {
        dials.fetch_add(1, Ordering::Relaxed);
        tunnel(tasks.clone(), Limits::default())
    };
    let CheckedOut { ticket: _ticket, tunnel: known, reused } =
        pool.checkout(&key("a"), tasks, dial).await.unwrap();
    assert_eq!((reused, dials.load(Ordering::Relaxed)), (Reused::No, 2), "the first tunnel was full");
    assert_eq!(known, KNOWN);
    let CheckedOut { ticket: _ticket, reused, .. } = pool.checkout(&key("b"), tasks, dial).await.unwrap();
    assert_eq!((reused, dials.load(Ordering::Relaxed)), (Reused::No, 3), "identities never share a tunnel");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shared_and_not_repeated() {
    let (_drain, tasks) = drain();
    let pool = Pool::<HboneError, u16>::new();
    let dials = AtomicUsize::new(0);
    let (pool, tasks, dials) = (&pool, &tasks, &dials);
    let checkouts = (0..50).map(|_| async move {
        let dial = || {
            dials.fetch_add(1, Ordering::Relaxed);
            async {
                tokio::time::sleep(Duration::from_secs(10)).await; // paused time
                Err(HboneError::HandshakeTimeout)
            }
        };
        pool.checkout(&key("a"), tasks, dial).await.err().unwrap().to_string()
    });
    let began = Instant::now();
    let errors = join_all(checkouts).await;
    assert!(errors.iter().all(|error| error.contains("deadline has elapsed")), "{errors:?}");
    assert_eq!((dials.load(Ordering::Relaxed), began.elapsed().as_secs()), (1, 10));
}

#[tokio::test(start_paused = true)]
async fn a_dialler_that_gives_up_takes_nobody_with_it() {
    let (_drain, tasks) = drain();
    let pool = Pool::<HboneError, u16>::new();
    let slow = || {
        let tasks = tasks.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(1)).await; // paused time
            tunnel(tasks, Limits::default()).await
        }
    };
    let key = key("a");
    let gives_up = tokio::time::timeout(Duration::from_millis(10), pool.checkout(&key, &tasks, slow));
    assert!(gives_up.await.is_err());
    let CheckedOut { ticket: _ticket, reused, .. } = pool.checkout(&key, &tasks, slow).await.unwrap();
    assert_eq!((reused, pool.tunnels()), (Reused::No, 1));
}

#[tokio::test(start_paused = true)]
async fn an_idle_tunnel_leaves_the_pool() {
    let (_drain, tasks) = drain();
    let pool = Pool::<HboneError, u16>::new();
    let dial = || tunnel(tasks.clone(), Limits::default());
    let CheckedOut { ticket, .. } = pool.checkout(&key("a"), &tasks, dial).await.unwrap();
    let (stream, _) = ticket.open(&request(), Instant::now() + Duration::from_secs(5)).await.unwrap();
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(pool.tunnels(), 1, "a stream is open");
    drop(stream);
    tokio::time::sleep(Duration::from_secs(299)).await; // paused time
    assert_eq!(pool.tunnels(), 1, "not idle for long enough");
    tokio::time::sleep(Duration::from_secs(10)).await; // paused time
    assert_eq!(pool.tunnels(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_drain_retires_tunnels() {
    let (owner, tasks) = drain();
    let pool = Pool::<HboneError, u16>::new();
    let dial = || tunnel(tasks.clone(), Limits::default());
    let CheckedOut { ticket, .. } = pool.checkout(&key("a"), &tasks, dial).await.unwrap();
    drop(ticket);
    let drained = owner.finish(Duration::from_secs(5)).await;
    assert_eq!(drained.cut, 0, "idle tunnels close by themselves");
    assert_eq!(pool.tunnels(), 0);
    assert!(matches!(pool.checkout(&key("b"), &tasks, dial).await, Err(PoolError::Draining)));
}

async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = futures.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|cx| {
        pending.retain_mut(|future| match future.as_mut().poll(cx) {
            std::task::Poll::Ready(value) => {
                done.push(value);
                false
            }
            std::task::Poll::Pending => true,
        });
        if pending.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}

/// A peer that takes the connection and says GOAWAY at once, as one that shuts down behind a balancer does.
#[tokio::test(start_paused = true)]
async fn a_tunnel_that_closes_at_once_is_not_dialled_for_ever() {
    let (_drain, tasks) = drain();
    let pool = Pool::<HboneError, u16>::new();
    let dials = AtomicUsize::new(0);
    let dial = || {
        dials.fetch_add(1, Ordering::Relaxed);
        let (near, far) = duplex(1 << 16);
        let (tasks, deadline) = (tasks.clone(), Instant::now() + Duration::from_secs(5));
        async move {
            tasks.spawn("server", async move {
                let mut server = Server::handshake(far, &Limits::default(), deadline).await.unwrap();
                server.drain();
                while server.accept().await.is_some() {}
            });
            let client = Client::handshake(near, &Limits::default(), &tasks, deadline).await?;
            tokio::time::sleep(Duration::from_millis(1)).await; // paused time
            Ok((client, KNOWN))
        }
    };
    let CheckedOut { ticket, .. } = pool.checkout(&key("a"), &tasks, dial).await.unwrap();
    let error = ticket.open(&request(), Instant::now() + Duration::from_secs(5)).await.err().unwrap();
    assert!(error.never_processed(), "{error}");
    assert_eq!(dials.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_tunnel_that_got_goaway_is_replaced() {
    let (_drain, tasks) = drain();
    let pool = Pool::<HboneError, u16>::new();
    let dial = || tunnel(tasks.clone(), Limits::default());
    let deadline = Instant::now() + Duration::from_secs(5);
    let leaving = || {
        let tasks = tasks.clone();
        let (near, far) = duplex(1 << 16);
        async move {
            tasks.spawn("server", async move {
                let mut server = Server::handshake(far, &Limits::default(), deadline).await.unwrap();
                let opened = server.accept().await.unwrap().unwrap().respond.accept(None).unwrap();
                server.drain();
                while server.accept().await.is_some() {}
                drop(opened);
            });
            Ok((Client::handshake(near, &Limits::default(), &tasks, deadline).await?, KNOWN))
        }
    };
    let CheckedOut { ticket, .. } = pool.checkout(&key("a"), &tasks, leaving).await.unwrap();
    let _open = ticket.open(&request(), deadline).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await; // paused time
    let CheckedOut { ticket, reused, .. } = pool.checkout(&key("a"), &tasks, dial).await.unwrap();
    assert_eq!(reused, Reused::No, "a stream is open on the old tunnel, and it is leaving all the same");
    ticket.open(&request(), deadline).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_retired_tunnel_gets_no_more_streams_and_the_others_stay() {
    let (_drain, tasks) = drain();
    let pool = Pool::<HboneError, &str>::new();
    let dial = |known: &'static str| {
        let tasks = tasks.clone();
        move || {
            let tunnel = tunnel(tasks.clone(), Limits::default());
            async move { Ok((tunnel.await?.0, known)) }
        }
    };
    let first = pool.checkout(&key("a"), &tasks, dial("unwanted")).await.unwrap();
    let _other = pool.checkout(&key("b"), &tasks, dial("wanted")).await.unwrap();
    assert_eq!(pool.tunnels(), 2);
    pool.retire(|known| *known == "unwanted");
    assert_eq!(pool.tunnels(), 1);
    assert!(first.ticket.open(&request(), Instant::now() + Duration::from_secs(5)).await.is_err());
    let again = pool.checkout(&key("a"), &tasks, dial("another")).await.unwrap();
    assert_eq!((again.reused, again.tunnel), (Reused::No, "another"));
}

/// `--pool-max-streams 1` is a tunnel for each connection, as with ztunnel: nobody waits for another's dial, and nobody is left with a tunnel that is used up.
#[tokio::test(start_paused = true)]
async fn tunnels_of_one_stream_are_dialled_beside_each_other() {
    let (_drain, tasks) = drain();
    let limits = Limits { pool_max_streams: 1, ..Limits::default() };
    let deadline = Instant::now() + Duration::from_secs(5);
    let opened = (0..20).map(|_| async {
        let dial = tunnel(tasks.clone(), limits);
        let CheckedOut { ticket, reused, .. } = Pool::<HboneError, u16>::alone(dial).await.unwrap();
        (ticket.open(&request(), deadline).await.map(|_| ()), reused)
    });
    for (opened, reused) in join_all(opened).await {
        opened.unwrap();
        assert_eq!(reused, Reused::No);
    }
}
