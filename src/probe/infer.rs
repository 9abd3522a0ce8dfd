//! [`infer`]: from how connections ended to what is there. Pure; the order of the attempts does not matter.
//!
//! DESIGN section 2's table, read backwards.

use crate::policy::MtlsMode;
use crate::probe::applications::{INVISIBLE, app_tls, client_tls, disabled, mute, plaintext};
use crate::probe::attempt::{Attempt, End, Phase, Trial};
use crate::probe::evidence::Evidence;
use crate::probe::finding::{Cell, Confidence, Finding, Kind, Next, found};
use crate::probe::mesh_doors::{sniffing, tunnel};

use Confidence::{CannotTell, Certain, Likely};

/// What `attempts` say together. Attempts that are missing make the finding less certain, never wrong.
pub fn infer(attempts: &[Attempt]) -> Finding {
    let evidence = Evidence::of(attempts);
    let rules = [unreachable, sniffing, tunnel, client_tls, app_tls, disabled, plaintext, mute, refusing];
    rules.iter().find_map(|rule| rule(&evidence)).unwrap_or_else(|| unclear(&evidence))
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

/// Everything is cut.
fn refusing(evidence: &Evidence<'_>) -> Option<Finding> {
    let raw = evidence.if_at(Trial::Raw, Attempt::is_cut)?;
    let all = [Trial::Tls, Trial::Sidecar].iter().all(|trial| evidence.is(*trial, Attempt::is_cut));
    let strict = Cell::ztunnel(MtlsMode::Strict);
    let any = [strict, INVISIBLE[0], INVISIBLE[1], Cell::istio(MtlsMode::Disable)];
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

#[cfg(test)]
mod tests;
