//! [`TcpPipe`]: a TCP connection as a [`Pipe`], with resets that are resets.

use std::io;
use std::net::Shutdown;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use socket2::SockRef;
use tokio::net::TcpStream;

use crate::io::pipe::{Pipe, ResetCause};
use crate::io::stream::StreamPipe;

/// A TCP connection as one end of a relay.
///
/// Dropped before `poll_finish` succeeded, it resets the connection: a cut-off transfer never ends in a clean FIN.
/// One thing TCP hides: a reset from a peer that has already sent its FIN, or whose bytes we do not read because the
/// other end is full, is seen at the next write to it.
#[derive(Debug)]
pub struct TcpPipe(StreamPipe<TcpStream>);

impl TcpPipe {
    /// A pipe over a connection from which nothing was read yet.
    pub fn new(stream: TcpStream) -> Self {
        Self::with_prefix(stream, Bytes::new())
    }

    /// A pipe whose first chunk is `prefix`: the bytes that were sniffed.
    pub fn with_prefix(stream: TcpStream, prefix: Bytes) -> Self {
        Self(StreamPipe::with_prefix(stream, prefix, |stream| reset_on_close(stream)))
    }
}

/// Makes the next close of this socket send RST instead of FIN, and drop what is unsent (SO_LINGER of zero).
///
/// A socket that is so far gone that the option cannot be set has nothing left to reset, hence no result.
pub fn reset_on_close(stream: &TcpStream) {
    let _gone = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

impl Pipe for TcpPipe {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        self.0.poll_chunk(cx)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, chunk: &mut Bytes) -> Poll<io::Result<()>> {
        self.0.poll_write(cx, chunk)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }

    fn receiving(&self) -> Option<&TcpStream> {
        self.0.receiving()
    }

    fn sending(&self) -> Option<&TcpStream> {
        self.0.sending()
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.0.is_finished() {
            return Poll::Ready(Ok(()));
        }
        ready!(self.0.poll_flush(cx))?;
        if let Some(stream) = self.0.get_ref() {
            // Not tokio's shutdown: it calls ENOTCONN a success, which here means that the peer has reset.
            SockRef::from(stream).shutdown(Shutdown::Write)?;
        }
        self.0.mark_finished();
        Poll::Ready(Ok(()))
    }

    fn reset(&mut self, cause: ResetCause) {
        self.0.reset(cause);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (TcpStream, TcpPipe) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (peer, TcpPipe::new(listener.accept().await.unwrap().0))
    }

    async fn what_the_peer_sees(mut peer: TcpStream) -> Result<usize, io::ErrorKind> {
        peer.read_to_end(&mut Vec::new()).await.map_err(|error| error.kind())
    }

    #[tokio::test]
    async fn reset_and_drop_are_resets_and_finish_is_not() {
        let (peer, mut pipe) = pair().await;
        pipe.reset(ResetCause::PeerReset);
        assert_eq!(what_the_peer_sees(peer).await, Err(io::ErrorKind::ConnectionReset));

        let (peer, pipe) = pair().await;
        drop(pipe);
        assert_eq!(what_the_peer_sees(peer).await, Err(io::ErrorKind::ConnectionReset));

        let (peer, mut pipe) = pair().await;
        poll_fn(|cx| pipe.poll_write(cx, &mut Bytes::from_static(b"last words"))).await.unwrap();
        poll_fn(|cx| pipe.poll_finish(cx)).await.unwrap();
        drop(pipe);
        assert_eq!(what_the_peer_sees(peer).await, Ok(10));
    }

    #[tokio::test]
    async fn a_peers_reset_is_an_error_after_the_bytes_before_it() {
        let (mut peer, mut pipe) = pair().await;
        peer.write_all(b"partial").await.unwrap();
        assert_eq!(poll_fn(|cx| pipe.poll_chunk(cx)).await.unwrap(), "partial");
        reset_on_close(&peer);
        drop(peer);
        let error = poll_fn(|cx| pipe.poll_chunk(cx)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        let error = poll_fn(|cx| pipe.poll_finish(cx)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotConnected);
    }
}
