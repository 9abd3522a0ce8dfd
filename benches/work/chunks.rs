//! An end of a relay that costs next to nothing, so that what is left is the relay.

use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;
use glasstunnel::io::{Pipe, ResetCause};

/// An end that has so many chunks to give, and takes whatever it gets.
pub(crate) struct Chunks {
    pub(crate) chunk: Bytes,
    pub(crate) left: usize,
}

impl Pipe for Chunks {
    fn poll_chunk(&mut self, _: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let Some(left) = self.left.checked_sub(1) else { return Poll::Ready(Ok(Bytes::new())) };
        self.left = left;
        Poll::Ready(Ok(self.chunk.clone()))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, chunk: &mut Bytes) -> Poll<io::Result<()>> {
        chunk.clear();
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_finish(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn reset(&mut self, _: ResetCause) {}
}
