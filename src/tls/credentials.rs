//! [`Credentials`]: an SVID in rustls' form, made once per certificate and shared by every handshake.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use crate::identity::Svid;
use crate::tls::cause::TlsCause;
use crate::tls::error::{Role, TlsError};
use crate::tls::presented::Presented;
use crate::tls::provider::provider;
use crate::tls::trust::Trust;

/// What we show and whom we trust.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) shown: Arc<SingleCertAndKey>,
    pub(crate) trust: Arc<Trust>,
    chain: Arc<[CertificateDer<'static>]>,
}

impl Credentials {
    /// Parses key and roots, and checks that key and certificate belong together.
    pub(crate) fn new(svid: &Svid, role: Role) -> Result<Self, TlsError> {
        let unusable = |problem: rustls::Error| {
            TlsError::from_cause(role, TlsCause::OwnCertificate { problem: problem.to_string() })
        };
        let chain: Vec<_> =
            svid.chain.iter().map(|der| CertificateDer::from(der.as_bytes().to_vec())).collect();
        let shown: Arc<[_]> = chain.clone().into();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(svid.key.secret_bytes().to_vec()));
        let certified = CertifiedKey::from_der(chain, key, &provider()).map_err(unusable)?;
        let trust = Trust::new(&svid.bundle, svid.id.trust_domain()).map_err(unusable)?;
        Ok(Self { shown: Arc::new(SingleCertAndKey::from(certified)), trust: Arc::new(trust), chain: shown })
    }

    /// What we show, as a peer that trusts the same roots sees it.
    pub(crate) fn as_presented(&self) -> Presented {
        Presented {
            role: Role::Client,
            trust: Arc::clone(&self.trust),
            chain: Arc::clone(&self.chain),
            at: UnixTime::now(),
            generation: 0,
        }
    }
}
