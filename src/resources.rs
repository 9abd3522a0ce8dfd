//! Istio's and Kubernetes' YAML in, a mesh and its policies out.
//!
//! Every document is read into a tree that knows the line and column of each word, so that whatever is wrong with it can
//! be shown where it stands. In Istio's kinds an unknown field is an error; in Kubernetes' kinds, which have hundreds,
//! fields that nobody here uses are skipped.
//!
//! Not here: what the documents mean together (`mesh::build`, `policy::PolicySet`).

mod error;
mod node;
mod input;
mod parse;
mod shape;
mod fields;
mod findings;
mod schema;
mod metadata;
mod kinds;
mod ignored;
mod address;
mod backend;
mod pod;
mod service;
mod workload_entry;
mod selector;
mod target_ref;
mod dry_run;
mod peer_authentication;
mod authorization_policy;
mod client_tls;
mod destination_rule;
mod virtual_service;
mod request_authentication;
mod mesh_config;
mod names;
mod own_document;
mod object;
mod target_port;
mod ztunnel;
mod collect;
mod objects;
mod document;
mod load;
mod locate;
mod edit;
mod demo;
mod certificate_profile;

pub use certificate_profile::{CertificateProfile, certificate_profile};
pub use demo::DEMO;
pub use document::plain;
pub use edit::{Edit, Edits};
pub use error::{LoadError, LoadErrors, Mark};
pub(crate) use fields::{Fields, Found, scalar};
pub use findings::Warning;
pub use ignored::IgnoredKind;
pub use input::{Input, Stamp, opened, stamp, texts};
pub use load::load;
pub use locate::{Path, Places, Step};
pub use names::{KIND_NAMES, KindNames, UnknownKind, kind_named, names_of};
pub(crate) use node::{At, Node, Value};
pub use object::{Content, Object, ObjectKey};
pub use objects::{Change, Loaded, Objects};
pub use own_document::OwnDocument;
pub(crate) use parse::Problem;
pub use request_authentication::{PRIVATE_KEY, RequestAuthentication};
