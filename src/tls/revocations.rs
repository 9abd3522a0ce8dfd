//! [`Revocations`]: the revocation lists in force, and which certificates are on them.
//!
//! As in ztunnel: every certificate of a chain is looked up, one that no list is about passes, and a list stays in force
//! beyond its next update (reference/hbone.md 7). Unlike there, a file that cannot be read is an error (DESIGN section 2).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use rustls::pki_types;
use webpki::{CertRevocationList, EndEntityCert, OwnedCertRevocationList};

use crate::identity::{
    CertificateDer, CertificateSummary, IdentityError, RevocationList, RevocationSummary,
    parse_revocation_lists, read_revocation_lists,
};
use crate::tls::cause::TlsCause;
use crate::tls::provider::signature_algorithms;
use crate::tls::refusal::utc;

/// All lists in force; none by default.
#[derive(Debug, Default)]
pub struct Revocations {
    lists: Vec<List>,
    /// Tells one set from another: see [`Revocations::generation`].
    generation: u64,
}

#[derive(Debug)]
struct List {
    read: RevocationList,
    indexed: CertRevocationList<'static>,
}

/// The revocations that handshakes ask at this moment; clones share them.
#[derive(Clone, Debug, Default)]
pub struct CurrentRevocations(Arc<ArcSwap<Revocations>>);

impl CurrentRevocations {
    /// Those in force.
    pub fn load(&self) -> Arc<Revocations> {
        self.0.load_full()
    }

    /// Puts others in force, for every handshake whose certificate is not judged yet.
    pub fn store(&self, revocations: Revocations) {
        self.0.store(Arc::new(revocations));
    }
}

impl Revocations {
    /// From PEM text or DER; `what` names the bytes in errors.
    ///
    /// # Errors
    ///
    /// Those of [`parse_revocation_lists`], and [`IdentityError::UnreadableRevocationList`] for a list of a kind that no
    /// verifier takes: a delta, an indirect one, one with an unknown critical extension.
    pub fn parse(what: &str, bytes: &[u8]) -> Result<Self, IdentityError> {
        Self::new(what, parse_revocation_lists(what, bytes)?)
    }

    /// From a file.
    ///
    /// # Errors
    ///
    /// [`IdentityError::File`], and those of [`Revocations::parse`].
    pub fn read(path: &Path) -> Result<Self, IdentityError> {
        Self::new(&path.display().to_string(), read_revocation_lists(path)?)
    }

    fn new(what: &str, lists: Vec<RevocationList>) -> Result<Self, IdentityError> {
        static GENERATIONS: AtomicU64 = AtomicU64::new(1);
        let lists: Result<_, _> = lists.into_iter().map(|read| List::new(what, read)).collect();
        Ok(Self { lists: lists?, generation: GENERATIONS.fetch_add(1, Ordering::Relaxed) })
    }

    /// A number that no other set of this process has; 0 for the empty one.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// What each list says about itself.
    pub fn summaries(&self) -> impl Iterator<Item = &RevocationSummary> {
        self.lists.iter().map(|list| list.read.summary())
    }

    /// The lists that none of `signers` signed: nobody who trusts only those is held back by them.
    pub fn strangers<'a>(
        &'a self,
        signers: &'a [CertificateDer],
    ) -> impl Iterator<Item = &'a RevocationSummary> {
        let strange = |list: &&List| !signers.iter().any(|signer| is_signed_by(&list.read, signer));
        self.lists.iter().filter(strange).map(|list| list.read.summary())
    }

    /// The lists whose issuer issued one of these certificates, going by its name.
    pub(crate) fn about<'a>(
        &'a self,
        chain: impl Iterator<Item = &'a pki_types::CertificateDer<'a>>,
    ) -> Vec<&'a CertRevocationList<'static>> {
        if self.lists.is_empty() {
            return Vec::new();
        }
        let chain: Vec<_> = chain.filter_map(|der| EndEntityCert::try_from(der).ok()).collect();
        let concerns = |list: &&List| chain.iter().any(|cert| cert.issuer() == list.indexed.issuer());
        self.lists.iter().filter(concerns).map(|list| &list.indexed).collect()
    }

    /// The first of these certificates that is on a list, going by the issuer's name and the serial number alone.
    pub(crate) fn listed<'a>(
        &self,
        chain: impl Iterator<Item = &'a pki_types::CertificateDer<'a>>,
    ) -> Option<TlsCause> {
        if self.lists.is_empty() {
            return None;
        }
        chain.into_iter().find_map(|der| {
            let cert = EndEntityCert::try_from(der).ok()?;
            let list = self.lists.iter().find(|list| list.has(&cert))?;
            let summary = CertificateSummary::parse(&der.as_ref().into()).ok()?;
            let list = told(list.read.summary());
            Some(TlsCause::Revoked { serial: summary.serial, issuer: summary.issuer, list })
        })
    }
}

impl List {
    fn new(what: &str, read: RevocationList) -> Result<Self, IdentityError> {
        match OwnedCertRevocationList::from_der(read.as_bytes()) {
            Ok(indexed) => Ok(Self { read, indexed: indexed.into() }),
            Err(problem) => Err(IdentityError::UnreadableRevocationList {
                what: what.to_owned(),
                length: read.as_bytes().len(),
                problem: format!("it is of a kind that cannot be used: {problem}"),
            }),
        }
    }

    fn has(&self, cert: &EndEntityCert<'_>) -> bool {
        cert.issuer() == self.indexed.issuer()
            && matches!(self.indexed.find_serial(cert.serial()), Ok(Some(_)))
    }
}

fn is_signed_by(list: &RevocationList, signer: &CertificateDer) -> bool {
    let der = pki_types::CertificateDer::from(signer.as_bytes());
    let Ok(key) = EndEntityCert::try_from(&der) else { return false };
    let algorithms = signature_algorithms().all;
    list.is_by(signer, |signed, signature| {
        algorithms.iter().any(|algorithm| key.verify_signature(*algorithm, signed, signature).is_ok())
    })
}

/// A list in a few words.
fn told(summary: &RevocationSummary) -> String {
    let of = utc(summary.this_update);
    match &summary.number {
        Some(number) => format!("number {number} of {of}"),
        None => format!("of {of}"),
    }
}

#[cfg(test)]
mod tests;
