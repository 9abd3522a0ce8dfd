//! May they: PeerAuthentication and AuthorizationPolicy, as one pure evaluator.
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
mod client_tls;
mod destination_rule;
mod subset_route;
mod effective;
mod converted;
mod decision;
mod rule_index;
mod authorization;
mod set;
mod request;
mod host_index;
mod namespace_modes;
mod destination_rules;
mod passed_over;
mod snapshot;
pub mod peer_auth;
mod authz;
mod recheck;
mod unreached;
mod considered;

pub use authorization_policy::{Action, AuthorizationPolicy, Entry, Rule, Scope};
pub use authz::authorize;
pub use client_tls::{ClientTlsMode, ClientTlsSettings};
pub use considered::{Considered, considered_clients, considered_modes, considered_rules};
pub use converted::Gap;
pub use decision::{Admitted, Denial, Permit};
pub use destination_rule::{DestinationRule, RuleRef, Subset, TrafficPolicy};
pub use destination_rules::{ClientTlsChoice, Deciding, DestinationRules, RuleLevel};
pub use effective::{Effective, Level, PolicyKind, PolicyRef};
pub use matching::{BadBlock, IpBlock, Match, Seen, ServiceAccount, StringMatch, Values};
pub use mode::{MtlsMode, UnknownMode};
pub use namespace_modes::NamespaceModes;
pub use passed_over::{PassedOver, WhyPassedOver};
pub use peer_auth::First;
pub use peer_authentication::PeerAuthentication;
pub use recheck::{Entered, recheck};
pub use request::CheckRequest;
pub use set::{Policies, PolicySet};
pub use snapshot::{Snapshot, Snapshots};
pub use subset_route::SubsetRoute;
pub use unreached::ATTACHED;
