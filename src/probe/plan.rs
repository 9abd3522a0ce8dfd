//! [`next`]: which connection to make next, if another can still change the answer.

use crate::probe::attempt::{Attempt, Trial};
use crate::probe::evidence::Evidence;

/// How many connections a probe makes at most: one for each trial, and one to spare.
pub const LIMIT: usize = 8;

/// What to try after `attempts`; `None` when nothing more would change the answer, or [`LIMIT`] is reached.
pub fn next(attempts: &[Attempt], has_certificate: bool) -> Option<Trial> {
    if attempts.len() >= LIMIT || attempts.iter().any(|attempt| !attempt.is_connected()) {
        return None;
    }
    let untried = |trial: &Trial| attempts.iter().all(|attempt| attempt.trial != *trial);
    let can = |trial: &Trial| has_certificate || !trial.needs_certificate();
    let evidence = Evidence::of(attempts);
    Trial::ALL
        .into_iter()
        .find(|trial| untried(trial) && can(trial) && tells(&evidence, *trial, has_certificate))
}

/// What would have told more, had there been a certificate to show.
pub fn wanting(attempts: &[Attempt]) -> Option<Trial> {
    next(attempts, true).filter(|trial| trial.needs_certificate())
}

/// Whether `trial` can tell something that is not known yet.
fn tells(evidence: &Evidence<'_>, trial: Trial, has_certificate: bool) -> bool {
    let sniffs = evidence.is(Trial::Sidecar, |tried| tried.is_mesh() && tried.chose_istio());
    let is_tunnel = evidence.plainly_mesh().is_some() && !sniffs;
    match trial {
        // Without these three a sniffing port cannot be told from what is behind it.
        Trial::Raw | Trial::Tls | Trial::Sidecar => true,
        // With a certificate the tunnel itself is tried, which tells that, too.
        Trial::H2 => is_tunnel && !has_certificate || evidence.is(Trial::Tls, Attempt::refuses_alpn),
        Trial::SidecarMtls => sniffs,
        Trial::Hbone => is_tunnel,
        Trial::Mtls => !is_tunnel && !sniffs && asks(evidence),
    }
}

/// Whether a client certificate is asked for.
fn asks(evidence: &Evidence<'_>) -> bool {
    [Trial::Tls, Trial::H2].into_iter().any(|trial| evidence.is(trial, Attempt::asks))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::probe::attempt::{End, Phase, Shown};

    fn ended(trial: Trial, phase: Phase, end: End) -> Attempt {
        Attempt::ended(trial, phase, end, Duration::ZERO)
    }

    fn mesh(trial: Trial, alpn: Option<&str>) -> Attempt {
        let shown = Shown {
            version: "TLSv1.3".to_owned(),
            suite: String::new(),
            alpn: alpn.map(str::to_owned),
            identity: Some("spiffe://cluster.local/ns/a/sa/b".to_owned()),
            name: String::new(),
            issuer: String::new(),
            asks: Some(Vec::new()),
        };
        Attempt { shown: Some(shown), ..ended(trial, Phase::Answer, End::Silent) }
    }

    #[track_caller]
    fn check(attempts: &[Attempt], bare: Option<Trial>, with: Option<Trial>) {
        assert_eq!((next(attempts, false), next(attempts, true)), (bare, with), "{attempts:?}");
    }

    #[test]
    fn only_what_can_change_the_answer_is_tried() {
        let both = |trial| (Some(trial), Some(trial));
        let (bare, with) = both(Trial::Raw);
        check(&[], bare, with);
        check(&[ended(Trial::Raw, Phase::Dial, End::Reset)], None, None);
        let raw = ended(Trial::Raw, Phase::Answer, End::Reset);
        let (bare, with) = both(Trial::Tls);
        check(std::slice::from_ref(&raw), bare, with);
        let tls = ended(Trial::Tls, Phase::Handshake, End::Reset);
        let istio = ended(Trial::Sidecar, Phase::Handshake, End::Reset);
        check(&[raw.clone(), tls.clone(), istio.clone()], None, None);
        let strict = [raw.clone(), mesh(Trial::Tls, None), mesh(Trial::Sidecar, Some("istio"))];
        check(&strict, None, Some(Trial::SidecarMtls));
        assert_eq!(wanting(&strict), Some(Trial::SidecarMtls));
        let tunnel = [raw, mesh(Trial::Tls, None), istio];
        check(&tunnel, Some(Trial::H2), Some(Trial::Hbone));
        let limit = vec![tls; LIMIT];
        check(&limit, None, None);
    }
}
