//! The end that both handshakes share: the judgement joins the error, or the identity joins the stream.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::tls::cause::TlsCause;
use crate::tls::diagnose::{Circumstances, rustls_error};
use crate::tls::error::{Role, TlsError};
use crate::tls::farewell::farewell;
use crate::tls::observed::{Good, Judgement, Observed, Watched};

/// What rustls may hold of bytes on their way to the socket, where its own choice is 64 KiB: two of the largest frames that
/// HTTP/2 hands down (`hbone::Limits::send_buffer`), so that a frame leaves in one system call, and no sliver of it in a
/// record of its own.
pub(crate) const IN_FLIGHT: usize = 512 << 10;

/// One handshake under way.
pub(crate) struct Attempt {
    pub(crate) role: Role,
    pub(crate) observed: Arc<Observed>,
    pub(crate) alpn: &'static str,
    pub(crate) began: Instant,
}

impl Attempt {
    /// Turns rustls' error into ours, after the peer got its alert.
    pub(crate) async fn failed<S>(&self, error: io::Error, mut stream: Watched<S>) -> TlsError
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        // The socket's own errors leave nothing to say and nobody to hear it.
        if rustls_error(&error).is_some() {
            farewell(&mut stream).await;
        }
        self.explained(error)
    }

    /// Turns rustls' error into ours, with the verifier's judgement.
    pub(crate) fn explained(&self, error: io::Error) -> TlsError {
        let seen = Circumstances {
            received: self.observed.received(),
            first: self.observed.first(),
            alpn: self.alpn,
        };
        let failure = TlsError::from_handshake(self.role, error, seen);
        match self.observed.take_judgement() {
            Some(Judgement::Refused { presented, cause, also }) => {
                failure.judged(presented.map(|presented| *presented), Some((cause, also)))
            }
            Some(Judgement::Good(good)) => failure.judged(Some(good.leaf.certificate), None),
            Some(Judgement::Application(said)) => failure.judged(Some(*said), None),
            None => failure,
        }
    }

    /// The deadline passed; dropping the handshake has closed the socket.
    pub(crate) fn timed_out(&self) -> TlsError {
        let received = self.observed.received();
        TlsError::from_cause(self.role, TlsCause::Timeout { within: self.began.elapsed(), received })
    }

    /// The verified certificate of a handshake that succeeded.
    pub(crate) fn verified(&self) -> Result<Good, TlsError> {
        match self.observed.take_judgement() {
            Some(Judgement::Good(good)) => Ok(*good),
            _ => Err(TlsError::from_cause(self.role, TlsCause::NoCertificate)),
        }
    }
}
