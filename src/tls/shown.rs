//! [`Shown`]: the certificates of a handshake under way.

use std::iter;

use rustls::pki_types::CertificateDer;

/// The certificates that the peer showed.
pub(crate) struct Shown<'a> {
    pub(crate) leaf: &'a CertificateDer<'a>,
    pub(crate) intermediates: &'a [CertificateDer<'a>],
}

impl Shown<'_> {
    /// All of them, the leaf first.
    pub(crate) fn chain(&self) -> impl Iterator<Item = &CertificateDer<'_>> {
        iter::once(self.leaf).chain(self.intermediates)
    }
}
