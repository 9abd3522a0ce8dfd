//! The doors of a mesh, told by what they do: a port that sniffs, and the door for tunnels.
//!
//! What tells the modes of a sniffing port apart is which ClientHello it terminates: under STRICT any, under PERMISSIVE only one
//! with an `istio` ALPN, under DISABLE not even that.

use crate::policy::MtlsMode;
use crate::probe::attempt::{Attempt, End, Trial};
use crate::probe::evidence::{Evidence, is_taken};
use crate::probe::finding::{Cell, Confidence, Finding, Kind, Next, found};
use crate::probe::verdict::{after_verdict, certificate_verdict};

use Confidence::{CannotTell, Certain, Likely};
use MtlsMode::{Disable, Permissive, Strict};

/// A port that answers a ClientHello with an `istio` ALPN as a mesh, and treats others differently.
pub(crate) fn sniffing(evidence: &Evidence<'_>) -> Option<Finding> {
    let mesh = evidence.mesh()?;
    let any_tls = evidence.is(Trial::Tls, Attempt::is_mesh);
    if any_tls && (!mesh.chose_istio() || evidence.raw_met_tls()) {
        // It terminates whatever it gets and has no use for that ALPN: a TLS server of the mesh.
        return None;
    }
    let finding = match (evidence.at(Trial::Raw), evidence.at(Trial::Tls)) {
        (Some(raw), Some(_)) if any_tls && raw.is_cut() => strict(),
        (Some(raw), Some(tls)) if !any_tls => permissive(raw, tls),
        _ => {
            let because = ["TLS with an istio ALPN is terminated with a mesh identity"];
            found(Kind::Sniffing, CannotTell, &because, &[Next::Patience, Next::Explain])
                .behaving(&[Cell::istio(Strict), Cell::istio(Permissive)])
        }
    };
    Some(finding.of(mesh).also(certificate_verdict(evidence, Trial::SidecarMtls)))
}

fn strict() -> Finding {
    let because = [
        "plaintext is cut without a word",
        "TLS of any kind is terminated with a mesh identity, and a client certificate is asked for",
    ];
    found(Kind::Sniffing, Certain, &because, &[Next::Explain]).behaving(&[Cell::istio(Strict)])
}

fn permissive(raw: &Attempt, tls: &Attempt) -> Finding {
    let to_app = if is_taken(raw) {
        "plaintext is let through to the application"
    } else {
        "plaintext is cut, though not by the mode: TLS without an istio ALPN is not terminated, as STRICT would"
    };
    let because =
        [to_app, "only TLS with an istio ALPN is terminated with a mesh identity; other TLS is not touched"];
    let spoke = |attempt: &Attempt| is_taken(attempt) && attempt.end != End::Silent;
    let confidence = if spoke(raw) || spoke(tls) { Certain } else { Likely };
    found(Kind::Sniffing, confidence, &because, &[Next::Rehearse, Next::Explain])
        .behaving(&[Cell::istio(Permissive)])
}

/// A TLS server with a mesh identity that has no use for an `istio` ALPN.
pub(crate) fn tunnel(evidence: &Evidence<'_>) -> Option<Finding> {
    let mesh = evidence.plainly_mesh()?;
    if let Some(End::Status(status)) = evidence.at(Trial::Hbone).map(|hbone| &hbone.end) {
        return Some(answered(*status).of(mesh));
    }
    let is_tls13 = mesh.shown.as_ref().is_some_and(|shown| shown.version == "TLSv1.3");
    let speaks_h2 = [Trial::H2, Trial::Hbone]
        .iter()
        .any(|trial| evidence.is(*trial, |tried| tried.is_mesh() && tried.chosen() == Some("h2")));
    let only_h2 = evidence.is(Trial::Sidecar, Attempt::refuses_alpn);
    let verdict =
        certificate_verdict(evidence, Trial::Hbone).or_else(|| certificate_verdict(evidence, Trial::Mtls));
    let next = after_verdict(evidence);
    let asks = "TLS with a SPIFFE identity, and a client certificate is asked for";
    let finding = if is_tls13 && speaks_h2 && only_h2 {
        found(Kind::Hbone, Likely, &[asks, "it speaks h2, and refuses the istio ALPN"], &next)
    } else {
        let either = "nothing so far tells a door for tunnels from a STRICT port or any mutual TLS";
        found(Kind::MeshTls, CannotTell, &[asks, either], &next)
    };
    Some(finding.of(mesh).also(verdict))
}

/// A tunnel door, by the status of its answer (reference/hbone.md 2.6).
fn answered(status: u16) -> Finding {
    let all = [Strict, Permissive, Disable];
    let meaning = match status {
        200 => "it connected to the address",
        401 | 403 => "a policy refuses us",
        400 => "it does not serve that address, and no application was asked",
        503 => "it cannot connect to that address",
        _ => "no status that a ztunnel gives",
    };
    let because = format!("mutual TLS with h2, and the CONNECT was answered with {status}: {meaning}");
    let certain = |next: &[Next]| found(Kind::Hbone, Certain, &[&because], next);
    match status {
        200 => {
            let cells = [Cell::istio(Strict), Cell::istio(Permissive)];
            certain(&[Next::Explain]).behaving(&[&cells[..], &all.map(Cell::ztunnel)].concat())
        }
        // Our own DISABLE, or an AuthorizationPolicy under any mode.
        401 | 403 => {
            certain(&[Next::Explain]).behaving(&[all.map(Cell::istio), all.map(Cell::ztunnel)].concat())
        }
        _ => certain(&[Next::Authority]),
    }
}
