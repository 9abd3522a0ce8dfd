//! Connecting, and reading a little: what all trials do.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use crate::probe::attempt::{Attempt, End, Phase, Trial};
use crate::tls::TlsError;

/// How much of an answer is read at once; evidence shows less.
const MOST: usize = 1024;
/// How many bytes of an answer are kept: a status line, a greeting.
const KEPT: usize = 96;
/// How much is read and thrown away before closing, so that the server gets a FIN and no RST, and for how long.
const PARTING: (u64, Duration) = (64 * 1024, Duration::from_millis(250));

/// Connects by `deadline`, or says as an attempt why not.
pub(crate) async fn dial(trial: Trial, to: SocketAddr, deadline: Instant) -> Result<TcpStream, Attempt> {
    let began = Instant::now();
    let failed = |end| Attempt::ended(trial, Phase::Dial, end, began.elapsed());
    match timeout_at(deadline, TcpStream::connect(to)).await {
        Err(_) => Err(failed(End::Silent)),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Err(failed(End::Reset)),
        Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut => Err(failed(End::Silent)),
        Ok(Err(error)) => Err(failed(End::Failed { problem: error.to_string() })),
        Ok(Ok(stream)) => Ok(stream),
    }
}

/// Reads once by `deadline`: how it ended, and the first bytes.
pub(crate) async fn hear<S: AsyncRead + Unpin>(stream: &mut S, deadline: Instant) -> (End, Vec<u8>) {
    let mut buffer = vec![0; MOST];
    let end = match timeout_at(deadline, stream.read(&mut buffer)).await {
        Err(_) => End::Silent,
        Ok(Ok(0)) => End::Closed,
        Ok(Ok(read)) => {
            buffer.truncate(read.min(KEPT));
            return (End::Answered, buffer);
        }
        Ok(Err(error)) => end_of(&error),
    };
    (end, Vec::new())
}

/// What an error of a stream, TLS or not, says of its peer.
pub(crate) fn end_of(error: &io::Error) -> End {
    if let Some(alert) = TlsError::from_io(error).and_then(|error| error.alert_received()) {
        return End::Alert(alert);
    }
    match error.kind() {
        // TLS without its close_notify, which is what a killed server leaves.
        io::ErrorKind::UnexpectedEof => End::Closed,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            End::Reset
        }
        _ => End::Failed { problem: error.to_string() },
    }
}

/// Leaves in order: says that nothing more comes, and takes what was on its way.
pub(crate) async fn part(mut stream: TcpStream) {
    let (most, patience) = PARTING;
    let parting = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(most), &mut tokio::io::sink()).await
    };
    // Whoever does not take a farewell is left all the same.
    let _unheard = timeout(patience, parting).await;
}
