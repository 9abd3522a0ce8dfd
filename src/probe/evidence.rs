//! [`Evidence`]: the attempts by what they tried, whatever their order.

use crate::probe::attempt::{Attempt, End, Trial};

/// What a TLS record of the type alert begins with (RFC 8446 §5.1).
const ALERT_RECORD: [u8; 2] = [0x15, 0x03];

/// One connected attempt of each trial, if there is one. Of several the greatest counts, so that order does not.
pub(crate) struct Evidence<'a> {
    attempts: &'a [Attempt],
}

impl<'a> Evidence<'a> {
    pub(crate) fn of(attempts: &'a [Attempt]) -> Self {
        Self { attempts }
    }

    /// The attempt at `trial`, if it was connected.
    pub(crate) fn at(&self, trial: Trial) -> Option<&'a Attempt> {
        self.attempts.iter().filter(|attempt| attempt.trial == trial && attempt.is_connected()).max()
    }

    /// The same when it satisfies `wanted`.
    pub(crate) fn if_at(&self, trial: Trial, wanted: impl Fn(&Attempt) -> bool) -> Option<&'a Attempt> {
        self.at(trial).filter(|attempt| wanted(attempt))
    }

    pub(crate) fn is(&self, trial: Trial, wanted: impl Fn(&Attempt) -> bool) -> bool {
        self.at(trial).is_some_and(wanted)
    }

    /// An attempt that never was a connection, if none was.
    pub(crate) fn unconnected(&self) -> Option<&'a Attempt> {
        let connected = self.attempts.iter().any(Attempt::is_connected);
        self.attempts.iter().max().filter(|_| !connected)
    }

    /// Mesh mTLS, offered with its ALPN, was met by a mesh.
    pub(crate) fn mesh(&self) -> Option<&'a Attempt> {
        let with = self.if_at(Trial::SidecarMtls, Attempt::is_mesh);
        with.or_else(|| self.if_at(Trial::Sidecar, Attempt::is_mesh))
    }

    /// TLS that nobody need know Istio for was met by a mesh.
    pub(crate) fn plainly_mesh(&self) -> Option<&'a Attempt> {
        [Trial::Hbone, Trial::Mtls, Trial::H2, Trial::Tls]
            .into_iter()
            .find_map(|trial| self.if_at(trial, Attempt::is_mesh))
    }

    /// Whether plaintext was answered by something that speaks TLS, or says that TLS is wanted.
    pub(crate) fn raw_met_tls(&self) -> bool {
        self.is(Trial::Raw, |raw| raw.bytes.starts_with(&ALERT_RECORD) || says_https(&raw.bytes))
    }
}

/// nginx, Go and Apache answer plaintext on a TLS port with a 400 that says so.
fn says_https(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HTTP/1.") && String::from_utf8_lossy(bytes).to_ascii_lowercase().contains("https")
}

/// Whether bytes reached somebody who did not cut them off.
pub(crate) fn is_taken(attempt: &Attempt) -> bool {
    !attempt.is_cut() && !matches!(attempt.end, End::Failed { .. })
}
