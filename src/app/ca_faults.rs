//! [`CaFaults`]: what the CA does to whom, on purpose.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::fault::CaFault;
use crate::identity::{BoxFuture, IdentityError, Issuer, SpiffeId, Svid, parse_key};

/// What the CA does to whom, on purpose; nothing, unless somebody says so. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct CaFaults {
    table: Arc<ArcSwap<HashMap<SpiffeId, CaFault>>>,
}

/// Why a CA that fails on purpose did not issue, in the words in which a ztunnel tells it.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(
        "signing gRPC error (The service is currently unavailable): tcp connect error: Connection refused"
    )]
    Down,
    #[error(
        "signing gRPC error (The request does not have valid authentication credentials): \
         request impersonation authentication failure"
    )]
    Denied,
}

/// A key as `openssl ecparam` writes it, as far as anybody reads it: to its label (RFC 5915 §4).
const SEC1: &str = "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n";

/// An issuer with faults before it.
pub(crate) struct FaultyIssuer {
    issuer: Arc<dyn Issuer>,
    faults: CaFaults,
}

impl CaFaults {
    /// From now on these and no others; an attempt that is under way ends as it began.
    pub fn put(&self, faults: impl IntoIterator<Item = (SpiffeId, CaFault)>) {
        self.table.store(Arc::new(faults.into_iter().collect()));
    }

    fn of(&self, id: &SpiffeId) -> Option<CaFault> {
        self.table.load().get(id).copied()
    }
}

impl FaultyIssuer {
    pub(crate) fn new(issuer: Arc<dyn Issuer>, faults: CaFaults) -> Self {
        Self { issuer, faults }
    }
}

impl Issuer for FaultyIssuer {
    fn issue<'a>(&'a self, id: &'a SpiffeId) -> BoxFuture<'a, Result<Svid, IdentityError>> {
        let refused =
            |source: Refusal| IdentityError::Issuer { id: id.to_string(), source: Box::new(source) };
        Box::pin(async move {
            match self.faults.of(id) {
                None => self.issuer.issue(id).await,
                Some(CaFault::Slow(delay)) => {
                    tokio::time::sleep(delay).await;
                    self.issuer.issue(id).await
                }
                Some(CaFault::Down) => Err(refused(Refusal::Down)),
                Some(CaFault::Deny) => Err(refused(Refusal::Denied)),
                Some(CaFault::WrongIdentity) => self.issuer.issue(&somebody_else(id)?).await,
                Some(CaFault::EmptyChain) => Err(IdentityError::EmptyChain { id: id.to_string() }),
                Some(CaFault::OtherKey) => {
                    let other = self.issuer.issue(id).await?;
                    Ok(Svid { key: other.key, ..self.issuer.issue(id).await? })
                }
                Some(CaFault::Sec1Key) => {
                    let key = parse_key(&format!("the key for {id}"), SEC1.as_bytes())?;
                    Ok(Svid { key, ..self.issuer.issue(id).await? })
                }
            }
        })
    }
}

/// Another service account of the same namespace.
fn somebody_else(id: &SpiffeId) -> Result<SpiffeId, IdentityError> {
    SpiffeId::new(id.trust_domain(), id.namespace(), &format!("not-{}", id.service_account()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;
    use crate::ca::{Authority, AuthorityOptions};

    #[tokio::test(start_paused = true)]
    async fn each_fails_in_its_own_way_and_only_whom_it_is_for() {
        let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
        let faults = CaFaults::default();
        let issuer = FaultyIssuer::new(Arc::new(authority), faults.clone());
        let [one, other] = ["one", "other"].map(|name| SpiffeId::new("cluster.local", "a", name).unwrap());
        let check = async |fault: CaFault, expect: &str| {
            faults.put([(one.clone(), fault)]);
            let said =
                issuer.issue(&one).await.map_or_else(|error| error.to_string(), |svid| svid.id.to_string());
            assert!(said.contains(expect), "{fault}: {said}");
            assert_eq!(issuer.issue(&other).await.unwrap().id, other);
        };
        check(CaFault::Down, "signing gRPC error (The service is currently unavailable)").await;
        check(CaFault::Deny, "request impersonation authentication failure").await;
        check(CaFault::EmptyChain, "chain returned from CA is empty for: spiffe://cluster.local/ns/a/sa/one")
            .await;
        check(CaFault::WrongIdentity, "spiffe://cluster.local/ns/a/sa/not-one").await;
        check(CaFault::Sec1Key, "expected one PKCS#8 block (PRIVATE KEY), found").await;
        faults.put([(one.clone(), CaFault::OtherKey)]);
        let svid = issuer.issue(&one).await.unwrap();
        assert!(crate::proxy::TlsPair::new(&svid).is_err(), "the key is another one's");
        let began = Instant::now();
        check(CaFault::Slow(Duration::from_secs(30)), "spiffe://cluster.local/ns/a/sa/one").await;
        assert_eq!(began.elapsed(), Duration::from_secs(30));
        faults.put([]);
        assert_eq!(issuer.issue(&one).await.unwrap().id, one);
    }
}
