//! Stopping under load: refuse the new, finish the old, cut what is left.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::mesh::{Plan, record_to};

#[tokio::test]
async fn open_connections_finish_and_new_ones_are_refused() {
    let lab = Plan::new().server("server", "echo").start().await;
    let door = lab.outbound("default/curl-client").unwrap();
    let mut open = lab.dial("default/curl-client", "server", 80).await.unwrap().unwrap();
    open.write_all(b"before").await.unwrap();
    let mut six = [0; 6];
    open.read_exact(&mut six).await.unwrap();
    let stop = lab.stop(Duration::from_secs(20));
    let client = async {
        // The doors close as soon as the drain starts.
        while TcpStream::connect(door).await.is_ok() {
            tokio::task::yield_now().await;
        }
        open.write_all(b"during").await.unwrap();
        open.read_exact(&mut six).await.unwrap();
        assert_eq!(&six, b"during");
        drop(open);
    };
    let (drained, ()) = tokio::join!(stop, client);
    assert_eq!(drained.cut, 0, "nothing was lost");
}

#[tokio::test]
async fn what_outlives_the_grace_is_cut_with_a_reset() {
    let lab = Plan::new().server("server", "echo").start().await;
    let mut open = lab.dial("default/curl-client", "server", 80).await.unwrap().unwrap();
    open.write_all(b"before").await.unwrap();
    let mut six = [0; 6];
    open.read_exact(&mut six).await.unwrap();
    let drained = lab.stop(Duration::from_millis(100)).await;
    assert!(drained.cut > 0);
    let error = open.read(&mut six).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "a cut must not look like a clean end");
}

/// Which task is dropped first, that of the tunnel or that of a connection in it, is no matter of the record.
#[tokio::test]
async fn what_outlives_the_grace_is_recorded_so_at_both_ends() {
    for _ in 0..10 {
        let lab = Plan::new().server("server", "echo").start().await;
        let mut open = lab.dial("default/curl-client", "server", 80).await.unwrap().unwrap();
        open.write_all(b"before").await.unwrap();
        open.read_exact(&mut [0; 6]).await.unwrap();
        assert!(lab.drain(Duration::from_millis(10)).await.cut > 0);
        let record = record_to(&lab, "server").await;
        let (source, destination) = record.lanes();
        for half in [source, destination] {
            assert_eq!(half.and_then(|half| half.outcome.failure()).unwrap().code, "relay.drained");
        }
    }
}
