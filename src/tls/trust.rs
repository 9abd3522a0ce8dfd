//! [`Trust`]: the roots that we believe, and webpki's verdict on a chain.

use std::sync::Arc;

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{Error, RootCertStore};

use crate::identity::TrustBundle;
use crate::tls::error::Role;
use crate::tls::provider::{provider, signature_algorithms};

/// Whom we trust, in rustls' form.
#[derive(Debug)]
pub(crate) struct Trust {
    pub(crate) trust_domain: String,
    roots: Arc<RootCertStore>,
    pub(crate) clients: Arc<dyn ClientCertVerifier>,
}

/// The certificates that the peer showed.
pub(crate) struct Shown<'a> {
    pub(crate) leaf: &'a CertificateDer<'a>,
    pub(crate) intermediates: &'a [CertificateDer<'a>],
}

impl Trust {
    /// Fails on a root that does not parse, and without any root.
    pub(crate) fn new(bundle: &TrustBundle, trust_domain: &str) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        for root in &bundle.roots {
            roots.add(CertificateDer::from(root.as_bytes()))?;
        }
        let roots = Arc::new(roots);
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider())
            .build()
            .map_err(|problem| Error::General(problem.to_string()))?;
        Ok(Self { trust_domain: trust_domain.to_owned(), roots, clients })
    }

    /// webpki's verdict on the chain, as a certificate for a client (we are the server) or for a server.
    pub(crate) fn chain(&self, role: Role, shown: &Shown<'_>, now: UnixTime) -> Result<(), Error> {
        match role {
            Role::Server => self.clients.verify_client_cert(shown.leaf, shown.intermediates, now).map(drop),
            Role::Client => verify_server_cert_signed_by_trust_anchor(
                &ParsedCertificate::try_from(shown.leaf)?,
                &self.roots,
                shown.intermediates,
                now,
                signature_algorithms().all,
            ),
        }
    }
}
