//! [`Injected`]: a fault of any kind, as scenarios write it.

use std::fmt;
use std::str::FromStr;

use crate::fault::ca_fault::CaFault;
use crate::fault::clock_fault::ClockFault;
use crate::fault::endpoint_fault::EndpointFault;
use crate::fault::error::FaultError;
use crate::fault::wire_fault::Fault;
use crate::mesh::nearest;

/// A fault of any kind: those of an endpoint begin with `h2:`, those of a CA with `ca:`, those of a clock with `clock=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Injected {
    /// On the wire.
    Wire(Fault),
    /// At an HBONE server.
    Endpoint(EndpointFault),
    /// Of a clock.
    Clock(ClockFault),
    /// At the CA.
    Ca(CaFault),
}

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wire(fault) => fault.fmt(f),
            Self::Endpoint(fault) => fault.fmt(f),
            Self::Clock(fault) => fault.fmt(f),
            Self::Ca(fault) => fault.fmt(f),
        }
    }
}

impl FromStr for Injected {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        if text.starts_with("h2:") {
            return text.parse().map(Self::Endpoint);
        }
        if text.starts_with("ca:") {
            return text.parse().map(Self::Ca);
        }
        if text.starts_with("clock") {
            return text.parse().map(Self::Clock);
        }
        text.parse().map(Self::Wire).map_err(|error| match error {
            FaultError::What { found, meant: None } => {
                let meant = nearest(&found, CaFault::words().chain(["clock=+25h"]));
                FaultError::What { found, meant }
            }
            error => error,
        })
    }
}

#[cfg(test)]
mod tests;
