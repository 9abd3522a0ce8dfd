//! Certificates of all identities: issued before the first door opens, renewed at half-life for as long as the mesh runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;

use crate::app::error::StartError;
use crate::ca::Authority;
use crate::drain::Tasks;
use crate::identity::{CertificateDer, Issuer, RotationEvent, SpiffeId, SvidSource, rotate};
use crate::mesh::Mesh;
use crate::proxy::{Identities, TlsPair};

/// The certificates of a running mesh; clones share them.
#[derive(Clone)]
pub(crate) struct Certificates {
    sources: Arc<ArcSwap<BTreeMap<SpiffeId, SvidSource>>>,
    authority: Arc<Authority>,
}

/// Certificates that nobody uses yet.
pub(crate) struct Issued {
    fresh: Vec<(SpiffeId, SvidSource, TlsPair)>,
}

impl Certificates {
    /// None yet.
    pub(crate) fn new(authority: Arc<Authority>) -> Self {
        Self { sources: Arc::default(), authority }
    }

    /// Issues one certificate for each identity of `mesh` that has none yet, each with a key of its own.
    pub(crate) fn issue(&self, mesh: &Mesh) -> Result<Issued, StartError> {
        let held = self.sources.load();
        let mut seen = BTreeSet::new();
        let mut fresh = Vec::new();
        for workload in mesh.workloads().filter(|workload| workload.reach.in_mesh()) {
            let id = &workload.identity;
            if held.contains_key(id) || !seen.insert(id) {
                continue;
            }
            let svid = self.authority.issue_now(id)?;
            let unusable = |source| StartError::Tls { id: id.to_string(), source };
            let pair = TlsPair::new(&svid).map_err(unusable)?;
            fresh.push((id.clone(), SvidSource::new(svid), pair));
        }
        Ok(Issued { fresh })
    }

    /// Puts them to use, and renews each in a task of its own; a failed renewal keeps the old one and says so.
    ///
    /// An identity that left the mesh keeps its certificate: tunnels that were opened with it may still be in use.
    pub(crate) fn adopt(&self, issued: Issued, identities: &Identities, tasks: &Tasks) {
        let mut sources = BTreeMap::clone(&self.sources.load());
        let mut pairs = Vec::new();
        for (id, source, pair) in issued.fresh {
            self.keep_fresh(&id, &source, (identities, tasks));
            pairs.push((id.clone(), pair));
            sources.insert(id, source);
        }
        identities.extend(pairs);
        self.sources.store(Arc::new(sources));
    }

    fn keep_fresh(&self, id: &SpiffeId, source: &SvidSource, (identities, tasks): (&Identities, &Tasks)) {
        let (identities, id, source) = (identities.clone(), id.clone(), source.clone());
        let issuer: Arc<dyn Issuer> = Arc::clone(&self.authority) as Arc<dyn Issuer>;
        let draining = tasks.draining();
        tasks.spawn("rotation", async move {
            let current = source.clone();
            let on_event = move |event| tell(&identities, &id, &current, event);
            let mut draining = std::pin::pin!(draining);
            tokio::select! {
                () = rotate(source, issuer, SystemTime::now, on_event) => {}
                () = &mut draining => {}
            }
        });
    }

    /// The CAs that sign for this mesh: its roots, and the intermediates that its certificates are sent with.
    pub(crate) fn signers(&self) -> Vec<CertificateDer> {
        let mut signers = self.authority.bundle().roots.clone();
        for source in self.sources.load().values() {
            let above = source.current().chain.iter().skip(1).cloned().collect::<Vec<_>>();
            signers.extend(above.into_iter().filter(|der| !signers.contains(der)).collect::<Vec<_>>());
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

fn tell(identities: &Identities, id: &SpiffeId, source: &SvidSource, event: RotationEvent) {
    match event {
        RotationEvent::Renewed { .. } => match TlsPair::new(&source.current()) {
            Ok(pair) => {
                identities.set(id, pair);
                tracing::info!(target: "glasstunnel::identity", %id, "certificate renewed");
            }
            Err(error) => {
                tracing::error!(target: "glasstunnel::identity", %id, %error, "the renewed certificate cannot be used");
            }
        },
        RotationEvent::Failed { error, retry_in, .. } => {
            tracing::warn!(
                target: "glasstunnel::identity", %id, %error, ?retry_in,
                "renewal failed; the old certificate stays in use",
            );
        }
    }
}
