//! [`CertificateDer`] and [`PrivateKeyDer`]: the bytes themselves, cheap to clone, and a key that never prints.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

/// One X.509 certificate as DER bytes, not parsed and not trusted.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CertificateDer(Arc<[u8]>);

/// One private key as PKCS#8 DER bytes (RFC 5208 §5), wiped from memory when its last clone goes. Only the key of a CA may
/// have another form: see [`crate::identity::parse_signer_key`].
#[derive(Clone)]
pub struct PrivateKeyDer(Arc<Secret>);

struct Secret(Vec<u8>);

impl CertificateDer {
    /// The DER bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for CertificateDer {
    fn from(bytes: &[u8]) -> Self {
        Self(Arc::from(bytes))
    }
}

impl PrivateKeyDer {
    /// A key from PKCS#8 DER bytes, which are not looked at here.
    pub fn from_pkcs8(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Secret(bytes)))
    }

    /// A CA's key in the form that its file has.
    pub(crate) fn of_signer(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Secret(bytes)))
    }

    /// The DER bytes: the secret itself.
    pub fn secret_bytes(&self) -> &[u8] {
        &self.0.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        // Without a reader the compiler may drop the writes.
        black_box(&self.0);
    }
}

impl fmt::Debug for CertificateDer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateDer({} bytes)", self.0.len())
    }
}

impl fmt::Debug for PrivateKeyDer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKeyDer(not shown)")
    }
}
