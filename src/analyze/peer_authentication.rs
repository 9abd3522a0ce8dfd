//! What a PeerAuthentication says and is not so.

mod selector_in_root;
mod ports;
mod duplicates;
mod disable;
mod declared;

pub(in crate::analyze) use declared::{declared_and_enforced, root_empty_selector};
pub(in crate::analyze) use disable::disable_in_ambient;
pub(in crate::analyze) use duplicates::duplicates;
pub(in crate::analyze) use ports::ports;
pub(in crate::analyze) use selector_in_root::selector_in_root;
