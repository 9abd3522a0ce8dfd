//! [`CaFault`]: what the CA does to a workload that asks for a certificate.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::fault::error::FaultError;
use crate::fault::words::{read_duration, write_duration};
use crate::mesh::nearest;

/// What the CA does to a workload that asks for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CaFault {
    /// It cannot be reached.
    Down,
    /// It issues, so much later.
    Slow(Duration),
    /// It refuses.
    Deny,
    /// It issues a certificate for somebody else.
    WrongIdentity,
    /// It answers without a certificate.
    EmptyChain,
    /// It answers with a certificate, and with the key of another one.
    OtherKey,
    /// It answers with a key in SEC1's form, where only PKCS#8 is read.
    Sec1Key,
}

/// Those without a value.
const PLAIN: [(&str, CaFault); 6] = [
    ("ca:down", CaFault::Down),
    ("ca:deny", CaFault::Deny),
    ("ca:wrong-identity", CaFault::WrongIdentity),
    ("ca:empty-chain", CaFault::EmptyChain),
    ("ca:other-key", CaFault::OtherKey),
    ("ca:sec1-key", CaFault::Sec1Key),
];
/// The one with a value.
const SLOW: &str = "ca:slow";

impl CaFault {
    /// The words that faults of a CA begin with.
    pub(crate) fn words() -> impl Iterator<Item = &'static str> {
        PLAIN.iter().map(|(name, _)| *name).chain([SLOW])
    }
}

impl fmt::Display for CaFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow(delay) => write!(f, "{SLOW}={}", write_duration(*delay)),
            plain => f.write_str(PLAIN.iter().find(|(_, fault)| fault == plain).map_or("", |(name, _)| name)),
        }
    }
}

impl FromStr for CaFault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        if let Some((_, fault)) = PLAIN.iter().find(|(name, _)| *name == text) {
            return Ok(*fault);
        }
        match text.split_once('=') {
            Some((word, delay)) if word == SLOW => read_duration(SLOW, delay).map(Self::Slow),
            _ => Err(FaultError::What { found: text.to_owned(), meant: nearest(text, Self::words()) }),
        }
    }
}
