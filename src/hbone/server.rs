//! The destination's side: CONNECTs come in, each is answered once.

use std::pin::Pin;
use std::time::Duration;

use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::{Request, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};

use crate::hbone::baggage::Baggage;
use crate::hbone::connect::ConnectRequest;
use crate::hbone::error::{HboneError, Lost};
use crate::hbone::gathered::Gathered;
use crate::hbone::keepalive::keepalive;
use crate::hbone::limits::Limits;
use crate::hbone::reset_budget::{Account, ResetBudget};
use crate::hbone::send_budget::{Charged, SendBudget};
use crate::hbone::stream::{Held, TunnelStream};

/// How long a peer may take to hear that its tunnel ends: what a refused TLS peer gets, too.
const FAREWELL: Duration = Duration::from_secs(1);

/// One tunnel, seen from its destination. Nothing moves unless [`Server::accept`] is polled.
pub struct Server<S> {
    connection: Connection<Gathered<S>, Charged>,
    keepalive: Pin<Box<dyn Future<Output = HboneError> + Send>>,
    resets: ResetBudget,
    sends: SendBudget,
    lost: Lost,
    limits: Limits,
    failed: bool,
}

/// One CONNECT, or what a peer sent in its place.
pub struct Requested {
    /// The request, if it is one.
    pub request: Result<ConnectRequest, HboneError>,
    /// The one answer to it.
    pub respond: Respond,
}

/// Answers a CONNECT; dropped unanswered, it resets the stream.
pub struct Respond {
    response: SendResponse<Charged>,
    body: RecvStream,
    sends: SendBudget,
    lost: Lost,
    account: Account,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Server<S> {
    /// Reads the preface and exchanges SETTINGS on a stream that TLS has verified.
    ///
    /// # Errors
    ///
    /// [`HboneError::Handshake`], [`HboneError::HandshakeTimeout`] after `deadline`.
    pub async fn handshake(stream: S, limits: &Limits, deadline: Instant) -> Result<Self, HboneError> {
        let (stream, heard) = Gathered::new(stream);
        let handshake = h2::server::Builder::new()
            .initial_window_size(limits.stream_window)
            .initial_connection_window_size(limits.connection_window)
            .max_frame_size(limits.frame_size)
            .max_concurrent_streams(limits.max_streams)
            .max_header_list_size(limits.server_header_list)
            .max_send_buffer_size(limits.send_buffer)
            .data_frame_budget(limits.data_frame_budget)
            .max_concurrent_reset_streams(limits.remembered_resets)
            // Ours is `resets`, which also counts those that h2 was quicker to see.
            .max_pending_accept_reset_streams(usize::try_from(limits.resets).unwrap_or(usize::MAX))
            .handshake(stream);
        let mut connection = match timeout_at(deadline, handshake).await {
            Ok(connection) => connection.map_err(|source| HboneError::Handshake { source })?,
            Err(_elapsed) => return Err(HboneError::HandshakeTimeout),
        };
        let keepalive: Pin<Box<dyn Future<Output = HboneError> + Send>> = match connection.ping_pong() {
            Some(pings) => Box::pin(keepalive(pings, heard, *limits)),
            None => Box::pin(std::future::pending()),
        };
        let (resets, sends) = (ResetBudget::new(limits), SendBudget::new(limits.send_buffer_per_connection));
        let lost = Lost::default();
        Ok(Self { connection, keepalive, resets, sends, lost, limits: *limits, failed: false })
    }

    /// The next CONNECT; `None` when the connection has ended. Cancel-safe.
    ///
    /// # Errors
    ///
    /// The connection broke, the peer stopped answering PING, or it resets too many streams. `None` follows.
    pub async fn accept(&mut self) -> Option<Result<Requested, HboneError>> {
        if self.failed {
            return None;
        }
        let next = tokio::select! {
            next = self.connection.accept() => match next? {
                Ok(next) => Ok(next),
                Err(source) => Err(HboneError::Broken { source }),
            },
            error = &mut self.keepalive => Err(error),
            () = self.resets.exceeded() => Err(self.too_many_resets()),
        };
        match next {
            Ok((request, response)) => Some(Ok(self.requested(request, response))),
            Err(error) => {
                self.close(&error).await;
                Some(Err(error))
            }
        }
    }

    fn requested(&self, request: Request<RecvStream>, response: SendResponse<Charged>) -> Requested {
        let parsed = ConnectRequest::parse(&request);
        let (sends, lost, account) = (self.sends.clone(), Lost::clone(&self.lost), self.resets.open());
        let respond = Respond { response, body: request.into_body(), sends, lost, account };
        Requested { request: parsed, respond }
    }

    fn too_many_resets(&self) -> HboneError {
        HboneError::TooManyResets { limit: self.limits.resets, window: self.limits.reset_window }
    }

    /// Tells the peer why, if it still listens.
    async fn close(&mut self, error: &HboneError) {
        self.failed = true;
        if let HboneError::PingTimeout { after } = error {
            self.lost.get_or_init(|| *after);
        }
        let reason = match error {
            HboneError::TooManyResets { .. } => Reason::ENHANCE_YOUR_CALM,
            HboneError::PingTimeout { .. } => Reason::NO_ERROR,
            _ => return,
        };
        self.connection.abrupt_shutdown(reason);
        let closed = std::future::poll_fn(|cx| self.connection.poll_closed(cx));
        // Whether it heard us changes nothing.
        let _ = timeout_at(Instant::now() + FAREWELL, closed).await;
    }

    /// Ends the tunnel now: GOAWAY(NO_ERROR), and CONNECTs that still come are reset. Streams are reset by who holds them;
    /// that reaches the peer too, if it listens for another second.
    pub async fn cut(mut self) {
        self.connection.graceful_shutdown();
        let ended = async { while let Some(Ok(_unheard)) = self.connection.accept().await {} };
        if timeout_at(Instant::now() + FAREWELL, ended).await.is_err() {
            self.connection.abrupt_shutdown(Reason::NO_ERROR);
            let closed = std::future::poll_fn(|cx| self.connection.poll_closed(cx));
            // It had its time to hear us.
            let _ = timeout_at(Instant::now() + FAREWELL, closed).await;
        }
    }

    /// Announces the end: GOAWAY, PING, GOAWAY (RFC 9113 §6.8). Streams that are open go on; [`Server::accept`] gives
    /// `None` once the last has ended.
    pub fn drain(&mut self) {
        self.connection.graceful_shutdown();
    }
}

impl Respond {
    /// Answers 200: from here on the stream carries the connection's bytes.
    ///
    /// # Errors
    ///
    /// The peer has reset the stream in the meantime.
    pub fn accept(mut self, baggage: Option<&Baggage>) -> Result<TunnelStream, HboneError> {
        let mut response = Response::new(());
        if let Some(baggage) = baggage {
            baggage.insert_into(response.headers_mut());
        }
        match self.response.send_response(response, false) {
            Ok(send) => {
                let (share, held) = (self.sends.share(), Held::Server(self.account));
                Ok(TunnelStream::new(send, self.body, (share, self.lost), held))
            }
            Err(source) => {
                self.account.spend();
                Err(HboneError::Broken { source })
            }
        }
    }

    /// Answers `status` and nothing else: no body, END_STREAM, and RST_STREAM(NO_ERROR) by h2 when the request side is
    /// still open.
    pub fn refuse(mut self, status: u16) {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        if self.response.send_response(response, true).is_err() {
            self.account.spend();
        }
    }
}

#[cfg(test)]
mod tests;
