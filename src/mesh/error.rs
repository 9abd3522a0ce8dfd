//! What can be wrong with a mesh as a whole, beyond any one document.

use std::net::IpAddr;

use crate::identity::IdentityError;
use crate::mesh::name::{Name, Source};
use crate::reason::{Reason, Side};

/// Why a mesh could not be built; each variant cites both places that disagree.
#[derive(Debug, thiserror::Error)]
pub enum MeshError {
    /// Two objects of one kind share a name.
    #[error("{kind} {name} is declared twice: first at {first}, again here")]
    DuplicateName {
        /// `Workload`, `Service` or `Namespace`.
        kind: &'static str,
        /// The name.
        name: Name,
        /// Where it was declared first.
        first: Source,
        /// Where it was declared again.
        second: Source,
    },
    /// Two owners claim one mesh address.
    #[error("address {ip} already belongs to {first_owner} ({first}), and {second_owner} claims it too")]
    DuplicateAddress {
        /// The address.
        ip: IpAddr,
        /// Who had it first.
        first_owner: Name,
        /// Where.
        first: Source,
        /// Who claims it too.
        second_owner: Name,
        /// Where.
        second: Source,
    },
    /// A workload's namespace, service account or trust domain cannot stand in a SPIFFE ID.
    #[error("workload {name} cannot have an identity: {source}")]
    Identity {
        /// The workload.
        name: Name,
        /// Where it is declared.
        at: Source,
        /// What is wrong with it.
        #[source]
        source: IdentityError,
    },
    /// More workloads than one machine has loopback addresses for.
    #[error("no address is left for {name}: one mesh allots at most {limit}")]
    Exhausted {
        /// The object that got none.
        name: Name,
        /// Where it is declared.
        at: Source,
        /// How many there are.
        limit: usize,
    },
}

impl MeshError {
    /// The place to show to the user.
    pub fn at(&self) -> &Source {
        match self {
            Self::DuplicateName { second, .. } | Self::DuplicateAddress { second, .. } => second,
            Self::Identity { at, .. } | Self::Exhausted { at, .. } => at,
        }
    }
}

impl Reason for MeshError {
    fn code(&self) -> &'static str {
        match self {
            Self::DuplicateName { .. } => "mesh.duplicate_name",
            Self::DuplicateAddress { .. } => "mesh.duplicate_address",
            Self::Identity { .. } => "mesh.identity",
            Self::Exhausted { .. } => "mesh.addresses_exhausted",
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::DuplicateName { kind, .. } => {
                format!("rename one {kind}, or delete the one you did not mean")
            }
            Self::DuplicateAddress { .. } => {
                "give each its own address, or leave it out and one is allotted".to_owned()
            }
            Self::Identity { .. } => "use lower-case letters, digits, `-`, `.` and `_`".to_owned(),
            Self::Exhausted { .. } => "split the mesh over several `up` processes".to_owned(),
        })
    }
}
