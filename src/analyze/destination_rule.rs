//! What a DestinationRule asks clients to do that the other side does not do.

mod read;
mod hosts;
mod unverified;
mod against;

pub(in crate::analyze) use against::against_policy;
pub(in crate::analyze) use hosts::hosts_and_subsets;
pub(in crate::analyze) use unverified::unverified;
