//! [`originate`]: TLS as an application's own client speaks it, for DestinationRules of mode SIMPLE and MUTUAL.
//!
//! TLS 1.3 only, like everything else here: a server that speaks nothing newer than 1.2 is refused as such.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use crate::identity::{TrustBundle, read_certificates};
use crate::tls::app_server::{AppServerVerifier, names};
use crate::tls::cause::TlsCause;
use crate::tls::client::ClientStream;
use crate::tls::error::{Role, TlsError};
use crate::tls::finish::Attempt;
use crate::tls::observed::{Judgement, Observed, Watched};
use crate::tls::peer::{suite, version};
use crate::tls::provider::{VERSIONS, provider};
use crate::tls::tap::Secrets;
use crate::tls::trust::Trust;

/// How to originate TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origination {
    /// The server name to send (RFC 6066 §3); an IP address is not sent.
    pub sni: String,
    /// A PEM file of the roots to verify the server with; `None` does not verify its chain.
    pub ca_certificates: Option<PathBuf>,
    /// Names of which the server's certificate must have one, compared byte for byte; empty asks for none.
    pub subject_alt_names: Vec<String>,
    /// What to show if the server asks for a client certificate.
    pub client: Option<ClientFiles>,
}

/// A client certificate in PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFiles {
    /// The chain, leaf first.
    pub certificate: PathBuf,
    /// The key: PKCS#8, SEC1 or PKCS#1.
    pub key: PathBuf,
}

/// An [`Origination`] whose files have been read.
#[derive(Clone, Debug)]
pub struct Originator {
    name: ServerName<'static>,
    trust: Option<Arc<Trust>>,
    subject_alt_names: Vec<String>,
    shown: Option<Arc<SingleCertAndKey>>,
}

/// The server at the other end; only as far verified as the [`Origination`] asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppServer {
    /// The URIs and host names in its certificate.
    pub names: Vec<String>,
    /// The TLS version, `TLSv1.3`.
    pub version: &'static str,
    /// The cipher suite by its RFC name.
    pub suite: &'static str,
}

impl Origination {
    /// Reads the files: once for every connection and before it is dialled, so that a replaced file counts at once, and
    /// an unusable one costs the server nothing.
    ///
    /// # Errors
    ///
    /// [`TlsCause::OwnCertificate`] names a file that cannot be used, and [`TlsCause::ServerName`] an `sni` that is none.
    pub fn read(&self) -> Result<Originator, TlsError> {
        let Ok(name) = ServerName::try_from(self.sni.clone()) else {
            return Err(TlsError::from_cause(Role::Client, TlsCause::ServerName { found: self.sni.clone() }));
        };
        Ok(Originator {
            name,
            trust: self.ca_certificates.as_deref().map(roots).transpose()?.map(Arc::new),
            subject_alt_names: self.subject_alt_names.clone(),
            shown: self.client.as_ref().map(ClientFiles::read).transpose()?.map(Arc::new),
        })
    }
}

/// Connects TLS to an application's server.
///
/// Its secrets are told to `secrets`. That the server refuses our certificate is not known yet when this returns: see [`TlsError::from_io`]. A refused
/// server gets its alert: the call then takes up to a second longer, for the farewell.
///
/// # Errors
///
/// Why there is no connection, with both sides' words; see [`TlsCause`].
pub async fn originate<S>(
    stream: S,
    originator: &Originator,
    secrets: &Secrets,
    deadline: Instant,
) -> Result<(ClientStream<S>, AppServer), TlsError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let observed = Arc::new(Observed::default());
    let mut config = originator.config(&observed)?;
    if secrets.are_wanted() {
        config.key_log = secrets.key_log();
    }
    let attempt = Attempt { role: Role::Client, observed, alpn: "none", began: Instant::now() };
    let watched = Watched::new(stream, Arc::clone(&attempt.observed), secrets.tap.clone());
    let connector = TlsConnector::from(Arc::new(config));
    let handshake = connector.connect(originator.name.clone(), watched).into_fallible();
    match timeout_at(deadline, Box::pin(handshake)).await {
        Ok(Ok(connected)) => {
            let mut stream = Box::new(connected);
            stream.get_mut().0.stop();
            let (_, connection) = stream.get_ref();
            let server = AppServer {
                names: match attempt.observed.take_judgement() {
                    Some(Judgement::Application(said)) => names(&said),
                    _ => Vec::new(),
                },
                version: version(connection.protocol_version()),
                suite: suite(connection.negotiated_cipher_suite().map(|suite| suite.suite())),
            };
            Ok((stream, server))
        }
        Ok(Err((error, stream))) => Err(attempt.failed(error, stream).await),
        Err(_) => Err(attempt.timed_out()),
    }
}

impl Originator {
    /// A configuration of one connection. No ALPN is offered: the mesh's would make a sidecar take it for mesh traffic.
    fn config(&self, observed: &Arc<Observed>) -> Result<ClientConfig, TlsError> {
        let verifier = AppServerVerifier {
            trust: self.trust.clone(),
            names: self.subject_alt_names.clone(),
            observed: Arc::clone(observed),
        };
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(VERSIONS)
            .map_err(|problem| unusable(&problem))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.shown {
            None => builder.with_no_client_auth(),
            Some(shown) => builder.with_client_cert_resolver(Arc::clone(shown) as _),
        };
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

impl ClientFiles {
    fn read(&self) -> Result<SingleCertAndKey, TlsError> {
        let chain = read_certificates(&self.certificate).map_err(|problem| unusable(&problem))?;
        let chain = chain.iter().map(|der| CertificateDer::from(der.as_bytes().to_vec())).collect();
        let named = |problem: &dyn Display| unusable(&format!("{}: {problem}", self.key.display()));
        let text = fs::read(&self.key).map_err(|problem| named(&problem))?;
        let key = PrivateKeyDer::from_pem_slice(&text).map_err(|problem| named(&problem))?;
        let certified = CertifiedKey::from_der(chain, key, &provider()).map_err(|problem| {
            let (certificate, key) = (self.certificate.display(), self.key.display());
            unusable(&format!("{certificate} and {key}: {problem}"))
        })?;
        Ok(SingleCertAndKey::from(certified))
    }
}

fn roots(path: &Path) -> Result<Trust, TlsError> {
    let roots = read_certificates(path).map_err(|problem| unusable(&problem))?;
    let bundle = TrustBundle { trust_domain: String::new(), roots };
    Trust::new(&bundle, "").map_err(|problem| unusable(&format!("{}: {problem}", path.display())))
}

fn unusable(problem: &dyn Display) -> TlsError {
    TlsError::from_cause(Role::Client, TlsCause::OwnCertificate { problem: problem.to_string() })
}

#[cfg(test)]
mod tests;
