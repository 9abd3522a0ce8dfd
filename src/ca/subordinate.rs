//! A CA below another: chains of any length, as a plugged-in CA may have them.

use std::time::SystemTime;

use rcgen::{ExtendedKeyUsagePurpose, KeyPair};

use crate::ca::authority::{Authority, AuthorityOptions, INTERMEDIATE_LIFE, generated, new_key};
use crate::ca::error::CaError;
use crate::ca::profile::{Validity, authority_params};

impl Authority {
    /// A CA named `common_name` whose certificate this one signs; what it issues is sent with both.
    ///
    /// # Errors
    ///
    /// [`CaError::Generate`] when the library cannot make keys or certificates.
    pub fn subordinate(&self, common_name: &str, options: &AuthorityOptions) -> Result<Self, CaError> {
        self.limited(common_name, options, Vec::new())
    }

    /// The same, whose certificate is good for these purposes only; none means no such limit.
    pub(crate) fn limited(
        &self,
        common_name: &str,
        options: &AuthorityOptions,
        purposes: Vec<ExtendedKeyUsagePurpose>,
    ) -> Result<Self, CaError> {
        self.beneath(common_name, (options, purposes), new_key()?)
    }

    /// The same, with this key.
    pub(crate) fn beneath(
        &self,
        common_name: &str,
        (options, purposes): (&AuthorityOptions, Vec<ExtendedKeyUsagePurpose>),
        key: KeyPair,
    ) -> Result<Self, CaError> {
        let now = SystemTime::now();
        let validity = Validity { not_before: now - options.backdate, not_after: now + INTERMEDIATE_LIFE };
        let mut params = authority_params(&options.trust_domain, Some(common_name), validity);
        params.extended_key_usages = purposes;
        let own = generated(params.signed_by(&key, &self.signer))?;
        let path = std::iter::once(own).chain(self.path.iter().cloned()).collect();
        Self::assemble(options, key, path, self.bundle().roots.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::authority::key_pair;
    use crate::identity::PrivateKeyDer;

    impl Authority {
        /// `other`, named `common_name`, with a certificate that this CA signed.
        pub(crate) fn crossing(&self, other: &Self, common_name: &str) -> Result<Self, CaError> {
            let key = PrivateKeyDer::from_pkcs8(other.signer.key().serialize_der());
            self.beneath(common_name, (&other.options(), Vec::new()), key_pair(&key)?)
        }
    }
}
