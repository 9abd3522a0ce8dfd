//! The networks of pods: one network namespace each, on a bridge, with the rules by which Istio captures a pod's traffic, so
//! that any program in a pod is in the mesh without knowing of it.
//!
//! Nothing has a name or a place on disk and nothing of the host changes: only this process's descriptors hold the
//! namespaces, and the kernel takes down what is in them when it ends, whatever ends it.
//!
//! Not here: who listens in a pod (`proxy`), and who answers the names that its programs ask for (`dns`).

mod error;
mod access;
mod plan;
mod rules;
mod links;
mod tool;
mod pods;
mod enter;

pub use access::{Access, prepare};
pub use enter::enter_pod;
pub use error::{Cause, NetnsError};
pub use plan::{Family, Plan};
pub use pods::{PODS_MAX, Pod, Pods};
pub use rules::{DNS_PORT, HBONE_PORT, INBOUND_PORT, OUTBOUND_PORT, PROXY_MARK, rules};
