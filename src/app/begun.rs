//! [`Begun`]: an issuer for one identity whose first attempt was begun before there was a task to wait for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::identity::{BoxFuture, IdentityError, Issuer, SpiffeId, Svid};
use crate::proxy::TlsPair;

/// An answer that is being waited for.
pub(crate) type Answer = BoxFuture<'static, Result<Svid, IdentityError>>;

/// Goes on with the attempt that was begun, then asks the issuer; takes only certificates that TLS can use.
pub(crate) struct Begun {
    issuer: Arc<dyn Issuer>,
    first: Mutex<Option<Answer>>,
}

impl Begun {
    pub(crate) fn new(issuer: Arc<dyn Issuer>, first: Option<Answer>) -> Self {
        Self { issuer, first: Mutex::new(first) }
    }

    fn first(&self) -> Option<Answer> {
        // Only whole answers are put in and taken out, so that a poisoned lock holds sound data all the same.
        self.first.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Issuer for Begun {
    fn issue<'a>(&'a self, id: &'a SpiffeId) -> BoxFuture<'a, Result<Svid, IdentityError>> {
        Box::pin(async move {
            let svid = match self.first() {
                Some(first) => first.await?,
                None => self.issuer.issue(id).await?,
            };
            usable(id, &svid)?;
            Ok(svid)
        })
    }
}

/// How far an attempt comes without waiting.
pub(crate) enum Attempt {
    /// A certificate, and TLS with it.
    Issued(Box<(Svid, TlsPair)>),
    /// The rest of it is still to be waited for; that may be the failure itself.
    UnderWay(Answer),
}

/// Asks `issuer` for `id`, as far as that goes without waiting.
pub(crate) fn begin(issuer: &Arc<dyn Issuer>, id: &SpiffeId) -> Attempt {
    let (issuer, whose) = (Arc::clone(issuer), id.clone());
    let mut answer: Answer = Box::pin(async move { issuer.issue(&whose).await });
    // The built-in CA answers at once. Whoever does not is polled again by a task, which then leaves its own waker.
    let issued = match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(issued) => issued,
        Poll::Pending => return Attempt::UnderWay(answer),
    };
    let used = issued.and_then(|svid| {
        let pair = usable(id, &svid)?;
        Ok((svid, pair))
    });
    match used {
        Ok(used) => Attempt::Issued(Box::new(used)),
        Err(error) => Attempt::UnderWay(Box::pin(std::future::ready(Err(error)))),
    }
}

/// The TLS configurations that present `svid`, which has to be for `id`: a CA's mistake must not turn one workload into
/// another, and the first certificate is no exception.
pub(crate) fn usable(id: &SpiffeId, svid: &Svid) -> Result<TlsPair, IdentityError> {
    if svid.id != *id {
        return Err(IdentityError::OtherIdentity { expected: id.to_string(), found: svid.id.to_string() });
    }
    TlsPair::new(svid)
        .map_err(|source| IdentityError::Issuer { id: id.to_string(), source: Box::new(source) })
}
