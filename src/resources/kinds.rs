//! Which kind a document is: what is read, what is passed over, and what is a slip of the hand.

use crate::mesh::nearest;
use crate::resources::fields::Fields;
use crate::resources::parse::Problem;

/// A kind that is read, or that must not be skipped.
struct Known {
    group: &'static str,
    versions: &'static [&'static str],
    kind: &'static str,
}

const fn known(group: &'static str, versions: &'static [&'static str], kind: &'static str) -> Known {
    Known { group, versions, kind }
}

const SECURITY: &str = "security.istio.io";
const SECURITY_VERSIONS: &[&str] = &["v1", "v1beta1"];

const NETWORKING: &str = "networking.istio.io";
const NETWORKING_VERSIONS: &[&str] = &["v1", "v1beta1", "v1alpha3"];

/// Kubernetes' core group has no name.
const KNOWN: [Known; 15] = [
    known("", &["v1"], "List"),
    known("", &["v1"], "Namespace"),
    known("", &["v1"], "ServiceAccount"),
    known("", &["v1"], "Service"),
    known("", &["v1"], "Pod"),
    known("apps", &["v1"], "Deployment"),
    known(NETWORKING, NETWORKING_VERSIONS, "WorkloadEntry"),
    known(NETWORKING, NETWORKING_VERSIONS, "DestinationRule"),
    known(NETWORKING, NETWORKING_VERSIONS, "VirtualService"),
    known(SECURITY, SECURITY_VERSIONS, "PeerAuthentication"),
    known(SECURITY, SECURITY_VERSIONS, "AuthorizationPolicy"),
    known(SECURITY, SECURITY_VERSIONS, "RequestAuthentication"),
    known("glasstunnel.dev", &["v1"], "Scenario"),
    known("mesh.istio.io", &["v1alpha1"], "MeshConfig"),
    known("install.istio.io", &["v1alpha1"], "IstioOperator"),
];

/// What a document says it is.
pub(crate) enum Kind<'a> {
    /// One of ours, in a version that we read.
    Known(&'a str),
    /// Somebody else's, as kubectl would name it: `Gateway`, or `Service.serving.knative.dev` where our own kind of
    /// that name is meant otherwise.
    Other(String),
}

impl Kind<'_> {
    /// The kind as objects are called by it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Known(kind) => kind,
            Self::Other(kind) => kind,
        }
    }
}

/// Reads `apiVersion` and `kind`.
pub(crate) fn kind<'a>(document: Fields<'a>) -> Result<Kind<'a>, Problem> {
    let kind = document.required_text("kind")?;
    let known = KNOWN.iter().find(|known| known.kind == kind);
    let api_version = document.required_text("apiVersion").map_err(|problem| Problem {
        help: known.map(|known| format!("add `apiVersion: {}`", known.newest())),
        ..problem
    })?;
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let Some(known) = known else {
        return match slip(group, kind) {
            Some(near) => Err(unknown_kind(document, kind, near)),
            None => Ok(Kind::Other(kind.to_owned())),
        };
    };
    if known.group == group && known.versions.contains(&version) {
        return Ok(Kind::Known(kind));
    }
    // `Service` and its like are common words, and whoever has a domain may use them; Istio's are not.
    if group.contains('.') && !known.group.contains('.') {
        return Ok(Kind::Other(format!("{kind}.{group}")));
    }
    Err(Problem {
        at: document.get("apiVersion").map_or_else(|| document.at(), |found| found.at()),
        code: "resources.unknown_version",
        message: format!("expected {} for {kind}, found `{}`", known.spellings(), api_version.escape_debug()),
        help: Some(format!("write {}", known.newest())),
    })
}

impl Known {
    fn newest(&self) -> String {
        self.versions.first().map_or(String::new(), |version| self.spelling(version))
    }

    fn spelling(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    fn spellings(&self) -> String {
        let all: Vec<String> = self.versions.iter().map(|version| self.spelling(version)).collect();
        all.join(" or ")
    }
}

/// The kind that was meant, if `kind` is a slip in a group of ours: one wrong letter in five, or the wrong case.
///
/// A policy whose kind is misspelt would otherwise be passed over, and not enforced.
fn slip(group: &str, kind: &str) -> Option<&'static str> {
    KNOWN.iter().find(|known| known.group == group)?;
    let near = nearest(kind, KNOWN.iter().map(|known| known.kind))?;
    (letters_apart(near, kind) <= near.len() / 5).then_some(near)
}

/// How many letters one word has and the other has not: `WorkloadGroup` begins like `WorkloadEntry` and is no slip.
fn letters_apart(left: &str, right: &str) -> usize {
    let mut only_right: Vec<char> = right.to_lowercase().chars().collect();
    let mut only_left = 0;
    for letter in left.to_lowercase().chars() {
        match only_right.iter().position(|other| *other == letter) {
            Some(place) => {
                only_right.swap_remove(place);
            }
            None => only_left += 1,
        }
    }
    only_left + only_right.len()
}

fn unknown_kind(document: Fields<'_>, kind: &str, near: &str) -> Problem {
    Problem {
        at: document.get("kind").map_or_else(|| document.at(), |found| found.at()),
        code: "resources.unknown_kind",
        message: format!("expected a kind, found `{}`", kind.escape_debug()),
        help: Some(format!("did you mean `{near}`?")),
    }
}
