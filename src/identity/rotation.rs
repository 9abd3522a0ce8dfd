//! Rotation: get an identity's certificate, renew it in time, and live on with the old one while the issuer fails.
//!
//! ```text
//!  Initializing ──issued──▶ Available ──half of what is left has passed──▶ renewed
//!       │ failed               │ failed: the old one stays, until it expires
//!       ▼                      ▼
//!  Unavailable ◀──────────  expired           every failure: asked again after 1 s, 2 s, 4 s … 150 s (± 20 %)
//! ```
//!
//! The states and the delays are ztunnel's (reference/hbone.md 7), with SPIRE's jitter, so that a mesh does not renew all
//! at once; the moment of renewal is explained at [`renewal_due`].

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::timeout;

use crate::identity::error::IdentityError;
use crate::identity::schedule::{
    HALF_LIFE_JITTER, RETRY_JITTER, jitter, renewal_due, retry_delay, sleep_until,
};
use crate::identity::source::{Issuer, SvidSource, SvidState};
use crate::identity::spiffe::SpiffeId;
use crate::identity::svid::Svid;

/// How long the issuer may take over one certificate: ztunnel gives the connection to its CA 5 s; twice that is enough for
/// the signing, too. An issuer that never answers then counts as one that failed.
pub const LONGEST_ATTEMPT: Duration = Duration::from_secs(10);

/// What happened to an identity's certificate. Heard before [`SvidSource`] shows it.
#[derive(Debug)]
pub enum RotationEvent {
    /// A new certificate is in use.
    Renewed {
        /// The certificate.
        svid: Arc<Svid>,
        /// When the next renewal is due.
        next: SystemTime,
    },
    /// The issuer failed; what there was before stays in use while it is valid.
    Failed {
        /// Whose.
        id: SpiffeId,
        /// Why.
        error: Arc<IdentityError>,
        /// How many attempts have failed in a row, from 1.
        attempt: u32,
        /// When the next attempt follows.
        retry_in: Duration,
        /// For how much longer the old certificate is valid; `None` once it has expired, or if there is none.
        old_valid_for: Option<Duration>,
    },
    /// The certificate expired before it was renewed, and is shown no more.
    Expired {
        /// Whose.
        id: SpiffeId,
        /// Why there is no newer one.
        error: Arc<IdentityError>,
    },
}

/// Keeps the SVID of `source` fresh for ever, from its first one on; drop the future to stop.
///
/// `clock` gives the wall clock, by which validity is judged; `on_event` hears of every change and failure.
pub async fn rotate<C, E>(source: SvidSource, issuer: Arc<dyn Issuer>, clock: C, on_event: E)
where
    C: Fn() -> SystemTime + Send + Sync,
    E: Fn(RotationEvent) + Send + Sync,
{
    let mut rotation = Rotation { source, issuer, clock, on_event, failures: 0, last: None };
    let now = (rotation.clock)();
    let mut due = match &*rotation.source.state() {
        SvidState::Available(svid) => rotation.next(svid, now),
        SvidState::Initializing | SvidState::Unavailable(_) => now,
    };
    loop {
        tokio::select! {
            () = sleep_until(due, &rotation.clock) => {}
            () = rotation.source.wanted() => {}
        }
        let asked = rotation.source.asked();
        due = rotation.renew().await;
        rotation.source.answered(asked);
    }
}

struct Rotation<C, E> {
    source: SvidSource,
    issuer: Arc<dyn Issuer>,
    clock: C,
    on_event: E,
    /// Attempts in a row that were of no use.
    failures: u32,
    /// Why the last one failed, if it did.
    last: Option<Arc<IdentityError>>,
}

impl<C, E> Rotation<C, E>
where
    C: Fn() -> SystemTime + Send + Sync,
    E: Fn(RotationEvent) + Send + Sync,
{
    /// One attempt; gives the time of the next.
    async fn renew(&mut self) -> SystemTime {
        let old = self.source.current();
        if let (Some(last), Some(old)) = (&self.last, &old) {
            // It was tried in time and in vain. A certificate that nobody tried to renew (the machine slept) is shown on
            // until the attempt has ended.
            self.expire(old, Arc::clone(last));
        }
        let answer = self.attempt(old.as_deref()).await;
        let now = (self.clock)();
        match answer.and_then(|svid| taken(self.source.id(), (old.as_deref(), svid), now)) {
            Ok(svid) => {
                let svid = Arc::new(svid);
                let next = self.next(&svid, now);
                self.last = None;
                (self.on_event)(RotationEvent::Renewed { svid: Arc::clone(&svid), next });
                self.source.replace(svid);
                next
            }
            Err(error) => self.failed(Arc::new(error), old.and_then(|old| old.valid_for(now)), now),
        }
    }

    /// Asks the issuer, for so long; meanwhile the old certificate may expire.
    async fn attempt(&self, old: Option<&Svid>) -> Result<Svid, IdentityError> {
        let id = self.source.id();
        let mut attempt = pin!(timeout(LONGEST_ATTEMPT, self.issuer.issue(id)));
        let answer = tokio::select! {
            biased;
            answer = &mut attempt => answer,
            old = self.expiry(old) => {
                let error = || Arc::new(IdentityError::Expired { id: id.to_string() });
                self.expire(old, self.last.clone().unwrap_or_else(error));
                attempt.await
            }
        };
        answer.unwrap_or_else(|_elapsed| {
            Err(IdentityError::NoAnswer { id: id.to_string(), after: LONGEST_ATTEMPT })
        })
    }

    /// Resolves when a certificate that is valid now expires.
    async fn expiry<'a>(&self, old: Option<&'a Svid>) -> &'a Svid {
        match old.filter(|old| old.valid_for((self.clock)()).is_some()) {
            Some(old) => {
                sleep_until(old.not_after, &self.clock).await;
                old
            }
            None => std::future::pending().await,
        }
    }

    /// Takes the old certificate out of use if its time is over.
    fn expire(&self, old: &Svid, error: Arc<IdentityError>) {
        if old.valid_for((self.clock)()).is_none() {
            (self.on_event)(RotationEvent::Expired { id: old.id.clone(), error: Arc::clone(&error) });
            self.source.withdraw(error);
        }
    }

    fn failed(
        &mut self,
        error: Arc<IdentityError>,
        old_valid_for: Option<Duration>,
        now: SystemTime,
    ) -> SystemTime {
        self.failures = self.failures.saturating_add(1);
        self.last = Some(Arc::clone(&error));
        let retry_in = retry_delay(self.failures, jitter(RETRY_JITTER), old_valid_for);
        (self.on_event)(RotationEvent::Failed {
            id: self.source.id().clone(),
            error: Arc::clone(&error),
            attempt: self.failures,
            retry_in,
            old_valid_for,
        });
        if old_valid_for.is_none() {
            self.source.withdraw(error);
        }
        now + retry_in
    }

    /// When to ask again after `svid` came at `now`; for one that is not valid, as after a failure, so that an issuer of
    /// such certificates is not asked in a loop.
    fn next(&mut self, svid: &Svid, now: SystemTime) -> SystemTime {
        if svid.is_valid(now) {
            self.failures = 0;
            return renewal_due(svid, now, jitter(HALF_LIFE_JITTER));
        }
        self.failures = self.failures.saturating_add(1);
        now + retry_delay(self.failures, jitter(RETRY_JITTER), None)
    }
}

/// What may take the place of `old`. ztunnel checks whose it is, and so do we: a CA's mistake must not turn one workload
/// into another. One that is not valid now is better than none, for the handshake tells why; it is no better than an old
/// one that is (reference/failures.md B 23, 24).
fn taken(id: &SpiffeId, (old, svid): (Option<&Svid>, Svid), now: SystemTime) -> Result<Svid, IdentityError> {
    if svid.id != *id {
        return Err(IdentityError::OtherIdentity { expected: id.to_string(), found: svid.id.to_string() });
    }
    if old.is_some_and(|old| old.is_valid(now)) && !svid.is_valid(now) {
        let ahead = svid.not_before.duration_since(now).ok();
        return Err(IdentityError::NotValidNow { id: id.to_string(), ahead });
    }
    Ok(svid)
}

#[cfg(test)]
mod tests;
