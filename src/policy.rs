//! May they: PeerAuthentication, and the place of AuthorizationPolicy, as one pure evaluator.
//!
//! The data path, `explain` and the tests call the same functions (law 1). Each step hands its proof to the next:
//! [`peer_auth`] makes an [`Admitted`], [`authorize`] turns it into a [`Permit`], and only a `Permit` lets the proxy
//! dial a backend.
//!
//! Not here: IO, async, logging, and what the connection's bytes are (`sniff`).

mod mode;
mod matching;
mod authorization_policy;
mod peer_authentication;
mod decision;
mod effective;
mod set;
mod request;
mod client_tls;
mod destination_rule;
mod subset_route;
mod host_index;
mod namespace_modes;
mod destination_rules;
mod passed_over;
mod snapshot;
pub mod peer_auth;
mod authz;

pub use authorization_policy::{Action, AuthorizationPolicy, Entry, Rule, Scope};
pub use authz::authorize;
pub use client_tls::{ClientTlsMode, ClientTlsSettings};
pub use decision::{Admitted, Denial, Permit};
pub use destination_rule::{DestinationRule, RuleRef, Subset, TrafficPolicy};
pub use destination_rules::{ClientTlsChoice, Deciding, DestinationRules, RuleLevel};
pub use effective::{Effective, Level, PolicyRef};
pub use matching::{BadBlock, IpBlock, Match, Seen, ServiceAccount, StringMatch, Values};
pub use mode::{MtlsMode, UnknownMode};
pub use namespace_modes::NamespaceModes;
pub use passed_over::{PassedOver, WhyPassedOver};
pub use peer_authentication::PeerAuthentication;
pub use request::CheckRequest;
pub use set::PolicySet;
pub use snapshot::{Snapshot, Snapshots};
pub use subset_route::SubsetRoute;
