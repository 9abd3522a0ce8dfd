//! The three modes of PeerAuthentication. UNSET is the absence of a mode: `Option<MtlsMode>`.

use std::fmt;

/// An effective mutual TLS mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MtlsMode {
    /// Mesh mutual TLS only.
    Strict,
    /// Mesh mutual TLS or plaintext.
    Permissive,
    /// Plaintext only; in ambient the same as `Permissive` (reference/policy.md 1.5).
    Disable,
}

impl MtlsMode {
    /// The spellings that Istio accepts; case matters there.
    pub const SPELLINGS: [&'static str; 4] = ["UNSET", "DISABLE", "PERMISSIVE", "STRICT"];

    /// Reads a mode as a document writes it; `None` is UNSET.
    ///
    /// # Errors
    ///
    /// [`UnknownMode`]; `strict` is one, because case matters.
    pub fn read(text: &str) -> Result<Option<Self>, UnknownMode> {
        match text {
            "UNSET" => Ok(None),
            "DISABLE" => Ok(Some(Self::Disable)),
            "PERMISSIVE" => Ok(Some(Self::Permissive)),
            "STRICT" => Ok(Some(Self::Strict)),
            other => Err(UnknownMode { found: other.escape_debug().to_string() }),
        }
    }
}

impl fmt::Display for MtlsMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Strict => "STRICT",
            Self::Permissive => "PERMISSIVE",
            Self::Disable => "DISABLE",
        })
    }
}

/// A word that is none of [`MtlsMode::SPELLINGS`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected one of UNSET, DISABLE, PERMISSIVE, STRICT, found `{found}`")]
pub struct UnknownMode {
    /// The word, escaped.
    pub found: String,
}
