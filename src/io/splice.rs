//! [`Splice`]: one direction between two TCP connections whose bytes never leave the kernel.
//!
//! What one socket has received is moved into a pipe, and from there into the other socket, as pages: splice(2) copies none
//! of it, where reading and writing copy it twice.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::task::{Context, Poll, ready};

use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// What a pipe is asked to hold: what Linux grants without privileges (pipe(7), `/proc/sys/fs/pipe-max-size`).
const ROOM: usize = 1 << 20;

/// The pipe of one direction, which is empty whenever more is taken in.
#[derive(Debug)]
pub(crate) struct Splice {
    reader: OwnedFd,
    writer: OwnedFd,
    held: usize,
}

impl Splice {
    /// An empty pipe; `None` where the system has none of that size left for this user (pipe(7), `pipe-user-pages-soft`), and
    /// bytes are copied as before: through a small one they would take longer.
    pub(crate) fn new() -> Option<Self> {
        let (reader, writer) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC).ok()?;
        fcntl_setpipe_size(&writer, ROOM).ok()?;
        Some(Self { reader, writer, held: 0 })
    }

    /// Whether all that was taken in has been passed on.
    pub(crate) fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// Takes in what `from` has received, into the empty pipe; 0 is its end.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>, from: &TcpStream) -> Poll<io::Result<usize>> {
        loop {
            ready!(from.poll_read_ready(cx))?;
            match from.try_io(Interest::READABLE, || moved(from, &self.writer, ROOM)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(count) => {
                    self.held = count;
                    return Poll::Ready(Ok(count));
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Passes on to `to` what it takes; the count is never 0.
    pub(crate) fn poll_drain(&mut self, cx: &mut Context<'_>, to: &TcpStream) -> Poll<io::Result<usize>> {
        loop {
            ready!(to.poll_write_ready(cx))?;
            match to.try_io(Interest::WRITABLE, || moved(&self.reader, to, self.held)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(count) => {
                    self.held -= count.min(self.held);
                    return Poll::Ready(Ok(count));
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

fn moved(from: impl AsFd, to: impl AsFd, most: usize) -> io::Result<usize> {
    Ok(splice(from, None, to, None, most, SpliceFlags::NONBLOCK | SpliceFlags::MOVE)?)
}
