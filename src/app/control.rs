//! The control side of a running mesh: its documents, and what a change of them means for doors, backends, certificates
//! and policies. A change is prepared whole before anything of it is seen; what cannot be had refuses it.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::mpsc;

use crate::admin::{Done, Edit, EditError, Edited, Editor, Manner, MeshInfo};
use crate::app::backends::{Placement, Rearranged, addresses, rearrange};
use crate::app::bind;
use crate::app::certificates::{Certificates, Issued};
use crate::app::error::StartError;
use crate::app::ground::Ground;
use crate::app::info;
use crate::app::pods::{PodMap, networks, renewed, serve_names};
use crate::app::serve::Order;
use crate::app::there::There;
use crate::app::threads::WorkerDoors;
use crate::drain::Tasks;
use crate::identity::{SpiffeId, Svid};
use crate::mesh::{Mesh, Name, Semantics, build, nearest};
use crate::policy::{Policies, Snapshot};
use crate::proxy::{Door, Shared, TlsPair};
use crate::reason::Reason;
use crate::resources::{Change, ObjectKey, Objects};
use crate::tls::TlsError;

/// What never changes while the mesh runs.
pub(in crate::app) struct Fixed {
    pub(in crate::app) ground: Ground,
    pub(in crate::app) shared: Shared,
    pub(in crate::app) certificates: Certificates,
    pub(in crate::app) workers: Vec<WorkerDoors>,
    pub(in crate::app) backends: mpsc::UnboundedSender<Order>,
    pub(in crate::app) info: Arc<ArcSwap<MeshInfo>>,
    pub(in crate::app) tasks: Tasks,
    /// Addresses of the process that are no workload's: admin and the claim.
    pub(in crate::app) own: HashSet<SocketAddr>,
    /// Whose rules decide, whatever the documents say.
    pub(in crate::app) semantics: Option<Semantics>,
}

/// What changes together.
pub(in crate::app) struct State {
    pub(in crate::app) objects: Arc<Objects>,
    pub(in crate::app) doors: Arc<Vec<Door>>,
    pub(in crate::app) placement: Placement,
    pub(in crate::app) pods: PodMap,
}

/// The control side.
pub(in crate::app) struct Control {
    fixed: Fixed,
    state: Mutex<State>,
    me: Weak<Self>,
}

/// Everything that a change needs, had but not yet seen.
struct Prepared {
    objects: Objects,
    mesh: Arc<Mesh>,
    policies: Policies,
    doors: Vec<Door>,
    opened: Vec<std::collections::VecDeque<(Door, std::net::TcpListener)>>,
    closed: Vec<Door>,
    backends: Rearranged,
    pods: PodMap,
    issued: Issued,
}

impl Control {
    pub(in crate::app) fn new(fixed: Fixed, state: State) -> Arc<Self> {
        Arc::new_cyclic(|me| Self { fixed, state: Mutex::new(state), me: Weak::clone(me) })
    }

    /// The doors that are open.
    pub(in crate::app) fn doors(&self) -> Arc<Vec<Door>> {
        Arc::clone(&self.locked().doors)
    }

    /// Where bytes for the running mesh are described.
    pub(in crate::app) fn info(&self) -> Arc<MeshInfo> {
        self.fixed.info.load_full()
    }

    /// What all workers share.
    pub(in crate::app) fn shared(&self) -> &Shared {
        &self.fixed.shared
    }

    /// Shows `svid` as `id` until the next renewal.
    pub(in crate::app) fn present(&self, id: &SpiffeId, svid: &Svid) -> Result<(), TlsError> {
        self.fixed.shared.identities.set(id, TlsPair::new(svid)?);
        Ok(())
    }

    /// Replaces the documents that came from files: what changed there changes here, and what was edited live stays.
    pub(in crate::app) fn reload(&self, before: &Objects, now: &Objects) -> Result<Vec<Edited>, EditError> {
        let mut state = self.locked();
        let (objects, edited) = state.objects.reloaded(before, now);
        let edited = edited
            .into_iter()
            .map(|(key, change)| Edited { key, done: change.map_or(Done::Deleted, Done::Applied) });
        let edited: Vec<Edited> = edited.collect();
        let prepared = self.prepare(objects, &state)?;
        self.commit(prepared, &mut state);
        Ok(edited)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        // A change is prepared outside of `State`, so that a panic while it was locked left it as it was.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn prepare(&self, objects: Objects, state: &State) -> Result<Prepared, EditError> {
        let loaded = objects.assemble()?;
        let mut spec = loaded.spec;
        spec.settings.semantics = self.fixed.semantics.unwrap_or(spec.settings.semantics);
        let mesh = Arc::new(build(spec).map_err(|error| objects.located(&error))?);
        let running = self.fixed.shared.snapshots.load();
        let (running, asked) = (&running.mesh.settings().trust_domain, &mesh.settings().trust_domain);
        if running != asked {
            return Err(EditError::TrustDomain { running: running.clone(), asked: asked.clone() });
        }
        let place = self.fixed.shared.place;
        let ground = &self.fixed.ground;
        let pods = ground.pods(&mesh, &state.pods).map_err(refused)?;
        let networks = &ground.networks(&pods);
        let renewed = renewed(&state.pods, &pods);
        let wanted = ground.doors(&mesh, place);
        let (new, closed) = changed(&state.doors, &wanted, &renewed);
        let issued = self.fixed.certificates.issue(&mesh, networks);
        let before = (&state.placement, &renewed);
        let backends = rearrange(&mesh, (ground, place, networks), before).map_err(refused)?;
        let opened = bind::open(&new, self.fixed.workers.len(), networks).map_err(refused)?;
        let policies = loaded.policies;
        Ok(Prepared { objects, mesh, policies, doors: wanted, opened, closed, backends, pods, issued })
    }

    /// First what the new mesh needs, then the new mesh, then what the old one no longer does.
    fn commit(&self, prepared: Prepared, state: &mut State) {
        let Fixed { ground, shared, certificates, workers, backends, info, tasks, own, .. } = &self.fixed;
        let Rearranged { placement, new, gone } = prepared.backends;
        certificates.adopt(prepared.issued, &shared.identities, tasks);
        shared.own.store(Arc::new(
            own.iter().copied().chain(prepared.doors.iter().map(|door| door.addr.0)).collect(),
        ));
        // The backends' thread ends after this side; until then it hears every order.
        let _ = backends.send(Order::Serve(new));
        shared.backends.store(addresses(&placement));
        shared.networks.store(networks(&prepared.pods));
        shared.snapshots.store(Snapshot::new(Arc::clone(&prepared.mesh), prepared.policies));
        shared.changes.tell();
        for (worker, share) in workers.iter().zip(prepared.opened) {
            share.into_iter().for_each(|(door, listener)| worker.open(door, listener));
        }
        ground.settle(&state.pods, &prepared.pods);
        for worker in workers {
            prepared.closed.iter().for_each(|door| worker.close(door.clone()));
        }
        for addr in gone {
            let _ = backends.send(Order::Close(addr));
        }
        serve_names(&prepared.pods, &shared.snapshots, tasks);
        let there = There { doors: &prepared.doors, placement: &placement, pods: &prepared.pods };
        let workloads = info::workloads(&prepared.mesh, shared.place, &there);
        let semantics = prepared.mesh.semantics().to_string();
        info.store(Arc::new(MeshInfo { workloads, semantics, ..MeshInfo::clone(&info.load()) }));
        let (objects, doors) = (Arc::new(prepared.objects), Arc::new(prepared.doors));
        *state = State { objects, doors, placement, pods: prepared.pods };
    }

    /// Puts `before` back in `after`, unless somebody changed `keys` since.
    fn revert_later(
        &self,
        keys: Vec<ObjectKey>,
        (before, after): (Arc<Objects>, Arc<Objects>),
        wait: Duration,
    ) {
        let Some(control) = self.me.upgrade() else { return };
        let draining = self.fixed.tasks.draining();
        self.fixed.tasks.spawn("revert", async move {
            tokio::select! { () = tokio::time::sleep(wait) => {}, () = draining => return }
            control.revert(&keys, &before, &after);
        });
    }

    fn revert(&self, keys: &[ObjectKey], before: &Objects, after: &Objects) {
        let mut state = self.locked();
        let untouched: Vec<ObjectKey> =
            keys.iter().filter(|key| state.objects.says_the_same(after, key)).cloned().collect();
        let objects = state.objects.restored(before, &untouched);
        match self.prepare(objects, &state) {
            Ok(prepared) => {
                self.commit(prepared, &mut state);
                let names: Vec<String> = untouched.iter().map(ToString::to_string).collect();
                tracing::info!(target: "glasstunnel::app", objects = names.join(", "), "reverted: the time was over");
            }
            Err(error) => {
                tracing::error!(target: "glasstunnel::app", %error, "the change could not be reverted");
            }
        }
    }
}

/// The doors of `wanted` to open, and those of `before` to close. In a `renewed` network every door is new, and takes the
/// place of the one that was called the same.
fn changed(before: &[Door], wanted: &[Door], renewed: &HashSet<Name>) -> (Vec<Door>, Vec<Door>) {
    let there: HashSet<&Door> = before.iter().collect();
    let after: HashSet<&Door> = wanted.iter().collect();
    let is_new = |door: &&Door| {
        !there.contains(door) || door.kind.workload().is_some_and(|workload| renewed.contains(workload))
    };
    let new = wanted.iter().filter(is_new).cloned().collect();
    let closed = before.iter().filter(|door| !after.contains(door)).cloned().collect();
    (new, closed)
}

fn refused(error: StartError) -> EditError {
    EditError::System { code: error.code(), message: error.to_string(), hint: error.hint() }
}

impl Editor for Control {
    fn objects(&self) -> Arc<Objects> {
        Arc::clone(&self.locked().objects)
    }

    fn edit(&self, edit: Edit, manner: Manner) -> Result<Vec<Edited>, EditError> {
        let mut state = self.locked();
        let (objects, edited) = edited(&state.objects, edit)?;
        let prepared = self.prepare(objects, &state)?;
        if manner.dry_run {
            return Ok(edited);
        }
        let before = Arc::clone(&state.objects);
        self.commit(prepared, &mut state);
        if let Some(wait) = manner.revert_after {
            let keys = edited.iter().map(|edited| edited.key.clone()).collect();
            self.revert_later(keys, (before, Arc::clone(&state.objects)), wait);
        }
        Ok(edited)
    }
}

/// The documents after `edit`, and what was done to each that it names.
fn edited(objects: &Objects, edit: Edit) -> Result<(Objects, Vec<Edited>), EditError> {
    match edit {
        Edit::Apply(newer) => {
            let (objects, changes) = objects.with(&newer);
            let done = |(key, change): (ObjectKey, Change)| Edited { key, done: Done::Applied(change) };
            Ok((objects, changes.into_iter().map(done).collect()))
        }
        Edit::Delete(keys) => {
            if let Some(missing) = keys.iter().find(|key| objects.get(key).is_none()) {
                return Err(not_found(objects, missing));
            }
            let done = keys.iter().map(|key| Edited { key: key.clone(), done: Done::Deleted }).collect();
            Ok((objects.without(&keys), done))
        }
    }
}

fn not_found(objects: &Objects, key: &ObjectKey) -> EditError {
    let names: Vec<String> = objects
        .iter()
        .filter(|object| object.key.kind == key.kind)
        .map(|object| object.key.name.to_string())
        .collect();
    let nearest = nearest(&key.name.to_string(), names.iter().map(String::as_str)).map(str::to_owned);
    EditError::NotFound { key: key.clone(), nearest }
}
