//! [`look`]: what a TLS server shows to whoever asks, without believing any of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use crate::identity::{self, Credential, name_text};
use crate::tls::cause::TlsCause;
use crate::tls::client::{ClientOffer, ClientStream};
use crate::tls::error::{Role, TlsError};
use crate::tls::finish::Attempt;
use crate::tls::fits::certified;
use crate::tls::observed::{Observed, Watched};
use crate::tls::peer::{group_name, suite, version};
use crate::tls::provider::{VERSIONS, provider, signature_algorithms};

/// How long a server may take to refuse after the handshake: in TLS 1.3 it judges us when we believe to be through. Servers
/// that wait for us to speak are silent for all of it.
const SECOND_THOUGHT: Duration = Duration::from_millis(500);

/// What a server showed. Nothing in it is verified but that the server holds the first certificate's key.
#[derive(Debug)]
pub struct Look {
    /// The chain, in the server's order.
    pub chain: Vec<identity::CertificateDer>,
    /// The application protocol that it chose.
    pub alpn: Option<Vec<u8>>,
    /// The TLS version, `TLSv1.3`.
    pub version: &'static str,
    /// The cipher suite by its RFC name.
    pub suite: &'static str,
    /// The key exchange group by its RFC name.
    pub group: &'static str,
    /// The CAs of which it asks for a client certificate; empty when it names none, `None` when it does not ask.
    pub asks: Option<Vec<String>>,
    /// What it said after the handshake, if it refused us then.
    pub refused: Option<TlsError>,
}

/// How to look.
#[derive(Clone, Debug)]
pub struct Looker {
    /// The server name to send; an IP address is not sent.
    pub name: String,
    /// The application protocol to offer.
    pub offer: ClientOffer,
    /// What to show if the server asks for a certificate.
    pub client: Option<Credential>,
}

/// Looks at the server behind `stream`.
///
/// # Errors
///
/// Why there is no handshake; [`TlsCause::ServerName`], and [`TlsCause::OwnCertificate`] for an unusable client certificate.
pub async fn look<S>(stream: S, looker: &Looker, deadline: Instant) -> Result<Look, TlsError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let (mut look, mut stream) = look_and_stay(stream, looker, deadline).await?;
    let patience = deadline.min(Instant::now() + SECOND_THOUGHT);
    if let Ok(Err(error)) = timeout_at(patience, stream.read(&mut [0; 1])).await {
        look.refused = TlsError::from_io(&error);
    }
    // A farewell; who does not take it is left all the same.
    let _unheard = timeout_at(patience, stream.shutdown()).await;
    Ok(look)
}

/// Looks at the server behind `stream` and hands it back: what the server says next, a refusal above all, is there to
/// be read.
///
/// # Errors
///
/// As [`look`].
pub async fn look_and_stay<S>(
    stream: S,
    looker: &Looker,
    deadline: Instant,
) -> Result<(Look, ClientStream<S>), TlsError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let Ok(name) = ServerName::try_from(looker.name.clone()) else {
        return Err(TlsError::from_cause(Role::Client, TlsCause::ServerName { found: looker.name.clone() }));
    };
    let seen = Arc::new(Seen::new(looker.client.as_ref())?);
    let config = config(looker.offer, &seen)?;
    let observed = Arc::new(Observed::default());
    let attempt = Attempt { role: Role::Client, observed, alpn: alpn(looker.offer), began: Instant::now() };
    let watched = Watched::new(stream, Arc::clone(&attempt.observed), None);
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, watched).into_fallible();
    let mut stream = match timeout_at(deadline, Box::pin(handshake)).await {
        Ok(Ok(stream)) => Box::new(stream),
        Ok(Err((error, stream))) => return Err(attempt.failed(error, stream).await),
        Err(_) => return Err(attempt.timed_out()),
    };
    stream.get_mut().0.stop();
    let (_, connection) = stream.get_ref();
    let look = Look {
        chain: seen.chain(),
        alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
        version: version(connection.protocol_version()),
        suite: suite(connection.negotiated_cipher_suite().map(|suite| suite.suite())),
        group: group_name(connection.negotiated_key_exchange_group().map(|group| group.name())),
        asks: seen.asks(),
        refused: None,
    };
    Ok((look, stream))
}

fn config(offer: ClientOffer, seen: &Arc<Seen>) -> Result<ClientConfig, TlsError> {
    let unusable = |problem: Error| {
        TlsError::from_cause(Role::Client, TlsCause::OwnCertificate { problem: problem.to_string() })
    };
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(VERSIONS)
        .map_err(unusable)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(seen) as _)
        .with_client_cert_resolver(Arc::clone(seen) as _);
    config.resumption = Resumption::disabled();
    config.alpn_protocols = offer.protocols();
    Ok(config)
}

fn alpn(offer: ClientOffer) -> &'static str {
    match offer {
        ClientOffer::Hbone => "h2",
        ClientOffer::Istio | ClientOffer::Sidecar => "istio",
        ClientOffer::None => "none",
    }
}

/// What one handshake showed: this takes any certificate, and keeps it.
#[derive(Debug)]
struct Seen {
    chain: Mutex<Vec<identity::CertificateDer>>,
    asks: Mutex<Option<Vec<String>>>,
    shown: Option<Arc<CertifiedKey>>,
}

impl Seen {
    fn new(client: Option<&Credential>) -> Result<Self, TlsError> {
        let keyless = || {
            let problem = "a client certificate without its key".to_owned();
            TlsError::from_cause(Role::Client, TlsCause::OwnCertificate { problem })
        };
        let shown = match client {
            None => None,
            Some(Credential { chain, key, .. }) => {
                Some(Arc::new(certified(chain, key.as_ref().ok_or_else(keyless)?)?))
            }
        };
        Ok(Self { chain: Mutex::default(), asks: Mutex::default(), shown })
    }

    fn chain(&self) -> Vec<identity::CertificateDer> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn asks(&self) -> Option<Vec<String>> {
        self.asks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesClientCert for Seen {
    fn resolve(&self, hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let names = hints.iter().map(|der| name_text(der).unwrap_or_else(|| "an unreadable name".to_owned()));
        *self.asks.lock().unwrap_or_else(PoisonError::into_inner) = Some(names.collect());
        self.shown.clone()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(leaf).chain(intermediates);
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) =
            chain.map(|der| der.as_ref().into()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &signature_algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &signature_algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        signature_algorithms().supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;
    use crate::ca::{Authority, AuthorityOptions};
    use crate::identity::Svid;
    use crate::tls::server::{Offer, ServerTls, accept};

    async fn seen(server: &Svid, client: Option<&Svid>) -> Look {
        let (near, far) = duplex(64 * 1024);
        let deadline = Instant::now() + Duration::from_secs(10);
        let client = client.map(|svid| Credential {
            chain: svid.chain.clone(),
            roots: Vec::new(),
            key: Some(svid.key.clone()),
        });
        let looker = Looker { name: "127.0.0.1".to_owned(), offer: ClientOffer::Hbone, client };
        let tls = ServerTls::new(server).unwrap();
        let accepted = async {
            // Held until the other side has seen enough.
            let held = accept(near, &tls, Offer::Hbone, deadline).await;
            timeout_at(deadline, std::future::pending::<()>()).await.unwrap_err();
            drop(held);
        };
        tokio::select! {
            look = look(far, &looker, deadline) => look.unwrap(),
            () = accepted => panic!("nobody looked"),
        }
    }

    #[tokio::test]
    async fn a_server_is_seen_with_and_without_a_client_certificate() {
        let options = AuthorityOptions { intermediate: true, ..AuthorityOptions::default() };
        let authority = Authority::generate(&options).unwrap();
        let id = |account: &str| format!("spiffe://cluster.local/ns/default/sa/{account}").parse().unwrap();
        let server = authority.issue_now(&id("server")).unwrap();
        let anonymous = seen(&server, None).await;
        assert_eq!(anonymous.chain, server.chain);
        assert_eq!(anonymous.alpn.as_deref(), Some(b"h2".as_slice()));
        assert_eq!(anonymous.asks, Some(vec!["O=cluster.local".to_owned()]));
        assert_eq!(anonymous.refused.unwrap().alert_received().unwrap().number, 116);
        let known = seen(&server, Some(&authority.issue_now(&id("client")).unwrap())).await;
        assert_eq!((known.chain, known.refused.is_none()), (server.chain.clone(), true));
    }
}
