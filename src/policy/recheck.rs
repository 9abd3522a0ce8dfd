//! A connection that was let in, asked again after a policy changed.

use crate::mesh::Semantics;
use crate::policy::authz::authorize;
use crate::policy::decision::{Admitted, Denial};
use crate::policy::peer_auth::{self, First};
use crate::policy::request::CheckRequest;
use crate::policy::set::PolicySet;

/// Through which door a connection came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entered {
    /// A CONNECT in a tunnel.
    Hbone,
    /// The workload's own port, with these first bytes.
    Captured(First),
}

/// Whether the connection would be let in now.
///
/// A ztunnel asks its policies again when one of them changes, and looks at the workload as it was when the connection was
/// accepted. What PeerAuthentication is converted into stands on the workload, so that plaintext survives a switch to
/// STRICT there (reference/policy.md 1.6); under the documented contract it does not.
///
/// # Errors
///
/// The refusal that a new connection would get.
pub fn recheck(policies: &PolicySet, entered: Entered, request: &CheckRequest<'_>) -> Result<(), Denial> {
    let (workload, port) = (request.workload, request.port);
    let admitted = match (policies.semantics_of(workload), entered) {
        (Semantics::Ztunnel, _) => {
            let effective = policies.effective(&workload.name, port).clone();
            Admitted { effective, terminate: false, gap: None }
        }
        (Semantics::Istio, Entered::Hbone) => peer_auth::hbone(policies, workload, port)?,
        (Semantics::Istio, Entered::Captured(first)) => peer_auth::captured(policies, workload, port, first)?,
    };
    authorize(policies, admitted, request).map(|_permit| ())
}
