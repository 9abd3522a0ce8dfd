//! Issuing what is wrong on purpose: some bends are in the leaf, others in who signs it or in what is sent beside it.

use std::sync::Arc;
use std::time::SystemTime;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use rcgen::{ExtendedKeyUsagePurpose, KeyPair};

use crate::ca::authority::{Authority, ROOT_LIFE, generated, key_pair, new_key, signer_params};
use crate::ca::bend::Bend;
use crate::ca::error::CaError;
use crate::ca::profile::{Profile, Validity, authority_params};
use crate::identity::{IdentityError, PrivateKeyDer, SignerCertificate, Svid};

/// A key for a leaf with that bend.
fn leaf_key(bend: Bend) -> Result<KeyPair, CaError> {
    if bend == Bend::HugeRsa { huge_key() } else { new_key() }
}

/// RSA of 8192 bits, the most that rustls and Go take: some 20 s of work. rcgen stops at 4096.
fn huge_key() -> Result<KeyPair, CaError> {
    let failed = |aws_lc_rs::error::Unspecified| CaError::HugeKey;
    let key = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa8192).map_err(failed)?;
    let pkcs8: Pkcs8V1Der<'_> = key.as_der().map_err(failed)?;
    let key = PrivateKeyDer::from_pkcs8(pkcs8.as_ref().to_vec());
    key_pair(&key)
}

/// Two more than webpki follows.
const MANY: usize = 8;

impl Authority {
    /// Issues a certificate that is wrong on purpose; [`Svid::id`] is what was asked, whatever the certificate says. Its owner
    /// trusts this authority, whoever signed it.
    ///
    /// # Errors
    ///
    /// As [`Authority::issue_now`].
    pub fn issue_bent(&self, profile: &Profile) -> Result<Svid, CaError> {
        let now = SystemTime::now();
        let mut svid = match self.stand_in(profile.bend, now)? {
            Some(signer) => signer.issue_with(profile, now, leaf_key(profile.bend)?)?,
            None => self.issue(profile, now)?,
        };
        svid.bundle = self.bundle();
        match profile.bend {
            Bend::MissingIntermediate => svid.chain.truncate(1),
            Bend::WithRoot => svid.chain.extend(svid.bundle.roots.iter().cloned()),
            _ => {}
        }
        Ok(svid)
    }

    /// Who signs instead.
    fn stand_in(&self, bend: Bend, now: SystemTime) -> Result<Option<Self>, CaError> {
        let options = self.options();
        Ok(Some(match bend {
            Bend::OtherRoot => self.other_root(Some("Another Root CA"), now)?,
            Bend::SameNameRoot => self.other_root(None, now)?,
            Bend::MissingIntermediate => self.subordinate("Forgotten Intermediate CA", &options)?,
            Bend::IntermediateServerOnly => {
                let purposes = vec![ExtendedKeyUsagePurpose::ServerAuth];
                self.limited("Intermediate CA for servers", &options, purposes)?
            }
            Bend::LongChain => {
                let mut signer = self.subordinate("Intermediate CA 1", &options)?;
                for number in 2..=MANY {
                    signer = signer.subordinate(&format!("Intermediate CA {number}"), &options)?;
                }
                signer
            }
            Bend::HugeRsa => self.beneath("RSA 8192 Intermediate CA", (&options, Vec::new()), huge_key()?)?,
            _ => return Ok(None),
        }))
    }

    /// A root of that name, or of our root's, with a key of its own.
    fn other_root(&self, name: Option<&str>, now: SystemTime) -> Result<Self, CaError> {
        let options = self.options();
        let validity = Validity { not_before: now - options.backdate, not_after: now + ROOT_LIFE };
        let mut params = authority_params(&options.trust_domain, name, validity);
        if name.is_none() {
            let bundle = Arc::clone(&self.bundle());
            let ours =
                bundle.roots.first().ok_or_else(|| IdentityError::EmptyChain { id: "the CA".to_owned() })?;
            params.distinguished_name = signer_params(&SignerCertificate::parse(ours)?)?.distinguished_name;
        }
        let key = new_key()?;
        let root = generated(params.self_signed(&key))?;
        Self::assemble(&options, key, vec![root.clone()], vec![root])
    }
}
