//! [`connect`]: the client's side of a handshake.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use crate::identity::{Clock, SpiffeId, Svid};
use crate::tls::cause::TlsCause;
use crate::tls::credentials::Credentials;
use crate::tls::error::{Role, TlsError};
use crate::tls::finish::{Attempt, IN_FLIGHT};
use crate::tls::observed::{Observed, Watched};
use crate::tls::peer::Peer;
use crate::tls::provider::{VERSIONS, provider};
use crate::tls::revocations::CurrentRevocations;
use crate::tls::tap::Secrets;
use crate::tls::verify::{PeerVerifier, Rule};

/// The application protocol that the client offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientOffer {
    /// `h2`, for a tunnel.
    Hbone,
    /// `istio`, for a sidecar.
    Istio,
    /// `istio-peer-exchange` before `istio`, as sidecars themselves offer it for TCP.
    Sidecar,
    /// None: what a DestinationRule of mode MUTUAL does (reference/failures.md A 10).
    None,
}

impl ClientOffer {
    /// The names to send, the preferred one first.
    pub(crate) fn protocols(self) -> Vec<Vec<u8>> {
        let names: &[&[u8]] = match self {
            Self::Hbone => &[b"h2"],
            Self::Istio => &[b"istio"],
            Self::Sidecar => &[b"istio-peer-exchange", b"istio"],
            Self::None => &[],
        };
        names.iter().map(|name| name.to_vec()).collect()
    }
}

/// Our certificate as a client's, for any number of handshakes. Cheap to clone; made anew for each new certificate.
#[derive(Clone)]
pub struct ClientTls {
    credentials: Arc<Credentials>,
    revocations: CurrentRevocations,
    clock: Clock,
    secrets: Secrets,
}

/// The stream of an established connection.
pub type ClientStream<S> = Box<tokio_rustls::client::TlsStream<Watched<S>>>;

impl ClientTls {
    /// From an SVID: its chain is shown, its bundle's roots are trusted.
    ///
    /// # Errors
    ///
    /// [`TlsCause::OwnCertificate`] when key and certificate do not fit, or a root cannot be used.
    pub fn new(svid: &Svid) -> Result<Self, TlsError> {
        Ok(Self {
            credentials: Arc::new(Credentials::new(svid, Role::Client)?),
            revocations: CurrentRevocations::default(),
            clock: Clock::default(),
            secrets: Secrets::default(),
        })
    }

    /// The same for one connection, whose secrets are told; a tap looks into it.
    #[must_use]
    pub fn telling(&self, secrets: impl Into<Secrets>) -> Self {
        Self { secrets: secrets.into(), ..self.clone() }
    }

    /// The same, asking `revocations` at each handshake.
    #[must_use]
    pub fn checking(&self, revocations: &CurrentRevocations) -> Self {
        Self { revocations: revocations.clone(), ..self.clone() }
    }

    /// The same, judging by `clock` what is valid.
    #[must_use]
    pub fn reckoning(&self, clock: &Clock) -> Self {
        Self { clock: clock.clone(), ..self.clone() }
    }

    /// A configuration of one connection: the verifier knows whom to expect, and writes its judgement beside it.
    fn config(
        &self,
        expected: &[SpiffeId],
        offer: ClientOffer,
        observed: &Arc<Observed>,
    ) -> Result<ClientConfig, TlsError> {
        let verifier = PeerVerifier {
            role: Role::Client,
            trust: Arc::clone(&self.credentials.trust),
            rule: Rule::OneOf(expected.to_vec()),
            revocations: self.revocations.load(),
            clock: self.clock.clone(),
            observed: Arc::clone(observed),
        };
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(VERSIONS)
            .map_err(|problem| {
                TlsError::from_cause(Role::Client, TlsCause::OwnCertificate { problem: problem.to_string() })
            })?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::clone(&self.credentials.shown) as _);
        config.resumption = Resumption::disabled();
        config.enable_sni = false;
        config.alpn_protocols = offer.protocols();
        if self.secrets.are_wanted() {
            config.key_log = self.secrets.key_log();
        }
        Ok(config)
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientTls")
    }
}

/// Connects TLS to a server that has one of the `expected` identities; with none expected, nobody will do.
///
/// That the server refuses our certificate is not known yet when this returns: see [`TlsError::from_io`].
/// A refused server gets its alert: the call then takes up to a second longer, for the farewell. At `deadline` the
/// socket is closed without a word.
///
/// # Errors
///
/// Why there is no connection, with both sides' words; see [`TlsCause`].
pub async fn connect<S>(
    stream: S,
    tls: &ClientTls,
    expected: &[SpiffeId],
    offer: ClientOffer,
    deadline: Instant,
) -> Result<(ClientStream<S>, Peer), TlsError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let observed = Arc::new(Observed::default());
    let config = tls.config(expected, offer, &observed)?;
    let alpn = if matches!(offer, ClientOffer::Istio | ClientOffer::Sidecar) { "istio" } else { "h2" };
    let attempt = Attempt { role: Role::Client, observed, alpn, began: Instant::now() };
    let watched = Watched::new(stream, Arc::clone(&attempt.observed), tls.secrets.tap.clone());
    let handshake = TlsConnector::from(Arc::new(config)).connect(nameless(), watched).into_fallible();
    match timeout_at(deadline, Box::pin(handshake)).await {
        Ok(Ok(connected)) => {
            let mut stream = Box::new(connected);
            stream.get_mut().0.stop();
            stream.get_mut().1.set_buffer_limit(Some(IN_FLIGHT));
            let peer = Peer::new(attempt.verified()?, stream.get_ref().1);
            Ok((stream, peer))
        }
        Ok(Err((error, stream))) => Err(attempt.failed(error, stream).await),
        Err(_) => Err(attempt.timed_out()),
    }
}

/// rustls wants a server name; ztunnel gives it this one too. It is neither sent nor compared.
fn nameless() -> ServerName<'static> {
    ServerName::from(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

#[cfg(test)]
mod tests;
