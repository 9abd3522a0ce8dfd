//! [`accept`]: the server's side of a handshake.

use std::fmt;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::UnixTime;
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::ClientCertVerifier as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;

use crate::identity::{CertificateDer, Clock, Leaf, Svid};
use crate::tls::cause::TlsCause;
use crate::tls::credentials::Credentials;
use crate::tls::error::{Role, TlsError};
use crate::tls::finish::{Attempt, IN_FLIGHT};
use crate::tls::observed::{Observed, Watched};
use crate::tls::peer::Peer;
use crate::tls::provider::{VERSIONS, provider};
use crate::tls::revocations::{CurrentRevocations, Revocations};
use crate::tls::tap::Secrets;
use crate::tls::verify::{PeerVerifier, Rule};

/// The application protocols by which Istio's sidecars know mesh traffic, in Istio's order.
pub const ISTIO_ALPN: [&[u8]; 5] =
    [b"istio-peer-exchange", b"istio", b"istio-http/1.1", b"istio-http/1.0", b"istio-h2"];

/// What the server answers to the client's ALPN (RFC 7301).
#[derive(Clone, Copy, Debug)]
pub enum Offer<'a> {
    /// HTTP/2 only; a client without ALPN is let in, as in ztunnel.
    Hbone,
    /// A sidecar's captured port: an Istio protocol if the client offered one, else none, and never a refusal.
    Captured {
        /// What the client's ClientHello offered.
        alpn: &'a [Vec<u8>],
    },
}

/// Our certificate as a server's, for any number of handshakes. Cheap to clone; made anew for each new certificate.
#[derive(Clone)]
pub struct ServerTls {
    credentials: Arc<Credentials>,
    revocations: CurrentRevocations,
    clock: Clock,
    secrets: Secrets,
    aliases: Arc<[String]>,
}

/// The stream of an accepted connection.
pub type ServerStream<S> = Box<tokio_rustls::server::TlsStream<Watched<S>>>;

impl ServerTls {
    /// From an SVID: its chain is shown, its bundle's roots are trusted.
    ///
    /// # Errors
    ///
    /// [`TlsCause::OwnCertificate`] when key and certificate do not fit, or a root cannot be used.
    pub fn new(svid: &Svid) -> Result<Self, TlsError> {
        Ok(Self {
            credentials: Arc::new(Credentials::new(svid, Role::Server)?),
            revocations: CurrentRevocations::default(),
            clock: Clock::default(),
            secrets: Secrets::default(),
            aliases: Arc::default(),
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

    /// The same, for clients of the trust domains `aliases` too: they are other names of ours.
    #[must_use]
    pub fn accepting(&self, aliases: &[String]) -> Self {
        Self { aliases: aliases.into(), ..self.clone() }
    }

    /// Whether our own certificate is revoked: then everybody who has the list refuses us.
    pub fn is_revoked(&self, revocations: &Revocations) -> Option<TlsCause> {
        self.credentials.as_presented().revoked(revocations)
    }

    /// Judges a client's chain, leaf first, as [`accept`] would now, without a connection: what tests and benches ask.
    ///
    /// # Errors
    ///
    /// What is wrong with the certificate, as in a handshake.
    pub fn check_chain(&self, chain: &[CertificateDer]) -> Result<Leaf, TlsError> {
        let chain: Vec<_> =
            chain.iter().map(|der| rustls::pki_types::CertificateDer::from(der.as_bytes())).collect();
        let observed = Arc::new(Observed::default());
        let attempt = Attempt { role: Role::Server, observed, alpn: "h2", began: Instant::now() };
        let verifier = self.verifier(&attempt.observed);
        let judged = match chain.split_first() {
            Some((leaf, intermediates)) => verifier.verify_client_cert(leaf, intermediates, UnixTime::now()),
            None => Err(rustls::Error::NoCertificatesPresented),
        };
        match judged {
            Ok(_) => attempt.verified().map(|good| good.leaf),
            Err(error) => Err(attempt.explained(std::io::Error::new(std::io::ErrorKind::InvalidData, error))),
        }
    }

    fn verifier(&self, observed: &Arc<Observed>) -> PeerVerifier {
        PeerVerifier {
            role: Role::Server,
            trust: Arc::clone(&self.credentials.trust),
            rule: Rule::OurTrustDomain(Arc::clone(&self.aliases)),
            revocations: self.revocations.load(),
            clock: self.clock.clone(),
            observed: Arc::clone(observed),
        }
    }

    /// A configuration of one connection: the verifier writes its judgement beside it.
    fn config(&self, offer: Offer<'_>, observed: &Arc<Observed>) -> Result<ServerConfig, TlsError> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(VERSIONS)
            .map_err(|problem| {
                TlsError::from_cause(Role::Server, TlsCause::OwnCertificate { problem: problem.to_string() })
            })?
            .with_client_cert_verifier(Arc::new(self.verifier(observed)))
            .with_cert_resolver(Arc::clone(&self.credentials.shown) as _);
        // No resumption: every connection proves its identity afresh, and the default cache would cost 18 kB each.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.alpn_protocols = answer(offer);
        if self.secrets.are_wanted() {
            config.key_log = self.secrets.key_log();
        }
        Ok(config)
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerTls")
    }
}

/// Accepts a TLS connection from a client of our trust domain.
///
/// A refused client gets its alert: the call then takes up to a second longer, for the farewell. At `deadline` the
/// socket is closed without a word.
///
/// # Errors
///
/// Why there is no connection, with both sides' words; see [`TlsCause`].
pub async fn accept<S>(
    stream: S,
    tls: &ServerTls,
    offer: Offer<'_>,
    deadline: Instant,
) -> Result<(ServerStream<S>, Peer), TlsError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let observed = Arc::new(Observed::default());
    let config = tls.config(offer, &observed)?;
    let attempt = Attempt { role: Role::Server, observed, alpn: "h2", began: Instant::now() };
    let watched = Watched::new(stream, Arc::clone(&attempt.observed), tls.secrets.tap.clone());
    let handshake = TlsAcceptor::from(Arc::new(config)).accept(watched).into_fallible();
    match timeout_at(deadline, Box::pin(handshake)).await {
        Ok(Ok(accepted)) => {
            let mut stream = Box::new(accepted);
            stream.get_mut().0.stop();
            stream.get_mut().1.set_buffer_limit(Some(IN_FLIGHT));
            let peer = Peer::new(attempt.verified()?, stream.get_ref().1);
            Ok((stream, peer))
        }
        Ok(Err((error, stream))) => Err(attempt.failed(error, stream).await),
        Err(_) => Err(attempt.timed_out()),
    }
}

/// rustls refuses a client whose ALPN does not meet ours, so what a captured port cannot answer is not offered.
fn answer(offer: Offer<'_>) -> Vec<Vec<u8>> {
    match offer {
        Offer::Hbone => vec![b"h2".to_vec()],
        Offer::Captured { alpn } => {
            alpn.iter().find(|name| ISTIO_ALPN.contains(&name.as_slice())).cloned().into_iter().collect()
        }
    }
}
