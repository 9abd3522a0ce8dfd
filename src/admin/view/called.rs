//! A connection that was made on request.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::glass::Sequence;

/// Where it comes from: the address of `source` in its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CalledView {
    /// As policies and records know it; its port tells it from others.
    pub client: SocketAddr,
}

impl Kind for CalledView {
    const KIND: &'static str = "Called";
}

impl Kind for Sequence {
    const KIND: &'static str = "Trace";
}
