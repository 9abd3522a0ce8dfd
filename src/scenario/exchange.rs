//! [`Conversation`]: saying something on a connection, hearing what comes back, and staying for a while.

use std::any::Any;
use std::io;

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
    /// What it says when it goes on, if it stays.
    pub(crate) again: Vec<u8>,
    /// Whether it says that it has said all.
    pub(crate) finishes: bool,
}

/// A stream of any kind.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Something to be said on a connection that was made.
pub(crate) struct Conversation {
    stream: Box<dyn Stream>,
    say: Say,
    /// Whether a handshake came first that the client took for done.
    after_handshake: bool,
    /// What the connection needs for as long as it lives.
    needs: Vec<Box<dyn Any + Send>>,
    heard: Vec<u8>,
    /// Why something could not be said.
    unsaid: Option<io::Error>,
    /// How it ended, once it has.
    end: Option<io::Result<()>>,
}

impl Conversation {
    pub(crate) fn new(stream: impl Stream + 'static, say: &Say) -> Self {
        Self {
            stream: Box::new(stream),
            say: say.clone(),
            after_handshake: false,
            needs: Vec::new(),
            heard: Vec::new(),
            unsaid: None,
            end: None,
        }
    }

    /// The same, after a handshake that the client took for done.
    pub(crate) fn after_handshake(self) -> Self {
        Self { after_handshake: true, ..self }
    }

    /// The same, for which `needed` is kept.
    pub(crate) fn keeping(mut self, needed: impl Any + Send) -> Self {
        self.needs.push(Box::new(needed));
        self
    }

    /// Says it, and reads to the end or until `deadline`.
    pub(crate) async fn exchange(mut self, deadline: Instant) -> Saw {
        let bytes = std::mem::take(&mut self.say.bytes);
        self.conclude(&bytes, deadline).await
    }

    /// Says it, and hears the first bytes of the answer; who says nothing hears nothing yet.
    pub(crate) async fn begin(&mut self, deadline: Instant) {
        let bytes = std::mem::take(&mut self.say.bytes);
        if bytes.is_empty() {
            return;
        }
        let begun = timeout_at(deadline, async {
            self.speak(&bytes).await;
            self.hear().await
        });
        match begun.await {
            Ok(Ok(0)) => self.end = Some(Ok(())),
            Ok(Ok(_)) => {}
            Ok(Err(error)) => self.end = Some(Err(error)),
            // What is said next comes too late as well.
            Err(_elapsed) => {}
        }
    }

    /// Goes on after [`Conversation::begin`]: says the rest, finishes, and reads to the end or until `deadline`.
    pub(crate) async fn go_on(mut self, deadline: Instant) -> Saw {
        let again = std::mem::take(&mut self.say.again);
        self.conclude(&again, deadline).await
    }

    async fn conclude(mut self, bytes: &[u8], deadline: Instant) -> Saw {
        let before = self.heard.len();
        let end = match self.end.take() {
            Some(end) => Some(end),
            None => timeout_at(deadline, self.all(bytes)).await.ok(),
        };
        // Whoever is refused while it still speaks may have taken the reset for the answer to its words, and then reads a
        // bare end.
        let end = match end {
            Some(Ok(())) if self.heard.len() == before => Some(self.unsaid.take().map_or(Ok(()), Err)),
            end => end,
        };
        // A farewell; who does not take it is left all the same.
        let _unheard = timeout_at(deadline, self.stream.shutdown()).await;
        let saw = Saw::read(&self.heard, end);
        if self.after_handshake { saw.after_handshake() } else { saw }
    }

    async fn all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.speak(bytes).await;
        if self.say.finishes && !bytes.is_empty() {
            let _refused = self.stream.shutdown().await;
        }
        while self.heard.len() < MOST {
            if self.hear().await? == 0 {
                break;
            }
        }
        Ok(())
    }

    async fn speak(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if let Err(error) = self.said(bytes).await {
            self.unsaid.get_or_insert(error);
        }
    }

    async fn said(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    async fn hear(&mut self) -> io::Result<usize> {
        let mut chunk = vec![0; 16 * 1024];
        let count = self.stream.read(&mut chunk).await?;
        self.heard.extend(chunk.iter().take(count));
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
