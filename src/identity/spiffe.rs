//! [`SpiffeId`]: the name of a workload, `spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::identity::error::{IdentityError, SpiffeProblem};

/// The only scheme, in lower case: SPIFFE-ID §2.4 lets a reader fold case, and a reader that does not cannot confuse two.
const SCHEME: &str = "spiffe://";
/// The longest SPIFFE ID, in bytes (SPIFFE-ID §2.3).
const LONGEST_ID: usize = 2048;
/// The longest trust domain, in bytes (SPIFFE-ID §2.3, which takes it from RFC 3986 §3.2.2).
const LONGEST_TRUST_DOMAIN: usize = 255;

/// The identity of a workload, in the shape that Istio gives it.
///
/// A value exists only for a text that keeps every rule of SPIFFE-ID §2 and has Istio's path
/// `/ns/NAMESPACE/sa/SERVICE_ACCOUNT`; two ids are equal exactly when their texts are equal, byte for byte.
/// Cloning is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpiffeId {
    text: Arc<str>,
    trust_domain_end: usize,
    namespace_end: usize,
}

impl SpiffeId {
    /// An identity from its three names.
    ///
    /// # Errors
    ///
    /// [`IdentityError::NotSpiffe`] when a name is empty or has a character that SPIFFE-ID §2 does not allow.
    pub fn new(trust_domain: &str, namespace: &str, service_account: &str) -> Result<Self, IdentityError> {
        format!("{SCHEME}{trust_domain}/ns/{namespace}/sa/{service_account}").parse()
    }

    /// The trust domain, such as `cluster.local`.
    pub fn trust_domain(&self) -> &str {
        &self.text[SCHEME.len()..self.trust_domain_end]
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.text[self.trust_domain_end + "/ns/".len()..self.namespace_end]
    }

    /// The service account.
    pub fn service_account(&self) -> &str {
        &self.text[self.namespace_end + "/sa/".len()..]
    }

    /// Namespace and service account, `NAMESPACE/sa/SERVICE_ACCOUNT`: the part that no trust domain changes.
    pub fn namespaced_account(&self) -> &str {
        &self.text[self.trust_domain_end + "/ns/".len()..]
    }

    /// What an AuthorizationPolicy's `principals` are matched against: the id without `spiffe://`.
    pub fn principal(&self) -> &str {
        &self.text[SCHEME.len()..]
    }

    /// The whole id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for SpiffeId {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let (trust_domain, namespace) =
            parse(text).map_err(|problem| IdentityError::NotSpiffe { text: text.to_owned(), problem })?;
        let trust_domain_end = SCHEME.len() + trust_domain.len();
        let namespace_end = trust_domain_end + "/ns/".len() + namespace.len();
        Ok(Self { text: Arc::from(text), trust_domain_end, namespace_end })
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Checks every rule, general ones first; gives the trust domain and the namespace.
fn parse(text: &str) -> Result<(&str, &str), SpiffeProblem> {
    if text.len() > LONGEST_ID {
        return Err(SpiffeProblem::TooLong(text.len()));
    }
    let rest = text.strip_prefix(SCHEME).ok_or(SpiffeProblem::Scheme)?;
    let (trust_domain, path) = rest.split_once('/').map_or((rest, None), |(name, path)| (name, Some(path)));
    check_trust_domain(trust_domain)?;
    let path = path.ok_or(SpiffeProblem::NotIstio)?;
    path.split('/').try_for_each(check_segment)?;
    let mut segments = path.split('/');
    match std::array::from_fn(|_| segments.next()) {
        [Some("ns"), Some(namespace), Some("sa"), Some(_), None] => Ok((trust_domain, namespace)),
        _ => Err(SpiffeProblem::NotIstio),
    }
}

/// SPIFFE-ID §2.1: lower case letters, digits, dot, dash, underscore; so no port, no user part, no percent-encoding.
fn check_trust_domain(name: &str) -> Result<(), SpiffeProblem> {
    if name.is_empty() {
        return Err(SpiffeProblem::EmptyTrustDomain);
    }
    if name.len() > LONGEST_TRUST_DOMAIN {
        return Err(SpiffeProblem::LongTrustDomain(name.len()));
    }
    let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '.' | '-' | '_');
    match name.chars().find(|c| !allowed(*c)) {
        Some(found) => Err(SpiffeProblem::TrustDomainCharacter(found)),
        None => Ok(()),
    }
}

/// SPIFFE-ID §2.2: no empty, `.` or `..` segment; letters, digits, dot, dash, underscore only.
fn check_segment(segment: &str) -> Result<(), SpiffeProblem> {
    match segment {
        "" => return Err(SpiffeProblem::EmptySegment),
        "." | ".." => return Err(SpiffeProblem::DotSegment),
        _ => {}
    }
    let allowed = |c: char| matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_');
    match segment.chars().find(|c| !allowed(*c)) {
        Some(found) => Err(SpiffeProblem::PathCharacter(found)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
