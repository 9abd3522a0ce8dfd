//! A CA that does what the test says, identity by identity.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use glasstunnel::app::CaAt;
use glasstunnel::ca::{Authority, AuthorityOptions};
use glasstunnel::identity::{BoxFuture, IdentityError, Issuer, SpiffeId, Svid, SvidState};
use glasstunnel::lab::Lab;
use tokio::sync::Notify;

/// What the desk does with a request.
#[derive(Clone)]
pub(crate) enum Act {
    Sign(Arc<Authority>),
    Refuse,
    /// Signs once it is told to.
    Wait(Arc<Notify>, Arc<Authority>),
}

/// The issuer: what it does with everybody, and with some service accounts in particular.
pub(crate) struct Desk {
    everybody: Mutex<Act>,
    some: Mutex<HashMap<String, Act>>,
}

impl Desk {
    pub(crate) fn new(act: Act) -> Arc<Self> {
        Arc::new(Self { everybody: Mutex::new(act), some: Mutex::default() })
    }

    pub(crate) fn everybody(&self, act: Act) {
        *self.everybody.lock().unwrap() = act;
        self.some.lock().unwrap().clear();
    }

    pub(crate) fn only(&self, account: &str, act: Act) {
        self.some.lock().unwrap().insert(account.to_owned(), act);
    }

    pub(crate) fn at(self: &Arc<Self>) -> CaAt {
        CaAt::Custom(Arc::clone(self) as Arc<dyn Issuer>)
    }

    fn act(&self, id: &SpiffeId) -> Act {
        let some = self.some.lock().unwrap().get(id.service_account()).cloned();
        some.unwrap_or_else(|| self.everybody.lock().unwrap().clone())
    }
}

impl Issuer for Desk {
    fn issue<'a>(&'a self, id: &'a SpiffeId) -> BoxFuture<'a, Result<Svid, IdentityError>> {
        let act = self.act(id);
        let failed = |source| IdentityError::Issuer { id: id.to_string(), source };
        Box::pin(async move {
            match act {
                Act::Sign(authority) => authority.issue_now(id).map_err(|error| failed(error.into())),
                Act::Refuse => Err(failed("the desk is closed".into())),
                Act::Wait(told, authority) => {
                    told.notified().await;
                    authority.issue_now(id).map_err(|error| failed(error.into()))
                }
            }
        })
    }
}

/// A CA named after `name`, whose certificates live `seconds`.
pub(crate) fn authority(name: &str, seconds: u64) -> Arc<Authority> {
    let ttl = Duration::from_secs(seconds);
    let options = AuthorityOptions { trust_domain: name.to_owned(), ttl, ..AuthorityOptions::default() };
    Arc::new(Authority::generate(&options).unwrap())
}

/// Waits until the certificate of `workload` is in a state that `wanted` accepts.
pub(crate) async fn until(lab: &Lab, workload: &str, wanted: impl Fn(&SvidState) -> bool) {
    let source = lab.svid_source(workload).unwrap();
    let mut state = source.state();
    while !wanted(&state) {
        state = source.changed(&state).await;
    }
}

pub(crate) fn is_available(state: &SvidState) -> bool {
    matches!(state, SvidState::Available(_))
}

pub(crate) fn is_unavailable(state: &SvidState) -> bool {
    matches!(state, SvidState::Unavailable(_))
}
