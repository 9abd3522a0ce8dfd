//! A run as one page that needs nothing else.
use crate::load::Run;
/// The page.
pub fn page(run: &Run) -> String {
    run.name.clone()
}
