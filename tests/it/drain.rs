//! Stopping under load: refuse the new, finish the old, cut what is left.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::mesh::Plan;

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
