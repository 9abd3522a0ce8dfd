//! What became of the certificate that we showed.

use crate::probe::attempt::{Attempt, End, Trial};
use crate::probe::evidence::Evidence;
use crate::probe::finding::Next;

/// What to do about a server that asks for a certificate.
pub(crate) fn after_verdict(evidence: &Evidence<'_>) -> [Next; 1] {
    let shown = [Trial::Hbone, Trial::Mtls].into_iter().filter_map(|trial| evidence.at(trial));
    match shown.map(Attempt::is_accepted).max() {
        None => [Next::Certificate],
        Some(false) => [Next::Verify],
        Some(true) => [Next::Inspect],
    }
}

/// What became of our certificate at `trial`.
pub(crate) fn certificate_verdict(evidence: &Evidence<'_>, trial: Trial) -> Option<String> {
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
