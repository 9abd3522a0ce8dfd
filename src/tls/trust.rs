//! [`Trust`]: the roots that we believe, and webpki's verdict on a chain.

use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{DistinguishedName, Error, RootCertStore};

use crate::identity::TrustBundle;
use crate::tls::error::Role;
use crate::tls::path::verdict;
use crate::tls::revocations::Revocations;
use crate::tls::shown::Shown;

/// Whom we trust, in rustls' form.
#[derive(Debug)]
pub(crate) struct Trust {
    pub(crate) trust_domain: String,
    /// The names that a client is asked to show a certificate of.
    pub(crate) names: Vec<DistinguishedName>,
    roots: RootCertStore,
}

impl Trust {
    /// Fails on a root that does not parse, and without any root.
    pub(crate) fn new(bundle: &TrustBundle, trust_domain: &str) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        for root in &bundle.roots {
            roots.add(CertificateDer::from(root.as_bytes()))?;
        }
        if roots.is_empty() {
            return Err(Error::General("no root trust anchors were provided".to_owned()));
        }
        Ok(Self { trust_domain: trust_domain.to_owned(), names: roots.subjects(), roots })
    }

    /// The verdict on the chain, as a certificate for a client (we are the server) or for a server.
    pub(crate) fn chain(
        &self,
        role: Role,
        shown: &Shown<'_>,
        asked: (UnixTime, &Revocations),
    ) -> Result<(), Error> {
        verdict(role, &self.roots, shown, asked)
    }
}
