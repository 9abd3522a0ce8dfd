//! Static findings: what a mesh's documents say that does not do what it seems to do.
//!
//! Each analyzer is one small file, knows one mistake, and speaks only when it is right: what depends on documents that
//! were not given (pods, namespaces) is not guessed at. Istio's codes and words are used where Istio has them.
//!
//! Not here: deciding a connection (`policy`), reading documents (`resources`), printing (`cli`) and JSON (`admin`).

mod level;
mod code;
mod codes;
mod finding;
mod report;
mod workloads;
mod context;
mod words;
mod schema;
mod metadata;
mod selection;
mod peer_authentication;
mod authorization_policy;
mod destination_rule;
mod other_kinds;
mod run;
mod mend;
mod certificate_rules;
mod certificates;
mod certificate_paths;

pub use certificate_paths::{Intent, lint_files};
pub use certificate_rules::{CertificateRule, Refusal, When};
pub use certificates::{CertificateFinding, CertificateRole, UnknownRole, lint};
pub use code::Code;
pub use codes::CODES;
pub use finding::{Finding, Findings};
pub use level::{Level, UnknownLevel};
pub use mend::{Mended, mend};
pub use run::{analyze, examine};

#[cfg(test)]
mod tests;
