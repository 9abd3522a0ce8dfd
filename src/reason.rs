//! `Reason`: every error of the crate can say a stable code, whose fault it is, and what to do next.
//!
//! And `shown`: what others wrote, as its sentence repeats it.
//!
//! Not here: formats and printing (`cli/output.rs`), and the errors themselves, which live in the room that makes them.

use std::fmt;

/// Who has to act for the failure to go away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The peer that connected to us.
    Downstream,
    /// The peer that we connected to.
    Upstream,
    /// Nobody misbehaved: a policy says no.
    Policy,
    /// This proxy: its own limits, certificate or shutdown.
    Us,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Downstream => "downstream",
            Self::Upstream => "upstream",
            Self::Policy => "policy",
            Self::Us => "us",
        })
    }
}

/// What every error can answer beyond its sentence.
///
/// The sentence itself is `Display`: it carries what was expected and what was found.
pub trait Reason: std::error::Error {
    /// A stable, greppable code, `stage.cause` (`tls.unknown_issuer`). Each code is written once in `src/`.
    fn code(&self) -> &'static str;

    /// Who has to act.
    fn side(&self) -> Side;

    /// What to do next, as a sentence that names a command where one helps.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// How much of a foreign text a sentence repeats, in characters: enough to recognise it, too little to flood a log. A header
/// of a peer may be 64 KiB long.
const SHOWN_CHARACTERS: usize = 200;

/// What somebody else wrote, escaped and cut.
pub(crate) fn shown(text: &str) -> String {
    let mut rest = text.chars();
    let mut shown: String = rest.by_ref().take(SHOWN_CHARACTERS).flat_map(char::escape_debug).collect();
    if rest.next().is_some() {
        shown.push('…');
    }
    shown
}
