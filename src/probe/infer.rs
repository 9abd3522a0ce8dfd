//! [`infer`]: from how connections ended to what is there. Pure; the order of the attempts does not matter.
//!
//! DESIGN section 2's table, read backwards. What tells the modes of a sniffing port apart is which ClientHello it
//! terminates: under STRICT any, under PERMISSIVE only one with an `istio` ALPN, under DISABLE not even that.

use crate::policy::MtlsMode;
use crate::probe::attempt::{Attempt, End, Phase, Trial};
use crate::probe::evidence::{Evidence, is_taken};
use crate::probe::finding::{Cell, Confidence, Finding, Kind, Next};

use Confidence::{CannotTell, Certain, Likely};
use MtlsMode::{Disable, Permissive, Strict};

/// What a server that no mesh stands in front of does, too: a ztunnel's captured port delivers everything.
const INVISIBLE: [Cell; 2] = [Cell::ztunnel(Permissive), Cell::ztunnel(Disable)];
/// The alert of a server that speaks no TLS as new as ours (RFC 8446 §6.2).
const PROTOCOL_VERSION: u8 = 70;

/// What `attempts` say together. Attempts that are missing make the finding less certain, never wrong.
pub fn infer(attempts: &[Attempt]) -> Finding {
    let evidence = Evidence::of(attempts);
    let rules = [unreachable, sniffing, tunnel, client_tls, app_tls, disabled, plaintext, mute, refusing];
    rules.iter().find_map(|rule| rule(&evidence)).unwrap_or_else(|| unclear(&evidence))
}

fn found(kind: Kind, confidence: Confidence, because: &[&str], next: &[Next]) -> Finding {
    Finding {
        kind,
        confidence,
        behaves: Vec::new(),
        identity: None,
        because: because.iter().map(|said| (*said).to_owned()).collect(),
        next: next.to_vec(),
    }
}

impl Finding {
    fn behaving(self, cells: &[Cell]) -> Self {
        Self { behaves: cells.to_vec(), ..self }
    }

    fn of(self, attempt: &Attempt) -> Self {
        Self { identity: attempt.shown.as_ref().and_then(|shown| shown.identity.clone()), ..self }
    }

    fn also(mut self, said: Option<String>) -> Self {
        self.because.extend(said);
        self
    }
}

fn unreachable(evidence: &Evidence<'_>) -> Option<Finding> {
    Some(match &evidence.unconnected()?.end {
        End::Reset => found(Kind::Closed, Certain, &["the connection was refused"], &[Next::Listening]),
        End::Failed { problem } => {
            let because = format!("the system says: {problem}");
            found(Kind::Unreachable, Certain, &[&because], &[Next::Route])
        }
        _ => {
            let because = ["nobody answered the attempt to connect: packets are dropped on the way"];
            found(Kind::Unreachable, Likely, &because, &[Next::Patience, Next::Route])
        }
    })
}

/// A port that answers a ClientHello with an `istio` ALPN as a mesh, and treats others differently.
fn sniffing(evidence: &Evidence<'_>) -> Option<Finding> {
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
fn tunnel(evidence: &Evidence<'_>) -> Option<Finding> {
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

/// TLS that asks for a client certificate and shows no mesh identity.
fn client_tls(evidence: &Evidence<'_>) -> Option<Finding> {
    let trials = [Trial::Mtls, Trial::H2, Trial::Tls];
    let asked = trials.into_iter().find_map(|trial| evidence.if_at(trial, Attempt::asks))?;
    let demands = [Trial::H2, Trial::Tls]
        .iter()
        .any(|trial| evidence.is(*trial, |tried| tried.asks() && tried.alert().is_some()));
    let because = if demands {
        "its TLS asks for a client certificate, and refuses who has none"
    } else {
        "its TLS asks for a client certificate; none is not refused at once, so it may be optional"
    };
    let verdict = certificate_verdict(evidence, Trial::Mtls);
    let next = after_verdict(evidence);
    let confidence = if demands { Certain } else { Likely };
    let finding = found(Kind::ClientTls, confidence, &[because], &next).of(asked).also(verdict);
    Some(finding.behaving(&INVISIBLE))
}

/// TLS for everybody.
fn app_tls(evidence: &Evidence<'_>) -> Option<Finding> {
    let shows = |attempt: &Attempt| attempt.shown.is_some();
    if let Some(tls) = [Trial::Tls, Trial::H2].into_iter().find_map(|at| evidence.if_at(at, shows)) {
        let because = "it speaks TLS with a certificate of its own, and asks for none";
        let finding = found(Kind::AppTls, Certain, &[because], &[Next::Inspect]).of(tls);
        return Some(match evidence.is(Trial::Sidecar, Attempt::is_cut) {
            true => disables(Finding { confidence: Likely, ..finding }),
            false => finding.behaving(&INVISIBLE),
        });
    }
    let alert = evidence.at(Trial::Tls)?.alert()?;
    let old = "it refuses TLS 1.3 as too new: TLS 1.2 or older, which no mesh speaks";
    let because = format!("it answers a ClientHello with the alert {alert}");
    let said = if alert.number == PROTOCOL_VERSION { old } else { &because };
    Some(found(Kind::AppTls, Likely, &[said], &[Next::Inspect]).behaving(&INVISIBLE))
}

/// Plaintext for everybody, and one ClientHello that is cut.
fn disabled(evidence: &Evidence<'_>) -> Option<Finding> {
    let plain = plaintext(evidence)?;
    let other = evidence.is(Trial::Tls, is_taken);
    let cut = evidence.is(Trial::Sidecar, Attempt::is_cut);
    (other && cut).then(|| disables(Finding { confidence: Likely, ..plain }))
}

fn disables(finding: Finding) -> Finding {
    let said = "of all TLS only that with an istio ALPN is cut, without a word";
    let next = vec![Next::Explain];
    Finding { next, ..finding }.behaving(&[Cell::istio(Disable)]).also(Some(said.to_owned()))
}

fn plaintext(evidence: &Evidence<'_>) -> Option<Finding> {
    let next = [Next::TunnelDoor];
    let finding = |kind, confidence, because: &str| found(kind, confidence, &[because], &next);
    let raw = evidence.at(Trial::Raw)?;
    let first = String::from_utf8_lossy(&raw.bytes);
    let shouts = |tls: &Attempt| matches!(tls.end, End::NotTls { .. } | End::Echoed);
    let plain = match (raw.phase, raw.bytes.is_empty()) {
        (_, false) if evidence.raw_met_tls() => {
            let because = "it answers plaintext as a TLS server does, and shakes no hands with us";
            return Some(finding(Kind::AppTls, Likely, because).behaving(&INVISIBLE));
        }
        (Phase::Listen, false) => finding(Kind::ServerFirst, Certain, "it greets before anything is sent"),
        (_, false) if first.starts_with("HTTP/") => {
            finding(Kind::Http, Certain, "it answers plaintext HTTP/1")
        }
        (_, false) => finding(Kind::Plaintext, Certain, "it answers plaintext"),
        (_, true) if evidence.is(Trial::Tls, shouts) => {
            finding(Kind::Plaintext, Certain, "it answers a ClientHello with something that is no TLS")
        }
        // A proxy that sends nothing back cannot be told from an application that does not, while the others are cut.
        (_, true) if raw.end == End::Closed && !evidence.is(Trial::Tls, Attempt::is_cut) => {
            finding(Kind::Plaintext, Likely, "it takes plaintext, and closes in order")
        }
        _ => return None,
    };
    Some(plain.behaving(&INVISIBLE))
}

/// Connections are taken, and nothing ever comes.
fn mute(evidence: &Evidence<'_>) -> Option<Finding> {
    let silent = |trial| evidence.is(trial, |tried| tried.end == End::Silent && tried.shown.is_none());
    let speaks = evidence.at(Trial::Tls).is_some() && !silent(Trial::Tls);
    (silent(Trial::Raw) && !speaks).then(|| {
        let because = ["plaintext and TLS are taken, and nothing comes back"];
        let finding =
            found(Kind::Mute, CannotTell, &because, &[Next::Patience, Next::TunnelDoor, Next::Explain]);
        match evidence.is(Trial::Sidecar, Attempt::is_cut) {
            true => disables(Finding { confidence: Likely, ..finding }),
            false => finding.behaving(&INVISIBLE),
        }
    })
}

/// Everything is cut.
fn refusing(evidence: &Evidence<'_>) -> Option<Finding> {
    let raw = evidence.if_at(Trial::Raw, Attempt::is_cut)?;
    let all = [Trial::Tls, Trial::Sidecar].iter().all(|trial| evidence.is(*trial, Attempt::is_cut));
    let strict = Cell::ztunnel(Strict);
    let any = [strict, INVISIBLE[0], INVISIBLE[1], Cell::istio(Disable)];
    let (confidence, because) = match (all, raw.phase) {
        (false, _) => return None,
        (true, Phase::Listen) => {
            let other = "every connection is taken and then cut, the first before a byte was sent; \
                         a proxy without a backend does the same";
            (Likely, other)
        }
        (true, _) => {
            let other = "everything that is sent is answered by closing; \
                         so does a server that understands none of it";
            (CannotTell, other)
        }
    };
    let next = [Next::TunnelDoor, Next::Explain];
    let cells = if confidence == Likely { &[strict][..] } else { &any[..] };
    Some(found(Kind::Refusing, confidence, &[because], &next).behaving(cells))
}

fn unclear(evidence: &Evidence<'_>) -> Finding {
    let none = evidence.at(Trial::Raw).is_none() && evidence.at(Trial::Tls).is_none();
    let because = if none { "nothing was tried" } else { "the attempts fit nothing that we know" };
    found(Kind::Unclear, CannotTell, &[because], &[Next::Patience, Next::Inspect])
}

/// What to do about a server that asks for a certificate.
fn after_verdict(evidence: &Evidence<'_>) -> [Next; 1] {
    let shown = [Trial::Hbone, Trial::Mtls].into_iter().filter_map(|trial| evidence.at(trial));
    match shown.map(Attempt::is_accepted).max() {
        None => [Next::Certificate],
        Some(false) => [Next::Verify],
        Some(true) => [Next::Inspect],
    }
}

/// What became of our certificate at `trial`.
fn certificate_verdict(evidence: &Evidence<'_>, trial: Trial) -> Option<String> {
    let tried = evidence.at(trial)?;
    match (&tried.end, tried.is_accepted()) {
        (End::Alert(alert), _) => Some(format!("our certificate is refused with the alert {alert}")),
        (_, true) => Some("our certificate is accepted".to_owned()),
        (End::Reset, _) => {
            Some("with our certificate the connection is cut: a policy, or the backend".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
