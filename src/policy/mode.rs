//! The three modes of PeerAuthentication. UNSET is the absence of a mode: `Option<MtlsMode>`.

use std::fmt;
use std::str::FromStr;

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

/// A mode as a document writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written(pub Option<MtlsMode>);

impl FromStr for Written {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "UNSET" => Ok(Self(None)),
            "DISABLE" => Ok(Self(Some(MtlsMode::Disable))),
            "PERMISSIVE" => Ok(Self(Some(MtlsMode::Permissive))),
            "STRICT" => Ok(Self(Some(MtlsMode::Strict))),
            other => Err(UnknownMode { found: other.escape_debug().to_string() }),
        }
    }
}
