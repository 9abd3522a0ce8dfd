//! Labels and annotations: a slip in one of them is taken by everybody without a word.

mod known;
mod slip;
mod places;
mod annotations;
mod labels;
mod injection;

pub(in crate::analyze) use annotations::annotations;
pub(in crate::analyze) use injection::several_injection_labels;
pub(in crate::analyze) use labels::labels;
