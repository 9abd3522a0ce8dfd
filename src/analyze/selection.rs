//! Who a policy is for: nobody, somebody else, or somebody whom no proxy protects. The same for both kinds of policy.

mod selecting;
mod no_match;
mod empty_namespace;
mod outside;
mod gateway;

pub(in crate::analyze) use empty_namespace::empty_namespace;
pub(in crate::analyze) use gateway::selector_on_gateway;
pub(in crate::analyze) use no_match::no_match;
pub(in crate::analyze) use outside::outside_the_mesh;
