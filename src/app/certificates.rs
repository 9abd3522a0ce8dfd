//! Certificates of all identities: issued before the first door opens, renewed at half-life for as long as the mesh runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use crate::app::error::StartError;
use crate::ca::Authority;
use crate::drain::Tasks;
use crate::identity::{Issuer, RotationEvent, SpiffeId, SvidSource, rotate};
use crate::mesh::Mesh;
use crate::proxy::{Identities, TlsPair};

/// The certificates of a running mesh.
#[derive(Clone)]
pub(crate) struct Certificates {
    sources: Arc<BTreeMap<SpiffeId, SvidSource>>,
    authority: Arc<Authority>,
}

impl Certificates {
    /// Issues one certificate for each identity in the mesh, each with a key of its own.
    pub(crate) fn issue(
        authority: Arc<Authority>,
        mesh: &Mesh,
        identities: &Identities,
    ) -> Result<Self, StartError> {
        let mut sources = BTreeMap::new();
        let mut pairs = Vec::new();
        for workload in mesh.workloads().filter(|workload| workload.reach.in_mesh()) {
            let id = &workload.identity;
            if sources.contains_key(id) {
                continue;
            }
            let svid = authority.issue_now(id)?;
            let unusable = |source| StartError::Tls { id: id.to_string(), source };
            pairs.push((id.clone(), TlsPair::new(&svid).map_err(unusable)?));
            sources.insert(id.clone(), SvidSource::new(svid));
        }
        identities.extend(pairs);
        Ok(Self { sources: Arc::new(sources), authority })
    }

    /// Renews each certificate in a task of its own; a failed renewal keeps the old one and says so.
    pub(crate) fn keep_fresh(&self, identities: &Identities, tasks: &Tasks) {
        for (id, source) in self.sources.iter() {
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
    }

    /// All certificates, in the order of their identities.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&SpiffeId, &SvidSource)> {
        self.sources.iter()
    }

    /// The source of one identity's certificate.
    pub(crate) fn get(&self, id: &SpiffeId) -> Option<&SvidSource> {
        self.sources.get(id)
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
