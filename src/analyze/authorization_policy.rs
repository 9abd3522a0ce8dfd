//! What an AuthorizationPolicy says and is not so at a ztunnel.

mod entries;
mod empty_selector;
mod not_accepted;
mod waypoint;
mod ports;
mod layer7;
mod principals;
mod peers;
mod plaintext;
mod trust_domains;
mod addresses;
mod contradiction;
mod allow_and_deny;
mod allow_nothing;

pub(in crate::analyze) use addresses::virtual_address;
pub(in crate::analyze) use allow_and_deny::allow_and_deny;
pub(in crate::analyze) use allow_nothing::allow_nothing;
pub(in crate::analyze) use contradiction::never_matches;
pub(in crate::analyze) use empty_selector::empty_selector;
pub(in crate::analyze) use layer7::layer7;
pub(in crate::analyze) use not_accepted::not_accepted;
pub(in crate::analyze) use peers::peers;
pub(in crate::analyze) use plaintext::negative_allow;
pub(in crate::analyze) use ports::service_ports;
pub(in crate::analyze) use principals::principals;
pub(in crate::analyze) use trust_domains::trust_domains;
pub(in crate::analyze) use waypoint::waypoint;
