//! The source's side: one HTTP/2 connection, driven by a task of its own, and streams in it.
//!
//! ```text
//!  open ──── GOAWAY, error, PING timeout, idle, drain ────▶ retired: no new streams
//!                                                              │ last stream ends
//!                                                              ▼
//!                                                           closed: GOAWAY(NO_ERROR) by h2
//! ```

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use h2::client::{Connection, SendRequest};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::drain::Tasks;
use crate::hbone::baggage::Baggage;
use crate::hbone::connect::ConnectRequest;
use crate::hbone::error::{HboneError, Lost};
use crate::hbone::first_words::{FirstWords, NotHttp2};
use crate::hbone::gathered::{Gathered, Heard};
use crate::hbone::keepalive::keepalive;
use crate::hbone::limits::{Limits, UNTOLD_STREAMS};
use crate::hbone::send_budget::{Charged, SendBudget};
use crate::hbone::stream::{Held, TunnelStream};

/// How long a tunnel that is there when the drain begins waits for its first stream.
const FIRST_USE: Duration = Duration::from_secs(1);

/// A tunnel that can carry streams; clones share it.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    /// `None` once retired, so that h2 sees the last sender go and closes when the last stream ends.
    send: Mutex<Option<SendRequest<Charged>>>,
    sends: SendBudget,
    active: AtomicUsize,
    /// Streams so far, to tell idleness from a pause between two looks.
    uses: AtomicUsize,
    limit: usize,
    changed: Notify,
    not_http2: NotHttp2,
    lost: Lost,
}

/// The right to open one stream on a tunnel.
pub struct Ticket {
    shared: Arc<Shared>,
}

impl Client {
    /// Sends the preface and SETTINGS on a stream that TLS has verified, and spawns the task that drives it.
    ///
    /// # Errors
    ///
    /// [`HboneError::Handshake`], [`HboneError::HandshakeTimeout`] after `deadline`.
    pub async fn handshake<S>(
        stream: S,
        limits: &Limits,
        tasks: &Tasks,
        deadline: Instant,
    ) -> Result<Self, HboneError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (stream, not_http2) = FirstWords::new(stream);
        let (stream, heard) = Gathered::new(stream);
        let handshake = h2::client::Builder::new()
            .initial_window_size(limits.stream_window)
            .initial_connection_window_size(limits.connection_window)
            .max_frame_size(limits.frame_size)
            .max_header_list_size(limits.client_header_list)
            .max_send_buffer_size(limits.send_buffer)
            .data_frame_budget(limits.data_frame_budget)
            // Until the peer's SETTINGS arrive; afterwards its own limit holds.
            .initial_max_send_streams(limits.pool_max_streams.min(UNTOLD_STREAMS))
            .max_concurrent_reset_streams(limits.remembered_resets)
            // A server that makes us reset streams harms nobody but itself.
            .max_local_error_reset_streams(None)
            .enable_push(false)
            .handshake(stream);
        let (send, connection) = match timeout_at(deadline, handshake).await {
            Ok(pair) => pair.map_err(|source| HboneError::Handshake { source })?,
            Err(_elapsed) => return Err(HboneError::HandshakeTimeout),
        };
        let shared = Arc::new(Shared {
            send: Mutex::new(Some(send)),
            sends: SendBudget::new(limits.send_buffer_per_connection),
            active: AtomicUsize::new(0),
            uses: AtomicUsize::new(0),
            limit: limits.pool_max_streams,
            changed: Notify::new(),
            not_http2,
            lost: Lost::default(),
        });
        tasks.spawn("tunnel", drive(connection, heard, Arc::clone(&shared), *limits, tasks.clone()));
        Ok(Self { shared })
    }

    /// Whether new streams may be opened on it. A peer's GOAWAY ends that at once, although open streams go on.
    pub fn is_usable(&self) -> bool {
        self.shared.sender().is_some()
    }

    /// Lets nobody open another stream. The tunnel closes when the last that is open has ended.
    pub fn retire(&self) {
        self.shared.retire();
    }

    /// Open streams, and tickets for streams to come.
    pub fn streams(&self) -> usize {
        self.shared.active.load(Ordering::Relaxed)
    }

    /// The right to open one stream; `None` when the tunnel is full or retired.
    ///
    /// Full is what the peer's SETTINGS say, or our own limit if that is less. ztunnel counts by its own alone, and
    /// what a peer does not take waits inside h2.
    pub fn ticket(&self) -> Option<Ticket> {
        // A peer that takes none at all is asked all the same: another tunnel would not help.
        let peers = self.shared.sender()?.current_max_send_streams().max(1);
        let limit = self.shared.limit.min(peers);
        let more = |active| (active < limit).then_some(active + 1);
        self.shared.active.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(self.counted())
    }

    /// A ticket for a tunnel that may be closed: opening a stream tells how that went.
    pub(crate) fn last_ticket(&self) -> Ticket {
        self.shared.active.fetch_add(1, Ordering::Relaxed);
        self.counted()
    }

    fn counted(&self) -> Ticket {
        if self.shared.uses.fetch_add(1, Ordering::Relaxed) == 0 {
            self.shared.changed.notify_one();
        }
        Ticket { shared: Arc::clone(&self.shared) }
    }
}

impl Shared {
    /// `None` once retired, which a GOAWAY or a broken connection does here: h2 tells of them when it is asked.
    fn sender(&self) -> Option<SendRequest<Charged>> {
        let mut send = self.send.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = send.as_mut()?.poll_ready(&mut Context::from_waker(Waker::noop()));
        if matches!(ready, Poll::Ready(Err(_))) {
            *send = None;
        }
        send.clone()
    }

    fn retire(&self) {
        self.send.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Why a stream broke: its tunnel was given up, or what answered was no HTTP/2, or else what h2 says.
    fn broken(&self, source: h2::Error) -> HboneError {
        self.known().unwrap_or(HboneError::Broken { source })
    }

    /// The same where h2 did not even take a stream.
    fn gone(&self) -> HboneError {
        self.known().unwrap_or(HboneError::Gone)
    }

    fn known(&self) -> Option<HboneError> {
        match (self.lost.get(), self.not_http2.get()) {
            (Some(after), _) => Some(HboneError::PingTimeout { after: *after }),
            (None, Some(found)) => Some(HboneError::NotHttp2 { found: found.clone() }),
            (None, None) => None,
        }
    }

    /// Why a stream, whose ticket is gone, got no answer in time: h2 holds back what the peer has no room for, and says
    /// nothing of it.
    fn unanswered(&self, after: Duration) -> HboneError {
        let after = Duration::from_millis(u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        let limit = self.sender().map(|sender| sender.current_max_send_streams());
        match limit {
            Some(limit) if self.active.load(Ordering::Relaxed) >= limit => {
                HboneError::NoRoom { after, limit }
            }
            _ => HboneError::AnswerTimeout { after },
        }
    }

    /// Resolves once it has had a stream.
    async fn used(&self) {
        while self.uses.load(Ordering::Relaxed) == 0 {
            self.changed.notified().await;
        }
    }

    /// Resolves once no stream has been open for `idle`.
    async fn idle(&self, idle: Duration) {
        loop {
            let uses = self.uses.load(Ordering::Relaxed);
            if self.active.load(Ordering::Relaxed) > 0 {
                self.changed.notified().await;
                continue;
            }
            sleep(idle).await;
            let unused = self.uses.load(Ordering::Relaxed) == uses;
            if unused && self.active.load(Ordering::Relaxed) == 0 {
                return;
            }
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.shared.active.fetch_sub(1, Ordering::Relaxed);
        self.shared.changed.notify_one();
    }
}

impl Ticket {
    /// Opens the stream: sends the CONNECT and waits for its 200 before a byte of data, as ztunnel does.
    ///
    /// # Errors
    ///
    /// Any other status; no answer by `deadline`; a broken tunnel. The tunnel stays usable where HTTP/2 allows.
    pub async fn open(
        self,
        request: &ConnectRequest,
        deadline: Instant,
    ) -> Result<(TunnelStream, Option<Baggage>), HboneError> {
        let (began, shared) = (Instant::now(), Arc::clone(&self.shared));
        match timeout_at(deadline, self.connect(request)).await {
            Ok(opened) => opened,
            Err(_elapsed) => Err(shared.unanswered(began.elapsed())),
        }
    }

    async fn connect(self, request: &ConnectRequest) -> Result<(TunnelStream, Option<Baggage>), HboneError> {
        let request = request.to_request()?;
        let sender = self.shared.sender().ok_or_else(|| self.shared.gone())?;
        // A tunnel that ended while we waited for our turn never saw this CONNECT.
        let mut sender = sender.ready().await.ok().ok_or_else(|| self.shared.gone())?;
        let broken = |source| self.shared.broken(source);
        let (response, send) = sender.send_request(request, false).map_err(broken)?;
        drop(sender);
        // As with ztunnel: one stream at most means a tunnel for each connection, and none that is used again.
        if self.shared.limit == 1 {
            self.shared.retire();
        }
        let response = response.await.map_err(broken)?;
        if response.status() != http::StatusCode::OK {
            return Err(HboneError::Status { status: response.status() });
        }
        let described = Baggage::in_headers(response.headers());
        let (share, lost) = (self.shared.sends.share(), Arc::clone(&self.shared.lost));
        let held = Held::Client { _lease: Box::new(self) };
        Ok((TunnelStream::new(send, response.into_body(), (share, lost), held), described))
    }
}

/// Drives the connection until it closes; retires it when it breaks, idles or drains.
async fn drive<S>(
    mut connection: Connection<S, Charged>,
    heard: Heard,
    shared: Arc<Shared>,
    limits: Limits,
    tasks: Tasks,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let pings = connection.ping_pong();
    let alive = async {
        match pings {
            Some(pings) => keepalive(pings, heard, limits).await,
            None => std::future::pending().await,
        }
    };
    let retire = async {
        let drained = async {
            tasks.draining().await;
            // Whoever dialled it has not had a turn yet; a connection that was let in before the drain is served.
            let _unused = timeout(FIRST_USE, shared.used()).await;
        };
        tokio::select! { () = drained => {}, () = shared.idle(limits.idle) => {} }
        shared.retire();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        // How it ended is told by its streams.
        _ended = &mut connection => {}
        // They are told when the connection is dropped, and then find why.
        error = alive => if let HboneError::PingTimeout { after } = error {
            shared.lost.get_or_init(|| after);
        },
        () = retire => {}
    }
    shared.retire();
}

#[cfg(test)]
mod tests;
