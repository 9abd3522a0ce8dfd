//! Servers of applications: with TLS of their own, in plaintext, or silent; and with a DISABLE in front, which shows only in
//! that mesh mTLS is cut.

use crate::policy::MtlsMode;
use crate::probe::attempt::{Attempt, End, Phase, Trial};
use crate::probe::evidence::{Evidence, is_taken};
use crate::probe::finding::{Cell, Confidence, Finding, Kind, Next, found};
use crate::probe::verdict::{after_verdict, certificate_verdict};

use Confidence::{CannotTell, Certain, Likely};

/// What a server that no mesh stands in front of does, too: a ztunnel's captured port delivers everything.
pub(crate) const INVISIBLE: [Cell; 2] =
    [Cell::ztunnel(MtlsMode::Permissive), Cell::ztunnel(MtlsMode::Disable)];
/// The alert of a server that speaks no TLS as new as ours (RFC 8446 §6.2).
const PROTOCOL_VERSION: u8 = 70;

/// TLS that asks for a client certificate and shows no mesh identity.
pub(crate) fn client_tls(evidence: &Evidence<'_>) -> Option<Finding> {
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
pub(crate) fn app_tls(evidence: &Evidence<'_>) -> Option<Finding> {
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
pub(crate) fn disabled(evidence: &Evidence<'_>) -> Option<Finding> {
    let plain = plaintext(evidence)?;
    let other = evidence.is(Trial::Tls, is_taken);
    let cut = evidence.is(Trial::Sidecar, Attempt::is_cut);
    (other && cut).then(|| disables(Finding { confidence: Likely, ..plain }))
}

fn disables(finding: Finding) -> Finding {
    let said = "of all TLS only that with an istio ALPN is cut, without a word";
    let next = vec![Next::Explain];
    Finding { next, ..finding }.behaving(&[Cell::istio(MtlsMode::Disable)]).also(Some(said.to_owned()))
}

/// Plaintext for everybody.
pub(crate) fn plaintext(evidence: &Evidence<'_>) -> Option<Finding> {
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
pub(crate) fn mute(evidence: &Evidence<'_>) -> Option<Finding> {
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
