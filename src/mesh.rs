//! The mesh as values: workloads, services, their addresses, and the settings that hold for all of them.
//!
//! A [`Mesh`] is an immutable snapshot built from a [`MeshSpec`]; whoever edits the mesh builds the next one.
//!
//! Not here: YAML (`resources`), what a policy says about a workload (`policy`), and sockets (`proxy`).

mod name;
mod settings;
mod reach;
mod workload;
mod service;
mod spec;
mod error;
mod allot;
mod build;
mod registry;
mod resolve;
mod find;
mod place;

pub(crate) use allot::SLOTS;

pub use build::build;
pub use error::MeshError;
pub use find::{UnknownName, nearest};
pub use name::{Name, Source};
pub use place::Place;
pub use reach::Reach;
pub use registry::{Mesh, Owner};
pub use service::{Endpoint, Service, ServicePort, TargetPort};
pub use settings::{Semantics, Settings};
pub use spec::{Controller, MeshSpec, NamespaceSpec, ServiceSpec, WorkloadSpec};
pub use workload::{BackendKind, ContainerPort, Workload};
