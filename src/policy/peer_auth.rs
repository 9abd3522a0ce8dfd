//! PeerAuthentication against what arrived: DESIGN section 2's table, under both semantics.

use crate::mesh::{Semantics, Workload};
use crate::policy::decision::{Admitted, Denial};
use crate::policy::effective::Effective;
use crate::policy::mode::MtlsMode;
use crate::policy::set::PolicySet;
use crate::sniff::Protocol;

/// What the first bytes are, as far as the table cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum First {
    /// No ClientHello.
    Raw,
    /// A ClientHello with one of Istio's protocols.
    MeshTls,
    /// Any other ClientHello: the application's own TLS.
    AppTls,
}

impl First {
    /// Of sniffed bytes.
    pub fn of(protocol: &Protocol) -> Self {
        match (protocol.is_client_hello(), protocol.istio_alpn()) {
            (true, Some(_)) => Self::MeshTls,
            (true, None) => Self::AppTls,
            (false, _) => Self::Raw,
        }
    }
}

/// Decides at the captured door.
///
/// # Errors
///
/// [`Denial`]: the client gets a reset.
pub fn captured(
    policies: &PolicySet,
    workload: &Workload,
    port: u16,
    first: First,
) -> Result<Admitted, Denial> {
    let effective = policies.effective(&workload.name, port);
    let admit = |terminate| Ok(Admitted { effective: effective.clone(), terminate, gap: None });
    match (policies.semantics_of(workload), effective.mode, first) {
        (Semantics::Ztunnel, ..) => anonymous(policies, (workload, port), effective, first),
        (_, MtlsMode::Strict, First::Raw) => Err(no_principal(policies, (workload, port), effective, first)),
        (_, MtlsMode::Strict, First::MeshTls | First::AppTls) => admit(true),
        (_, MtlsMode::Permissive, First::MeshTls) => admit(true),
        (_, MtlsMode::Permissive, First::Raw | First::AppTls) => admit(false),
        (_, MtlsMode::Disable, First::MeshTls) => Err(mtls_disabled(effective)),
        (_, MtlsMode::Disable, First::Raw | First::AppTls) => admit(false),
    }
}

/// As the real ztunnel: it never looks at the bytes here, everything is anonymous, and what holds is what istiod made of
/// the declaration.
fn anonymous(
    policies: &PolicySet,
    (workload, port): (&Workload, u16),
    effective: &Effective,
    first: First,
) -> Result<Admitted, Denial> {
    if policies.ztunnel_refuses_plaintext(&workload.name, port) {
        return Err(no_principal(policies, (workload, port), effective, first));
    }
    let gap = policies.gap(&workload.name, port);
    Ok(Admitted { effective: effective.clone(), terminate: false, gap })
}

/// Decides at the HBONE door, once the peer has shown its certificate.
///
/// # Errors
///
/// [`Denial`]: the CONNECT is answered with 401.
pub fn hbone(policies: &PolicySet, workload: &Workload, port: u16) -> Result<Admitted, Denial> {
    let effective = policies.effective(&workload.name, port);
    match (policies.semantics_of(workload), effective.mode) {
        (Semantics::Istio, MtlsMode::Disable) => Err(mtls_disabled(effective)),
        // Nothing that istiod makes of PeerAuthentication refuses a connection that has an identity.
        _ => Ok(Admitted { effective: effective.clone(), terminate: false, gap: None }),
    }
}

fn no_principal(
    policies: &PolicySet,
    (workload, port): (&Workload, u16),
    effective: &Effective,
    first: First,
) -> Denial {
    let what = if first == First::Raw { "plaintext" } else { "TLS that is not mesh mTLS over HBONE" };
    let (key, policy) = policies.refusal(&workload.name, port);
    let why = match (effective.mode, &policy) {
        (MtlsMode::Strict, _) | (_, None) => format!("{} refuses {what}", effective.brief()),
        (_, Some(strict)) => format!(
            "{} is lost in istiod's conversion for ambient, and STRICT from {} refuses {what}",
            effective.brief(),
            strict.source
        ),
    };
    Denial {
        code: "peer_auth.strict_refuses_plaintext",
        rejection: format!("explicitly denied by: {key}"),
        why,
        policy,
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
        policy: effective.decided_by.as_deref().cloned(),
        hint: "send plaintext to this port, or make it PERMISSIVE; `--semantics ztunnel` treats DISABLE as PERMISSIVE"
            .to_owned(),
    }
}
