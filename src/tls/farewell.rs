//! The farewell to a refused peer: it gets its alert, whatever it is still sending.
//!
//! Closing a socket with unread bytes makes the kernel send a reset that overtakes the alert. Measured with curl
//! (reference/failures.md 0.5): without this, three users in four never see the reason.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// How long a refused peer may keep us; the value of the measurement.
const LONGEST: Duration = Duration::from_secs(1);
/// How much of what it still sends is read: more than the HTTP/2 preface and a request, too little to be of use.
const MOST_BYTES: usize = 64 * 1024;

/// Flushes, half-closes, and reads and drops what still comes: up to a second and 64 KiB.
pub(crate) async fn farewell<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    // Whatever fails or runs out here, the connection is over, and the handshake's error is the one to report.
    let _ = tokio::time::timeout(LONGEST, last_words(stream)).await;
}

async fn last_words<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> std::io::Result<()> {
    stream.flush().await?;
    stream.shutdown().await?;
    let mut dropped = [0; 1024];
    let mut left = MOST_BYTES;
    while left > 0 {
        match stream.read(&mut dropped).await? {
            0 => break,
            read => left = left.saturating_sub(read),
        }
    }
    Ok(())
}
