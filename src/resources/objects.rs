//! All objects of a mesh, and what they say together.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::mesh::{MeshError, MeshSpec, Name};
use crate::policy::Policies;
use crate::reason::Reason;
use crate::resources::collect::Collected;
use crate::resources::error::{LoadError, LoadErrors, Mark};
use crate::resources::ignored::{IgnoredKind, meaning};
use crate::resources::input::{File, Input, read};
use crate::resources::node::Node;
use crate::resources::object::{Content, NamedTarget, Object, ObjectKey};
use crate::resources::own_document::OwnDocument;
use crate::resources::parse::each_document;
use crate::resources::request_authentication::RequestAuthentication;
use crate::resources::target_port::Selected;

const DEPLOYMENT: &str = "Deployment";

/// The objects of a mesh, in the order of the input. A change makes a new value: nothing is ever half-applied.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    objects: Vec<Object>,
}

/// What a mesh is built from.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Workloads, services, namespaces, settings.
    pub spec: MeshSpec,
    /// The policies, in the order of the input.
    pub policies: Policies,
    /// The RequestAuthentications, in the order of the input; no ztunnel enforces any.
    pub request_authentications: Vec<Arc<RequestAuthentication>>,
    /// What was skipped.
    pub ignored: Vec<IgnoredKind>,
}

/// What applying a document did, in kubectl's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Created,
    /// It replaced another of its name.
    Configured,
    /// It says what was there already.
    Unchanged,
}

impl Objects {
    /// Reads all `inputs`.
    ///
    /// # Errors
    ///
    /// Up to [`LoadErrors::MOST`] mistakes: files that cannot be read, then documents in the order of the input.
    pub fn read(inputs: &[Input]) -> Result<Self, LoadErrors> {
        Self::collect(inputs, Collected::default())
    }

    /// Reads all `inputs` as a cluster may hold them whose webhook was off: a DENY that can never be triggered, which
    /// Istio refuses today, is taken as it is.
    ///
    /// # Errors
    ///
    /// As [`Objects::read`].
    pub fn read_as_is(inputs: &[Input]) -> Result<Self, LoadErrors> {
        Self::collect(inputs, Collected::as_is())
    }

    fn collect(inputs: &[Input], mut collected: Collected) -> Result<Self, LoadErrors> {
        let mut errors = Vec::new();
        let mut files = Vec::new();
        for input in inputs {
            match read(input) {
                Ok(found) => files.extend(found.into_iter().map(Arc::new)),
                Err(error) => errors.push(error),
            }
        }
        for file in &files {
            let read = each_document(file, |node| collected.document(file, &node, &mut errors));
            errors.extend(read.err());
        }
        LoadErrors::check(errors)?;
        Ok(Self { objects: collected.objects })
    }

    /// Documents that stand inside of one of our own.
    ///
    /// # Errors
    ///
    /// As [`Objects::read`].
    pub(crate) fn within(document: &OwnDocument, nodes: &[Node]) -> Result<Self, LoadErrors> {
        let (mut collected, mut errors) = (Collected::default(), Vec::new());
        nodes.iter().for_each(|node| collected.document(&document.file, node, &mut errors));
        LoadErrors::check(errors)?;
        Ok(Self { objects: collected.objects })
    }

    /// The objects, in the order of the input.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Object> {
        self.objects.iter()
    }

    /// The object of that name.
    pub fn get(&self, key: &ObjectKey) -> Option<&Object> {
        self.objects.iter().find(|object| object.key == *key)
    }

    /// These objects with those of `newer` in place of their namesakes, and what that did to each.
    pub fn with(&self, newer: &Self) -> (Self, Vec<(ObjectKey, Change)>) {
        let mut objects = self.objects.clone();
        let mut places: HashMap<ObjectKey, usize> =
            objects.iter().enumerate().map(|(place, object)| (object.key.clone(), place)).collect();
        let mut changes = Vec::new();
        for object in &newer.objects {
            let old = places.get(&object.key).and_then(|place| objects.get_mut(*place));
            let change = match old {
                // It may stand elsewhere now: verdicts cite the newer place.
                Some(old) if old.fingerprint == object.fingerprint => {
                    *old = Object { read_at: old.read_at, ..object.clone() };
                    Change::Unchanged
                }
                Some(old) => {
                    *old = object.clone();
                    Change::Configured
                }
                None => {
                    places.insert(object.key.clone(), objects.len());
                    objects.push(object.clone());
                    Change::Created
                }
            };
            changes.push((object.key.clone(), change));
        }
        (Self { objects }, changes)
    }

    /// These objects without those called `keys`.
    pub fn without(&self, keys: &[ObjectKey]) -> Self {
        let objects = self.objects.iter().filter(|object| !keys.contains(&object.key)).cloned().collect();
        Self { objects }
    }

    /// These objects after their files changed from `before` to `now`: what changed there is taken over, what was edited
    /// here stays. `None` stands for an object that is gone.
    pub fn reloaded(&self, before: &Self, now: &Self) -> (Self, Vec<(ObjectKey, Option<Change>)>) {
        let old = before.fingerprints();
        let new = now.fingerprints();
        let live = self.fingerprints();
        let gone: Vec<ObjectKey> =
            old.keys().filter(|key| !new.contains_key(*key)).map(|key| (*key).clone()).collect();
        let taken = now.objects.iter().filter(|object| {
            let same_file = old.get(&object.key) == Some(&object.fingerprint);
            // An object that nobody edited is taken again all the same: it may stand on another line now.
            !same_file || live.get(&object.key) == Some(&object.fingerprint)
        });
        let taken = Self { objects: taken.cloned().collect() };
        let (objects, changes) = self.without(&gone).with(&taken);
        let changes = changes.into_iter().filter(|(_, change)| *change != Change::Unchanged);
        let changes = changes.map(|(key, change)| (key, Some(change)));
        (objects, changes.chain(gone.into_iter().map(|key| (key, None))).collect())
    }

    /// These objects with those called `keys` as they were in `before`, or gone if they were not there.
    pub fn restored(&self, before: &Self, keys: &[ObjectKey]) -> Self {
        let there = before.objects.iter().filter(|object| keys.contains(&object.key)).cloned().collect();
        let absent: Vec<ObjectKey> = keys.iter().filter(|key| before.get(key).is_none()).cloned().collect();
        self.without(&absent).with(&Self { objects: there }).0
    }

    /// Whether the object called `key` is in both, or in neither, and says the same.
    pub fn says_the_same(&self, other: &Self, key: &ObjectKey) -> bool {
        let says = |objects: &Self| objects.get(key).map(|object| object.fingerprint);
        says(self) == says(other)
    }

    /// A disagreement between documents, shown where the second of them begins.
    pub fn located(&self, error: &MeshError) -> LoadErrors {
        let source = error.at().clone();
        let file = self.objects.iter().map(|object| &object.file).find(|file| file.name == source.file);
        let line = file.and_then(|file| {
            file.text.lines().nth(usize::try_from(source.line.saturating_sub(1)).ok()?).map(Arc::from)
        });
        let mark = line.map(|text: Arc<str>| Mark {
            length: text.trim_end().chars().count(),
            source,
            column: 1,
            text,
        });
        LoadError { code: error.code(), message: error.to_string(), help: error.hint(), mark }.into()
    }

    fn fingerprints(&self) -> HashMap<&ObjectKey, u64> {
        self.objects.iter().map(|object| (&object.key, object.fingerprint)).collect()
    }

    /// What the objects say together.
    ///
    /// # Errors
    ///
    /// References between documents that lead nowhere.
    pub fn assemble(&self) -> Result<Loaded, LoadErrors> {
        let mut loaded = Loaded::default();
        let mut named: Vec<(usize, &NamedTarget, &File)> = Vec::new();
        let with_pods = self.deployments_with_pods();
        for object in &self.objects {
            if object.key.kind == DEPLOYMENT && with_pods.contains(&object.key.name) {
                continue;
            }
            if let Content::Service(_, targets) = &object.content {
                let index = loaded.spec.services.len();
                named.extend(targets.iter().map(|target| (index, target, &*object.file)));
            }
            loaded.add(object);
        }
        LoadErrors::check(dangling(&loaded.spec, &named))?;
        Ok(loaded)
    }
}

impl Objects {
    /// The Deployments whose pods are here themselves, as a cluster prints both: to make pods of them again would double
    /// each.
    fn deployments_with_pods(&self) -> HashSet<Name> {
        let pods = self.objects.iter().filter(|object| object.key.kind != DEPLOYMENT);
        let owned = pods.flat_map(Object::workloads).filter(|pod| pod.controller.kind == "deployment");
        owned.map(|pod| Name::new(Arc::clone(&pod.name.namespace), pod.controller.name.as_str())).collect()
    }
}

/// Named target ports that no pod behind their service has.
fn dangling(spec: &MeshSpec, named: &[(usize, &NamedTarget, &File)]) -> Vec<LoadError> {
    if named.is_empty() {
        return Vec::new();
    }
    let selected = Selected::index(spec);
    let wrong = named.iter().filter_map(|(service, target, file)| {
        Some(file.error(selected.dangling(spec.services.get(*service)?, target)?))
    });
    wrong.take(LoadErrors::MOST).collect()
}

impl Loaded {
    fn add(&mut self, object: &Object) {
        match &object.content {
            Content::Namespace(namespace) => self.spec.namespaces.push(namespace.clone()),
            Content::Workloads(workloads) => self.spec.workloads.extend(workloads.iter().cloned()),
            Content::Service(service, _) => self.spec.services.push((**service).clone()),
            Content::PeerAuthentication(policy) => {
                self.policies.peer_authentications.push(Arc::clone(policy))
            }
            Content::AuthorizationPolicy(policy) => {
                self.policies.authorization_policies.push(Arc::clone(policy))
            }
            Content::DestinationRule(rule) => self.policies.destination_rules.push(Arc::clone(rule)),
            Content::SubsetRoute(route) => self.policies.subset_routes.push(Arc::clone(route)),
            Content::RequestAuthentication(policy) => self.request_authentications.push(Arc::clone(policy)),
            Content::Settings(settings) => self.spec.settings = (**settings).clone(),
            Content::Nothing => {}
            Content::Scenario(_) | Content::Ignored => self.ignore(object),
        }
    }

    fn ignore(&mut self, object: &Object) {
        let kind = &object.key.kind;
        match self.ignored.iter_mut().find(|ignored| ignored.kind == *kind) {
            Some(ignored) => ignored.count += 1,
            None => self.ignored.push(IgnoredKind {
                kind: kind.clone(),
                count: 1,
                first: object.source.clone(),
                meaning: meaning(kind),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
