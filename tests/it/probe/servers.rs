//! Servers of the test's own, one behaviour each.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A listener, for as long as the runtime of the test.
pub(crate) struct Serving {
    pub(crate) at: SocketAddr,
    accepted: Arc<AtomicUsize>,
}

impl Serving {
    async fn each<F>(serve: fn(TcpStream) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&accepted);
        #[expect(clippy::disallowed_methods, reason = "a test's own server is no task of the proxy")]
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream));
            }
        });
        Self { at, accepted }
    }

    /// Sends everything back.
    pub(crate) async fn echo() -> Self {
        Self::each(|mut stream| async move {
            let (mut read, mut write) = stream.split();
            // Whoever is probed is left as the prober likes.
            let _ = tokio::io::copy(&mut read, &mut write).await;
        })
        .await
    }

    /// Greets, and then takes what comes.
    pub(crate) async fn first() -> Self {
        Self::each(|mut stream| async move {
            let _ = stream.write_all(b"220 mail.example.com ESMTP\r\n").await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await
    }

    /// Takes what comes, and says nothing.
    pub(crate) async fn silent() -> Self {
        Self::each(|mut stream| async move {
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await
    }

    /// An address where nothing listens.
    pub(crate) async fn gone() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}
