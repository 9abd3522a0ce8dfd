//! PeerAuthentication against what arrived: DESIGN section 2's table, under both semantics.

use crate::mesh::{Name, Semantics};
use crate::policy::decision::{Admitted, Denial};
use crate::policy::effective::Effective;
use crate::policy::mode::MtlsMode;
use crate::policy::set::PolicySet;
use crate::sniff::Protocol;

/// Decides at the captured door.
///
/// # Errors
///
/// [`Denial`]: the client gets a reset.
pub fn captured(
    policies: &PolicySet,
    workload: &Name,
    port: u16,
    protocol: &Protocol,
) -> Result<Admitted, Denial> {
    let effective = policies.effective(workload, port);
    let first = First::of(protocol);
    let as_is = || Ok(Admitted { effective: effective.clone(), terminate: false });
    let terminate = || Ok(Admitted { effective: effective.clone(), terminate: true });
    match (policies.semantics(), effective.mode, first) {
        // ztunnel never looks at the bytes here: everything is anonymous, STRICT is "deny whoever has no principal".
        (Semantics::Ztunnel, MtlsMode::Strict, _) | (Semantics::Istio, MtlsMode::Strict, First::Raw) => {
            Err(no_principal(policies, effective, protocol))
        }
        (Semantics::Ztunnel, MtlsMode::Permissive | MtlsMode::Disable, _) => as_is(),
        (Semantics::Istio, MtlsMode::Strict, First::MeshTls | First::AppTls) => terminate(),
        (Semantics::Istio, MtlsMode::Permissive, First::MeshTls) => terminate(),
        (Semantics::Istio, MtlsMode::Permissive, First::Raw | First::AppTls) => as_is(),
        (Semantics::Istio, MtlsMode::Disable, First::MeshTls) => Err(mtls_disabled(effective)),
        (Semantics::Istio, MtlsMode::Disable, First::Raw | First::AppTls) => as_is(),
    }
}

/// Decides at the HBONE door, once the peer has shown its certificate.
///
/// # Errors
///
/// [`Denial`]: the CONNECT is answered with 401.
pub fn hbone(policies: &PolicySet, workload: &Name, port: u16) -> Result<Admitted, Denial> {
    let effective = policies.effective(workload, port);
    match (policies.semantics(), effective.mode) {
        (Semantics::Istio, MtlsMode::Disable) => Err(mtls_disabled(effective)),
        _ => Ok(Admitted { effective: effective.clone(), terminate: false }),
    }
}

/// What the first bytes are, as far as the table cares.
#[derive(Clone, Copy)]
enum First {
    Raw,
    MeshTls,
    AppTls,
}

impl First {
    fn of(protocol: &Protocol) -> Self {
        match (protocol.is_client_hello(), protocol.istio_alpn()) {
            (true, Some(_)) => Self::MeshTls,
            (true, None) => Self::AppTls,
            (false, _) => Self::Raw,
        }
    }
}

fn no_principal(policies: &PolicySet, effective: &Effective, protocol: &Protocol) -> Denial {
    let what = if protocol.is_client_hello() { "TLS that is not mesh mTLS over HBONE" } else { "plaintext" };
    Denial {
        code: "peer_auth.strict_refuses_plaintext",
        rejection: format!("explicitly denied by: {}", effective.converted_name(policies.root_namespace())),
        why: format!("{} refuses {what}", effective.brief()),
        policy: effective.decided_by.clone(),
        hint: "call from a workload in the mesh, or make the port PERMISSIVE with portLevelMtls".to_owned(),
    }
}

fn mtls_disabled(effective: &Effective) -> Denial {
    Denial {
        code: "peer_auth.disable_refuses_mtls",
        rejection: match &effective.decided_by {
            Some(policy) => format!("explicitly denied by: {}", policy.name),
            None => "mutual TLS is disabled".to_owned(),
        },
        why: format!("{} refuses mesh mTLS", effective.brief()),
        policy: effective.decided_by.clone(),
        hint: "send plaintext to this port, or make it PERMISSIVE; `--semantics ztunnel` treats DISABLE as PERMISSIVE"
            .to_owned(),
    }
}
