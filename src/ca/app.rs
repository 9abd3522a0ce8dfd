//! Certificates that applications use for their own HTTPS: nothing of the mesh's, and nobody trusts them.

use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

use crate::ca::error::CaError;
use crate::identity::{CertificateDer, PrivateKeyDer};

/// How long one lives: longer than any lab, shorter than rcgen's default of two thousand years.
const LIFE: Duration = Duration::from_secs(30 * 24 * 3600);

/// A self-signed server certificate for the host names `names`, with its key.
///
/// # Errors
///
/// [`CaError::Generate`] when the library refuses a name or cannot make a key.
pub fn app_certificate(names: Vec<String>) -> Result<(CertificateDer, PrivateKeyDer), CaError> {
    let failed = |source| CaError::Generate { action: "issue an application's certificate", source };
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(failed)?;
    let common_name = names.first().cloned().unwrap_or_default();
    let mut params = CertificateParams::new(names).map_err(failed)?;
    let now = SystemTime::now();
    params.not_before = (now - Duration::from_secs(120)).into();
    params.not_after = (now + LIFE).into();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    let certificate = params.self_signed(&key).map_err(failed)?;
    Ok((CertificateDer::from(certificate.der().as_ref()), PrivateKeyDer::from_pkcs8(key.serialize_der())))
}
