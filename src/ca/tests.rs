//! One authority and what it issues with each bend, made once for all tests of a run: an RSA key of 8192 bits takes seconds.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::ca::authority::{Authority, AuthorityOptions};
use crate::ca::bend::Bend;
use crate::ca::profile::Profile;
use crate::identity::{SpiffeId, Svid};

/// The authority of [`bent`].
pub(crate) fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| Authority::generate(&AuthorityOptions::default()).unwrap())
}

/// `spiffe://cluster.local/ns/default/sa/peer`, bent.
pub(crate) fn bent(bend: Bend) -> Arc<Svid> {
    static MADE: Mutex<Vec<(Bend, Arc<Svid>)>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, svid)) = made.iter().find(|(known, _)| *known == bend) {
        return Arc::clone(svid);
    }
    let id = SpiffeId::new("cluster.local", "default", "peer").unwrap();
    let svid = Arc::new(authority().issue_bent(&Profile { id, bend }).unwrap());
    made.push((bend, Arc::clone(&svid)));
    svid
}
