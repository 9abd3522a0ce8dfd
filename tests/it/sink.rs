//! A backend of the test's own: it keeps what it gets, and answers with what it is told to.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A listener whose connections read to the end, answer, and report their bytes.
pub(crate) struct Sink {
    addr: SocketAddr,
    received: mpsc::UnboundedReceiver<Vec<u8>>,
}

impl Sink {
    /// Answers every connection with `answer` after its last byte.
    pub(crate) async fn start(answer: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (sender, received) = mpsc::unbounded_channel();
        #[expect(clippy::disallowed_methods, reason = "a test's own server is no task of the proxy")]
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let sender = sender.clone();
                tokio::spawn(async move {
                    let mut bytes = Vec::new();
                    // A reset by the proxy still leaves what came before it.
                    let _ = stream.read_to_end(&mut bytes).await;
                    let _ = stream.write_all(answer).await;
                    let _ = sender.send(bytes);
                });
            }
        });
        Self { addr, received }
    }

    /// Where it listens, for `glasstunnel.dev/backend`.
    pub(crate) fn addr(&self) -> String {
        self.addr.to_string()
    }

    /// The bytes of the next connection that ended.
    pub(crate) async fn bytes(&mut self) -> Vec<u8> {
        self.received.recv().await.unwrap()
    }

    /// Whether no connection has ended so far.
    pub(crate) fn is_untouched(&mut self) -> bool {
        self.received.try_recv().is_err()
    }
}
