//! [`Step`]: what happens to a mesh between two clients.

use std::fmt;
use std::time::Duration;

use crate::fault::ClockFault;
use crate::resources::{ObjectKey, Objects};
use crate::scenario::fault::FaultWish;

/// What happens to a mesh between two clients. It has happened when whatever comes next begins.
#[derive(Clone, Debug)]
pub enum Step {
    /// These documents take the place of their namesakes, or come beside the others.
    Apply(Objects),
    /// These documents go.
    Delete(Vec<ObjectKey>),
    /// The certificate of this workload is revoked by its CA, and all proxies have read so.
    Revoke(String),
    /// This workload asks for a new certificate.
    Renew(String),
    /// From here on these, and no others. What is open stays as it is.
    Faults(Vec<FaultWish>),
    /// It is so much later than when the mesh was started, for everybody: [`Scenario::at`](crate::scenario::Scenario::at).
    At(time::Duration),
    /// The mesh stops with this grace.
    Drain(Duration),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apply(objects) => {
                write!(f, "apply {}", joined(objects.iter().map(|object| object.key.to_string())))
            }
            Self::Delete(keys) => write!(f, "delete {}", joined(keys.iter().map(ToString::to_string))),
            Self::Revoke(workload) => write!(f, "revoke {workload}"),
            Self::Renew(workload) => write!(f, "renew {workload}"),
            Self::Faults(faults) if faults.is_empty() => f.write_str("no faults"),
            Self::Faults(faults) => {
                let said = faults.iter().map(|wish| format!("{} of {}", wish.fault, wish.workload));
                write!(f, "{}", joined(said))
            }
            Self::At(ahead) => write!(f, "at {}", ClockFault::new(*ahead).amount()),
            Self::Drain(grace) => write!(f, "drain {grace:?}"),
        }
    }
}

/// What happens, in one line; empty for nothing.
pub(crate) fn told(steps: &[Step]) -> String {
    joined(steps.iter().map(ToString::to_string))
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
