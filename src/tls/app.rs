//! TLS as an application terminates it: its own certificate, no client certificate, whatever ALPN HTTP/1.1 likes.

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::{
    CertificateDer as RustlsCertificate, PrivateKeyDer as RustlsKey, PrivatePkcs8KeyDer,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;

use crate::identity::{CertificateDer, PrivateKeyDer};
use crate::tls::cause::TlsCause;
use crate::tls::error::{Role, TlsError};
use crate::tls::provider::{VERSIONS, provider};

/// The server side of an application's own TLS; clones share it.
#[derive(Clone)]
pub struct AppTls {
    acceptor: TlsAcceptor,
}

impl AppTls {
    /// For one certificate and its key.
    ///
    /// # Errors
    ///
    /// They do not belong together.
    pub fn new(certificate: &CertificateDer, key: &PrivateKeyDer) -> Result<Self, TlsError> {
        let unusable = |problem: rustls::Error| {
            TlsError::from_cause(Role::Server, TlsCause::OwnCertificate { problem: problem.to_string() })
        };
        let chain = vec![RustlsCertificate::from(certificate.as_bytes().to_vec())];
        let key = RustlsKey::from(PrivatePkcs8KeyDer::from(key.secret_bytes().to_vec()));
        let config = ServerConfig::builder_with_provider(provider()).with_protocol_versions(VERSIONS);
        let mut config = config
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
            .map_err(unusable)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// Terminates TLS on `stream`.
    ///
    /// # Errors
    ///
    /// The handshake failed, or was not done at `deadline`.
    pub async fn accept<S>(
        &self,
        stream: S,
        deadline: Instant,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Unpin + Send + use<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        match timeout_at(deadline, self.acceptor.accept(stream)).await {
            Ok(stream) => stream.map(Box::new),
            Err(_elapsed) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}
