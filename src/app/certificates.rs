//! Certificates of all identities: asked for before the first door opens, renewed in time for as long as the mesh runs.
//!
//! An issuer that fails stops neither: an identity without a certificate says why, and is tried again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::app::begun::{Answer, Attempt, Begun, begin, usable};
use crate::drain::Tasks;
use crate::identity::{CertificateDer, Issuer, RotationEvent, SpiffeId, SvidSource, rotate};
use crate::mesh::{Mesh, Workload};
use crate::proxy::{Identities, Networks, TlsPair};

/// The certificates of a running mesh; clones share them.
#[derive(Clone)]
pub(crate) struct Certificates {
    sources: Arc<ArcSwap<BTreeMap<SpiffeId, SvidSource>>>,
    issuer: Arc<dyn Issuer>,
}

/// Certificates that nobody uses yet, and attempts to get some.
pub(crate) struct Issued {
    fresh: Vec<(SpiffeId, Attempt)>,
}

impl Certificates {
    /// None yet.
    pub(crate) fn new(issuer: Arc<dyn Issuer>) -> Self {
        Self { sources: Arc::default(), issuer }
    }

    /// Asks for a certificate for each identity that this process is a proxy of and that has none yet, each with a key of
    /// its own. What is not there at once is waited for later.
    pub(crate) fn issue(&self, mesh: &Mesh, networks: &Networks) -> Issued {
        let held = self.sources.load();
        let mut seen = BTreeSet::new();
        let served = |workload: &&Arc<Workload>| workload.reach.in_mesh() && networks.serves(&workload.name);
        let fresh = mesh
            .workloads()
            .filter(served)
            .map(|workload| &workload.identity)
            .filter(|id| !held.contains_key(id) && seen.insert(*id))
            .map(|id| (id.clone(), begin(&self.issuer, id)));
        Issued { fresh: fresh.collect() }
    }

    /// Puts them to use, and renews each in a task of its own; a failed renewal keeps the old one and says so.
    ///
    /// An identity that left the mesh keeps its certificate: tunnels that were opened with it may still be in use.
    pub(crate) fn adopt(&self, issued: Issued, identities: &Identities, tasks: &Tasks) {
        let mut sources = BTreeMap::clone(&self.sources.load());
        let mut pairs = Vec::new();
        let mut rotations = Vec::new();
        for (id, attempt) in issued.fresh {
            let (source, pair, first) = started(&id, attempt);
            pairs.push((id.clone(), pair));
            rotations.push((source.clone(), first));
            sources.insert(id, source);
        }
        identities.extend(pairs);
        self.sources.store(Arc::new(sources));
        for (source, first) in rotations {
            self.keep_fresh(source, first, (identities, tasks));
        }
    }

    fn keep_fresh(
        &self,
        source: SvidSource,
        first: Option<Answer>,
        (identities, tasks): (&Identities, &Tasks),
    ) {
        let identities = identities.clone();
        let issuer = Arc::new(Begun::new(Arc::clone(&self.issuer), first));
        let draining = tasks.draining();
        let clock = identities.clocks(source.id()).unwrap_or_default().renewing;
        tasks.spawn("rotation", async move {
            let mut draining = std::pin::pin!(draining);
            loop {
                let changed = clock.changed();
                let on_event = |event| tell(&identities, event);
                tokio::select! {
                    () = rotate(source.clone(), Arc::clone(&issuer) as Arc<dyn Issuer>, || clock.now(), on_event) => {}
                    // What is due is another matter by another time.
                    () = changed => {}
                    () = &mut draining => return,
                }
            }
        });
    }

    /// The CAs that sign for this mesh: its roots, and the intermediates that its certificates are sent with.
    pub(crate) fn signers(&self) -> Vec<CertificateDer> {
        let mut signers = Vec::new();
        for svid in self.sources.load().values().filter_map(SvidSource::current) {
            for der in svid.bundle.roots.iter().chain(svid.chain.iter().skip(1)) {
                if !signers.contains(der) {
                    signers.push(der.clone());
                }
            }
        }
        signers
    }

    /// All certificates, in the order of their identities.
    pub(crate) fn sources(&self) -> Arc<BTreeMap<SpiffeId, SvidSource>> {
        self.sources.load_full()
    }

    /// The source of one identity's certificate.
    pub(crate) fn get(&self, id: &SpiffeId) -> Option<SvidSource> {
        self.sources.load().get(id).cloned()
    }
}

/// What an identity starts with, and what it waits for.
fn started(id: &SpiffeId, attempt: Attempt) -> (SvidSource, Option<TlsPair>, Option<Answer>) {
    match attempt {
        Attempt::Issued(issued) => {
            let (svid, pair) = *issued;
            (SvidSource::new(svid), Some(pair), None)
        }
        Attempt::UnderWay(answer) => (SvidSource::initializing(id.clone()), None, Some(answer)),
    }
}

fn tell(identities: &Identities, event: RotationEvent) {
    match event {
        RotationEvent::Renewed { svid, .. } => match usable(&svid.id, &svid) {
            Ok(pair) => {
                identities.set(&svid.id, pair);
                tracing::info!(target: "glasstunnel::identity", id = %svid.id, "certificate renewed");
            }
            // Unusable ones were refused before; what has changed since would be told at the next renewal.
            Err(error) => identities.withdraw(&svid.id, Arc::new(error)),
        },
        RotationEvent::Failed { id, error, retry_in, old_valid_for: Some(_), .. } => {
            tracing::warn!(
                target: "glasstunnel::identity", %id, %error, ?retry_in,
                "renewal failed; the old certificate stays in use",
            );
        }
        RotationEvent::Failed { id, error, retry_in, old_valid_for: None, .. } => {
            tracing::warn!(target: "glasstunnel::identity", %id, %error, ?retry_in, "there is no certificate");
            identities.withdraw(&id, error);
        }
        RotationEvent::Expired { id, error } => {
            tracing::warn!(target: "glasstunnel::identity", %id, %error, "the certificate has expired");
            identities.withdraw(&id, error);
        }
    }
}
