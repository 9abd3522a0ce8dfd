//! Authorization: the last question before the backend is dialled.
//!
//! AuthorizationPolicy documents are refused by `resources` until this room evaluates them, so that none is ever
//! loaded and silently not enforced. Without any policy, Istio allows: that is what is decided here.

use crate::policy::decision::{Admitted, Denial, Permit};
use crate::policy::request::CheckRequest;

/// Turns an admission into a permit.
///
/// # Errors
///
/// [`Denial`] when the door demanded a mesh certificate and the request comes without an identity, which a caller that
/// verified the peer never causes.
pub fn authorize(admitted: Admitted, request: &CheckRequest<'_>) -> Result<Permit, Denial> {
    if admitted.terminate && request.source.is_none() {
        return Err(Denial {
            code: "authz.no_principal",
            rejection: "allow policies exist, but none allowed".to_owned(),
            why: format!("{} needs a verified peer, and this one showed none", admitted.effective),
            policy: admitted.effective.decided_by.clone(),
            hint: "present a mesh certificate".to_owned(),
        });
    }
    Ok(Permit { effective: admitted.effective, source: request.source.cloned(), port: request.port })
}
