//! Issuing what is wrong on purpose: some bends are in the leaf, others in who signs it or in what is sent beside it.

use std::sync::Arc;
use std::time::SystemTime;

use rcgen::ExtendedKeyUsagePurpose;

use crate::ca::authority::{Authority, ROOT_LIFE, generated, new_key, signer_params};
use crate::ca::bend::Bend;
use crate::ca::error::CaError;
use crate::ca::profile::{Profile, Validity, authority_params};
use crate::identity::{IdentityError, SignerCertificate, Svid};

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
            Some(signer) => signer.issue(profile, now)?,
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
