//! Connections that do nothing, for their memory.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::load::opening::{Opening, Wanted};
use crate::load::way::Way;

/// One request and its answer on an idle connection, so that everything about it is set up.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes each way.
const SIZE: u32 = 16;

/// Opens `count` connections, each with one small request and its answer behind it, and does nothing more with them.
///
/// # Errors
///
/// The first one that does not come to stand.
pub async fn idle(way: &Way, count: u32) -> io::Result<Vec<TcpStream>> {
    let opening = Opening { wanted: Wanted::Talk, request: SIZE, response: SIZE };
    let mut streams = Vec::new();
    for _ in 0..count {
        let mut stream = way.open(&opening.encode()).await?;
        let exchange = async {
            stream.write_all(&[b'.'; SIZE as usize]).await?;
            stream.read_exact(&mut [0; SIZE as usize]).await
        };
        timeout(PATIENCE, exchange).await??;
        streams.push(stream);
    }
    Ok(streams)
}
