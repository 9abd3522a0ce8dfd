//! Errors of the rooms below, told as one connection's failure: at which stage, with which of ztunnel's flags.

use crate::hbone::{HboneError, PoolError};
use crate::io::RelayError;
use crate::policy::Denial;
use crate::proxy::dial::DialError;
use crate::reason::{Reason, Side};
use crate::telemetry::{Failure, Flag, Stage, Verdict};
use crate::tls::{TlsCause, TlsError};

/// A handshake failed.
pub(crate) fn tls(error: &TlsError) -> Failure {
    let flag = match error.cause() {
        TlsCause::Revoked { .. } => Flag::CertRevoked,
        _ => Flag::TlsFailure,
    };
    let failure = Failure::from_reason(Stage::Tls, flag, error).because(error.plain());
    // Who only received an alert knows less than who sent it.
    if error.alert_received().is_some() { failure.told_by_peer() } else { failure }
}

/// HTTP/2 or the CONNECT failed; a late TLS alert that surfaces here is told as the TLS failure that it is.
pub(crate) fn hbone(error: &HboneError) -> Failure {
    if let Some(late) = error.io().and_then(TlsError::from_io) {
        return tls(&late);
    }
    let flag = if error.is_handshake() { Flag::H2HandshakeFailure } else { Flag::Connect };
    Failure::from_reason(Stage::Hbone, flag, error).because(error.plain())
}

/// There is no tunnel; everyone who waited for the same dial is told the same.
pub(crate) fn pool(error: &PoolError<Failure>) -> Failure {
    match error {
        PoolError::Dial(failure) => Failure::clone(failure),
        PoolError::Draining => drained(),
    }
}

/// A dial failed.
pub(crate) fn dial(error: &DialError) -> Failure {
    let flag = match error {
        DialError::HboneTimeout { .. } => Flag::NetworkPolicy,
        _ => Flag::Connect,
    };
    Failure::from_reason(Stage::Dial, flag, error).because(error.plain())
}

/// The relay broke.
pub(crate) fn relay(error: &RelayError) -> Failure {
    if let Some(late) = TlsError::from_io(&error.source) {
        return tls(&late);
    }
    match HboneError::from_io(&error.source) {
        // The tunnel that an end is in was given up: whose fault that is depends on the end.
        Some(lost) => {
            let failure = Failure::from_reason(Stage::Relay, Flag::Connect, lost);
            Failure { side: error.side(), ..failure.because(lost.plain()) }
        }
        None => Failure::from_reason(Stage::Relay, Flag::Connect, error).because(error.plain()),
    }
}

/// The drain's deadline passed while bytes still flowed.
pub(crate) fn drained() -> Failure {
    Failure {
        verdict: Verdict::Fail,
        stage: Stage::Relay,
        code: "relay.drained",
        flag: Flag::Connect,
        side: Side::Us,
        error: "connection closed due to connection drain".to_owned(),
        why: "the proxy shut down and its grace period was over".to_owned(),
        hint: Some("give it longer: --grace".to_owned()),
        policy: None,
        hearsay: false,
    }
}

/// A policy changed while bytes flowed, and a new connection like this one would be refused.
pub(crate) fn policy_changed(denial: &Denial) -> Failure {
    Failure {
        verdict: Verdict::Deny,
        stage: Stage::Relay,
        code: "relay.policy_changed",
        flag: Flag::Deny,
        side: Side::Policy,
        error: "connection closed due to policy change".to_owned(),
        why: format!("a policy changed while it was open: {}", denial.why()),
        hint: denial.hint(),
        policy: denial.policy().cloned(),
        hearsay: false,
    }
}

/// The certificate of the peer, which stands on `side`, was revoked while bytes flowed.
pub(crate) fn cert_revoked(side: Side, cause: &TlsCause) -> Failure {
    let peer = if side == Side::Downstream { "the client" } else { "the server" };
    Failure {
        verdict: Verdict::Fail,
        stage: Stage::Relay,
        code: "relay.cert_revoked",
        flag: Flag::CertRevoked,
        side,
        error: "connection closed: peer certificate revoked by CRL".to_owned(),
        why: format!("{peer} was revoked while it was open: {cause}"),
        hint: Some("issue the peer a new certificate, and find out why this one was revoked".to_owned()),
        policy: None,
        hearsay: false,
    }
}

/// The task that served the connection panicked.
pub(crate) fn bug() -> Failure {
    Failure {
        verdict: Verdict::Fail,
        stage: Stage::Accept,
        code: "accept.bug",
        flag: Flag::Connect,
        side: Side::Us,
        error: "the proxy's task for this connection panicked".to_owned(),
        why: "a bug in glasstunnel ended this connection; the others go on".to_owned(),
        hint: Some("please report it, with the panic's message on stderr".to_owned()),
        policy: None,
        hearsay: false,
    }
}

/// A workload vanished from the mesh between accept and now.
pub(crate) fn unknown_workload(name: &str) -> Failure {
    Failure {
        verdict: Verdict::Fail,
        stage: Stage::Accept,
        code: "accept.unknown_workload",
        flag: Flag::Connect,
        side: Side::Us,
        error: format!("failed to fetch information about local workload: {name}"),
        why: format!("{name} is no longer part of the mesh"),
        hint: Some("glasstunnel config workloads".to_owned()),
        policy: None,
        hearsay: false,
    }
}

/// Any other error of a stage, in its own words.
pub(crate) fn at(stage: Stage, flag: Flag, error: &dyn Reason) -> Failure {
    Failure::from_reason(stage, flag, error)
}
