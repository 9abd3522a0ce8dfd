//! [`There`]: what a description of a running mesh is made from.

use crate::app::backends::Placement;
use crate::app::pods::PodMap;
use crate::proxy::Door;

/// What there is of a mesh on this machine.
pub(crate) struct There<'a> {
    pub(crate) doors: &'a [Door],
    pub(crate) placement: &'a Placement,
    pub(crate) pods: &'a PodMap,
}
