//! [`Injected`]: a fault of either kind, as scenarios write it.

use std::fmt;
use std::str::FromStr;

use crate::fault::endpoint_fault::EndpointFault;
use crate::fault::error::FaultError;
use crate::fault::wire_fault::Fault;

/// A fault of either kind: those of an endpoint begin with `h2:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Injected {
    /// On the wire.
    Wire(Fault),
    /// At an HBONE server.
    Endpoint(EndpointFault),
}

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wire(fault) => fault.fmt(f),
            Self::Endpoint(fault) => fault.fmt(f),
        }
    }
}

impl FromStr for Injected {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        match text.starts_with("h2:") {
            true => text.parse().map(Self::Endpoint),
            false => text.parse().map(Self::Wire),
        }
    }
}
