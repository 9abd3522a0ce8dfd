//! GT1107: a ztunnel has no DISABLE (reference/policy.md 1.5).
//!
//! This mesh plays the documented three modes unless told `semantics: ztunnel`; only then is DISABLE a mistake.

use crate::analyze::codes::DISABLE_IN_AMBIENT;
use crate::analyze::context::Context;
use crate::analyze::report::{Change, Draft, Report};
use crate::mesh::Semantics;
use crate::policy::MtlsMode;
use crate::resources::Path;

pub(in crate::analyze) fn disable_in_ambient(cx: &Context<'_>, report: &mut Report) {
    if cx.mesh.semantics() != Semantics::Ztunnel {
        return;
    }
    let disable = |mode: Option<MtlsMode>| mode == Some(MtlsMode::Disable);
    for peers in &cx.peers {
        let whole = disable(peers.policy.mode).then(|| Path::new("spec.mtls.mode"));
        let ports = peers.policy.ports.iter().filter(|(_, mode)| disable(**mode));
        let ports = ports.map(|(port, _)| Path::new("spec.portLevelMtls").key(port).key("mode"));
        if !cx.reached_by_peers(peers.policy).may_be_ambient() {
            continue;
        }
        for at in whole.into_iter().chain(ports) {
            report.add(Draft {
                code: &DISABLE_IN_AMBIENT,
                object: peers.object,
                at,
                message: "DISABLE means PERMISSIVE in ambient".to_owned(),
                why: "clients in the mesh still come over HBONE, with mutual TLS; plaintext is accepted beside it".to_owned(),
                fix: "write PERMISSIVE; or take the pods out of the mesh: label them `istio.io/dataplane-mode: none`".to_owned(),
                change: Change::ByHand,
            });
        }
    }
}
