//! A relay between two byte streams in memory, with a client before it and a backend behind it.

use std::sync::Arc;

use glasstunnel::io::{ByteCounts, StreamPipe, relay};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::join;

/// What is moved where the price of a megabyte is asked for.
pub(crate) const MEGABYTE: usize = 1 << 20;

/// What the client has at once, and what a stream holds.
const CHUNK: usize = 64 << 10;

fn end() -> (DuplexStream, StreamPipe<DuplexStream>) {
    let (outside, inside) = duplex(CHUNK);
    (outside, StreamPipe::new(inside, |_| {}))
}

/// A whole connection: the client sends `length` bytes, in chunks, and ends; so does the backend, which sends none.
pub(crate) async fn relayed(length: usize) {
    let ((mut client, mut near), (mut backend, mut far)) = (end(), end());
    let counts = Arc::new(ByteCounts::new());
    let sends = async {
        let bytes = [7; CHUNK];
        let mut left = length;
        while left > 0 {
            let now = left.min(CHUNK);
            client.write_all(&bytes[..now]).await.unwrap();
            left -= now;
        }
        client.shutdown().await.unwrap();
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    };
    let takes = async {
        let (mut got, mut buffer) = (0, [0; CHUNK]);
        loop {
            match backend.read(&mut buffer).await.unwrap() {
                0 => break,
                more => got += more,
            }
        }
        assert_eq!(got, length);
        backend.shutdown().await.unwrap();
    };
    let (relayed, (), ()) = join!(relay(&mut near, &mut far, &counts, None), sends, takes);
    relayed.unwrap();
}
