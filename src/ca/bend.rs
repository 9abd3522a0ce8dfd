//! [`Bend`]: the ways in which a certificate can be wrong on purpose, each with a name that people type.

use std::fmt;
use std::str::FromStr;

/// What is wrong with a certificate or with its chain, on purpose. Most are rows of reference/failures.md B.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bend {
    /// Nothing.
    Straight,
    /// It ended an hour ago.
    Expired,
    /// It begins in an hour.
    NotYetValid,
    /// It has no name of any kind.
    NoSan,
    /// It has a DNS name instead of an identity.
    NoUriSan,
    /// It has the asked identity first, and a second one.
    TwoUriSans,
    /// Its identity is a legal SPIFFE ID, but not Istio's shape.
    NotIstio,
    /// Its identity is of the trust domain `other.domain`.
    OtherTrustDomain,
    /// It is good for servers only.
    ServerOnly,
    /// It is good for clients only.
    ClientOnly,
    /// It says CA:TRUE.
    CaFlag,
    /// Its key usage has keyCertSign.
    MaySign,
    /// A root of another name signed it.
    OtherRoot,
    /// A root of our root's name, with another key, signed it.
    SameNameRoot,
    /// An intermediate signed it that is not sent.
    MissingIntermediate,
    /// An intermediate signed it that is good for servers only.
    IntermediateServerOnly,
    /// Eight intermediates stand above it.
    LongChain,
    /// The root is sent, too.
    WithRoot,
    /// It and the intermediate that signed it have RSA keys of 8192 bits.
    HugeRsa,
}

/// A word that is no bend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a bend ({}), found `{}`", names(), found.escape_debug())]
pub struct UnknownBend {
    /// What was given.
    pub found: String,
}

impl Bend {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Straight,
        Self::Expired,
        Self::NotYetValid,
        Self::NoSan,
        Self::NoUriSan,
        Self::TwoUriSans,
        Self::NotIstio,
        Self::OtherTrustDomain,
        Self::ServerOnly,
        Self::ClientOnly,
        Self::CaFlag,
        Self::MaySign,
        Self::OtherRoot,
        Self::SameNameRoot,
        Self::MissingIntermediate,
        Self::IntermediateServerOnly,
        Self::LongChain,
        Self::WithRoot,
        Self::HugeRsa,
    ];

    /// What people type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Straight => "none",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::NoSan => "no-san",
            Self::NoUriSan => "dns-san",
            Self::TwoUriSans => "two-sans",
            Self::NotIstio => "not-istio",
            Self::OtherTrustDomain => "other-trust-domain",
            Self::ServerOnly => "server-auth-only",
            Self::ClientOnly => "client-auth-only",
            Self::CaFlag => "ca",
            Self::MaySign => "may-sign",
            Self::OtherRoot => "other-root",
            Self::SameNameRoot => "same-name-root",
            Self::MissingIntermediate => "missing-intermediate",
            Self::IntermediateServerOnly => "intermediate-server-auth-only",
            Self::LongChain => "long-chain",
            Self::WithRoot => "with-root",
            Self::HugeRsa => "rsa-8192-chain",
        }
    }

    /// What is wrong, as the end of a sentence that begins with the certificate.
    pub fn about(self) -> &'static str {
        match self {
            Self::Straight => "has nothing wrong with it",
            Self::Expired => "ended an hour ago",
            Self::NotYetValid => "begins in an hour",
            Self::NoSan => "has no name of any kind",
            Self::NoUriSan => "has a DNS name instead of an identity",
            Self::TwoUriSans => "has a second identity beside the asked one",
            Self::NotIstio => "has a SPIFFE ID that is not /ns/NAMESPACE/sa/SERVICE_ACCOUNT",
            Self::OtherTrustDomain => "has an identity of the trust domain other.domain",
            Self::ServerOnly => "is good for servers only (EKU serverAuth)",
            Self::ClientOnly => "is good for clients only (EKU clientAuth)",
            Self::CaFlag => "says CA:TRUE",
            Self::MaySign => "has keyCertSign in its key usage",
            Self::OtherRoot => "was signed by a root of another name",
            Self::SameNameRoot => "was signed by a root of our root's name with another key",
            Self::MissingIntermediate => "was signed by an intermediate that is not in the chain",
            Self::IntermediateServerOnly => "was signed by an intermediate that is good for servers only",
            Self::LongChain => "has eight intermediates above it",
            Self::WithRoot => "is followed by its root",
            Self::HugeRsa => "has a key of RSA 8192, as has the intermediate that signed it",
        }
    }
}

impl FromStr for Bend {
    type Err = UnknownBend;

    fn from_str(text: &str) -> Result<Self, UnknownBend> {
        let found = Self::ALL.into_iter().find(|bend| bend.name() == text);
        found.ok_or_else(|| UnknownBend { found: text.to_owned() })
    }
}

impl fmt::Display for Bend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn names() -> String {
    Bend::ALL.map(Bend::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for bend in Bend::ALL {
            assert_eq!(bend.name().parse(), Ok(bend));
        }
        let error = "crooked".parse::<Bend>().unwrap_err().to_string();
        assert!(
            error.starts_with("expected a bend (none, expired,") && error.ends_with("found `crooked`"),
            "{error}"
        );
    }
}
