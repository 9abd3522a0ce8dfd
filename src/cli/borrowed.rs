//! A workload's certificate for a program outside of the mesh: the key is made here and stays here, the mesh signs for it.

use std::time::Duration;

use crate::admin::Client;
use crate::ca::RequestedKey;
use crate::cli::error::CliError;
use crate::identity::{Svid, TrustBundle, parse_certificates};

/// How a certificate is borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// For how long; never longer than the mesh's own certificates live.
    pub(crate) life: Duration,
    /// Even if the mesh's CA is a plugged-in one, whose identities may be somebody's production.
    pub(crate) force: bool,
}

/// An hour, and not from a plugged-in CA.
impl Default for Terms {
    fn default() -> Self {
        Self { life: Duration::from_secs(3600), force: false }
    }
}

/// A certificate of `workload`, in any spelling that commands take, from the mesh of `client`: what `certs export` writes.
///
/// # Errors
///
/// [`CliError::Client`] when the mesh says no, or is asked over TCP; [`CliError::Ca`] and [`CliError::Identity`] when
/// something cannot be made or read.
pub(crate) async fn borrow(client: &Client, workload: &str, terms: Terms) -> Result<Svid, CliError> {
    let key = RequestedKey::generate()?;
    let certified = client.certify(workload, key.request(), (terms.life, terms.force)).await?;
    let chain = parse_certificates("the mesh's answer", certified.chain.as_bytes())?;
    let roots = parse_certificates("the mesh's answer", certified.roots.as_bytes())?;
    Ok(key.with(chain, TrustBundle { trust_domain: certified.trust_domain, roots })?)
}
