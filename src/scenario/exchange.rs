//! Saying something through a stream, and hearing what comes back.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

use crate::scenario::saw::Saw;

/// How much of an answer is read.
const MOST: usize = 1 << 20;

/// What a client says.
#[derive(Clone, Debug)]
pub(crate) struct Say {
    /// The bytes; none at all is silence.
    pub(crate) bytes: Vec<u8>,
    /// Whether it says that it has said all.
    pub(crate) finishes: bool,
}

impl Say {
    /// An HTTP request for `host`.
    pub(crate) fn get(host: &str, finishes: bool) -> Self {
        let text = format!(
            "GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: glasstunnel-scenario\r\nConnection: close\r\n\r\n"
        );
        Self { bytes: text.into_bytes(), finishes }
    }
}

/// Says it, and reads to the end or until `deadline`.
pub(crate) async fn exchange<S>(stream: &mut S, say: &Say, deadline: Instant) -> Saw
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut heard = Vec::new();
    let end = timeout_at(deadline, async {
        if !say.bytes.is_empty() {
            // Whoever refuses us while we still speak tells it on the read, too.
            let _refused = stream.write_all(&say.bytes).await;
            let _refused = stream.flush().await;
        }
        if say.finishes && !say.bytes.is_empty() {
            let _refused = stream.shutdown().await;
        }
        let mut chunk = vec![0; 16 * 1024];
        while heard.len() < MOST {
            match stream.read(&mut chunk).await {
                Ok(0) => return Ok(()),
                Ok(count) => heard.extend(chunk.iter().take(count)),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    });
    let end = end.await.ok();
    // A farewell; who does not take it is left all the same.
    let _unheard = timeout_at(deadline, stream.shutdown()).await;
    Saw::read(&heard, end)
}
