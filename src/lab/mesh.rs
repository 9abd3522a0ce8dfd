//! [`Lab`]: a whole mesh inside this process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::app::{self, AdminAt, CaAt, CaFaults, Ground, Options, Running};
use crate::drain::Drained;
use crate::identity::{Svid, SvidSource};
use crate::lab::error::LabError;
use crate::mesh::{Semantics, Workload, build};
use crate::policy::Snapshot;
use crate::proxy::{Config, DoorKind, Tapping, Wish};
use crate::resources::{Input, Objects};
use crate::telemetry::Record;

/// How a lab differs from `up` with the same YAML.
#[derive(Clone, Debug, Default)]
pub struct LabOptions {
    /// Whose rules decide; `None` leaves it to the YAML.
    pub semantics: Option<Semantics>,
    /// Deadlines and limits.
    pub proxy: Config,
    /// Worker threads; 0 means one.
    pub workers: usize,
    /// Whether an intermediate signs the certificates.
    pub intermediate: bool,
    /// The file of revocation lists.
    pub crl: Option<PathBuf>,
    /// How long certificates live; `None` is 24 hours.
    pub certificate_ttl: Option<Duration>,
    /// Who issues them.
    pub ca: CaAt,
    /// What the CA does to whom, on purpose; there from the first certificate on.
    pub ca_faults: CaFaults,
    /// Whether connections are looked into.
    pub tapped: bool,
}

/// A running mesh with its own loopback block, so that any number of labs run beside each other.
pub struct Lab {
    running: Running,
    tapping: Tapping,
}

impl Lab {
    /// Starts the mesh that `yaml` declares.
    ///
    /// # Errors
    ///
    /// As `glasstunnel up -f` would fail.
    pub async fn start(yaml: &str, options: LabOptions) -> Result<Self, LabError> {
        Self::start_with(Objects::read(&[Input::text("lab.yaml", yaml)])?, options).await
    }

    /// Starts the mesh that `objects` declare.
    ///
    /// # Errors
    ///
    /// As [`Lab::start`].
    pub async fn start_with(objects: Objects, options: LabOptions) -> Result<Self, LabError> {
        let loaded = objects.assemble()?;
        let mut spec = loaded.spec;
        spec.settings.semantics = options.semantics.unwrap_or(spec.settings.semantics);
        let snapshot = Snapshot::new(Arc::new(build(spec)?), loaded.policies);
        let tapping = Tapping::new(options.tapped, None);
        let running = app::start(Options {
            objects,
            snapshot,
            semantics: options.semantics,
            mesh_source: "lab.yaml".to_owned(),
            context: None,
            ground: Ground::Loopback,
            ca: options.ca,
            ca_faults: options.ca_faults,
            intermediate: options.intermediate,
            crl: options.crl,
            certificate_ttl: options.certificate_ttl.unwrap_or(app::CERTIFICATE_TTL),
            workers: options.workers.max(1),
            admin: AdminAt::Nowhere,
            proxy: options.proxy,
            tapping: tapping.clone(),
            access_log: None,
        });
        Ok(Self { running: running.await?, tapping })
    }

    /// The running mesh.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// The running mesh itself, to go on with.
    pub fn into_running(self) -> Running {
        self.running
    }

    /// The workload that `name` means.
    ///
    /// # Errors
    ///
    /// The nearest name.
    pub fn workload(&self, name: &str) -> Result<Arc<Workload>, LabError> {
        Ok(self.running.snapshots().load().mesh.find_workload(name)?)
    }

    /// Where bytes for `port` of `name` are captured; outside the mesh, where its app listens.
    ///
    /// # Errors
    ///
    /// An unknown name.
    pub fn captured(&self, name: &str, port: u16) -> Result<SocketAddr, LabError> {
        let workload = self.workload(name)?;
        let local = self.running.place().local_ip(&workload);
        local
            .map(|ip| SocketAddr::new(ip, port))
            .ok_or_else(|| LabError::NoDoor { door: "captured", workload: name.to_owned() })
    }

    /// The HBONE door of `name`.
    ///
    /// # Errors
    ///
    /// An unknown name, or a workload without one.
    pub fn hbone(&self, name: &str) -> Result<SocketAddr, LabError> {
        self.door(name, "hbone", |kind| matches!(kind, DoorKind::Hbone { .. }))
    }

    /// The outbound door of `name`.
    ///
    /// # Errors
    ///
    /// An unknown name.
    pub fn outbound(&self, name: &str) -> Result<SocketAddr, LabError> {
        self.door(name, "outbound", |kind| matches!(kind, DoorKind::Outbound { .. }))
    }

    /// The outbound door that all workloads share.
    ///
    /// # Errors
    ///
    /// A mesh without one.
    pub fn shared_door(&self) -> Result<SocketAddr, LabError> {
        let doors = self.running.doors();
        let door = doors.iter().find(|door| door.kind == DoorKind::Outbound { workload: None });
        let none = || LabError::NoDoor { door: "shared outbound", workload: "the mesh".to_owned() };
        door.map(|door| door.addr.0).ok_or_else(none)
    }

    fn door(
        &self,
        name: &str,
        word: &'static str,
        wanted: impl Fn(&DoorKind) -> bool,
    ) -> Result<SocketAddr, LabError> {
        let workload = self.workload(name)?;
        let doors = self.running.doors();
        let door =
            doors.iter().find(|door| door.kind.workload() == Some(&workload.name) && wanted(&door.kind));
        let none = || LabError::NoDoor { door: word, workload: name.to_owned() };
        door.map(|door| door.addr.0).ok_or_else(none)
    }

    /// The current certificate of `name`, to speak as that workload.
    ///
    /// # Errors
    ///
    /// An unknown name, or a workload outside the mesh.
    pub fn svid(&self, name: &str) -> Result<Arc<Svid>, LabError> {
        let workload = self.workload(name)?;
        let none = || LabError::NoDoor { door: "mutual TLS", workload: name.to_owned() };
        self.running.svid(&workload.identity).ok_or_else(none)
    }

    /// Where the current certificate of `name` is, or why there is none.
    ///
    /// # Errors
    ///
    /// As [`Lab::svid`].
    pub fn svid_source(&self, name: &str) -> Result<SvidSource, LabError> {
        let workload = self.workload(name)?;
        let none = || LabError::NoDoor { door: "mutual TLS", workload: name.to_owned() };
        self.running.svid_source(&workload.identity).ok_or_else(none)
    }

    /// Puts another certificate in the place of the one that `svid.id` shows, until its next renewal: a bent one, a revoked
    /// one, one of another trust domain.
    ///
    /// # Errors
    ///
    /// A key that does not fit its certificate.
    pub fn present(&self, workload: &str, svid: &Svid) -> Result<(), LabError> {
        let workload = self.workload(workload)?;
        Ok(self.running.present(&workload.identity, svid)?)
    }

    /// Something is special about the connection that will come from `client`, an address of this machine.
    pub fn want(&self, client: SocketAddr, wish: Wish) {
        self.tapping.want(client, wish);
    }

    /// The next finished record that `wanted` accepts; records from before the call count too.
    pub async fn record(&self, wanted: impl Fn(&Record) -> bool) -> Arc<Record> {
        let recorder = self.running.recorder();
        let mut news = recorder.subscribe();
        loop {
            if let Some(record) = recorder.recent(usize::MAX).into_iter().find(|record| wanted(record)) {
                return record;
            }
            // Whether it brings a record or tells that some were missed: the ring has them all.
            let _ = news.recv().await;
        }
    }

    /// Stops the mesh, giving open connections `grace`.
    pub async fn stop(self, grace: Duration) -> Drained {
        self.running.stop(grace).await
    }
}
