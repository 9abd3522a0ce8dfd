//! What a code stands for.

use crate::analyze::level::Level;

/// One kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// `IST0127` where Istio has a code for it, else `GT1…`. Never given to anything else again.
    pub id: &'static str,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// How bad it is.
    pub level: Level,
    /// Where the rule is told: a page or a thread. Empty for Istio's codes, which have pages of their own.
    pub(in crate::analyze) page: &'static str,
}

impl Code {
    /// The page to read.
    pub fn url(&self) -> String {
        match self.page {
            "" => {
                format!(
                    "https://istio.io/latest/docs/reference/config/analysis/{}/",
                    self.id.to_ascii_lowercase()
                )
            }
            page => format!("https://{page}"),
        }
    }
}
