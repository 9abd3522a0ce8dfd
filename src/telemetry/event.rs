//! What the data plane tells the control runtime.

use std::sync::Arc;
use std::time::SystemTime;

use crate::io::ByteCounts;
use crate::telemetry::half::{Half, Join, Party, Reporter};
use crate::telemetry::outcome::Wire;

/// Names one half while it lives: unique in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HalfId(pub u64);

/// A half that got as far as its relay.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Which side.
    pub reporter: Reporter,
    /// How it finds the other half.
    pub join: Join,
    /// When the connection was accepted here.
    pub started: SystemTime,
    /// Who dialled.
    pub source: Party,
    /// Who was dialled.
    pub destination: Party,
    /// The authority of the CONNECT.
    pub hbone_addr: Option<Arc<str>>,
    /// What the bytes are.
    pub wire: Wire,
    /// Live counts.
    pub counts: Arc<ByteCounts>,
}

/// One event of one half.
#[derive(Debug)]
pub enum Event {
    /// It relays now.
    Opened(HalfId, Box<Opening>),
    /// It ended.
    Finished(HalfId, Box<Half>),
}
