//! Whether one party would accept another, check by check.

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::reason::Reason as _;
use crate::tls::{Acceptance, Checked, Found, Role};

/// The answer for one role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptanceView {
    /// What the peer would be: `client` or `server`.
    pub peer_role: String,
    /// The identity that the peer shows, if it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// Whether it would be accepted.
    pub accepted: bool,
    /// The code of what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The alert that the peer would get, as `certificate_expired (45)`: all that it would hear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    /// The line that the verifier would log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Every check.
    pub checks: Vec<CheckView>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckView {
    /// `identity`, `no_ca`, `no_signer`, `expected`, `dates`, `purpose`, `path` or `revocation`.
    pub check: String,
    /// `good`, `bad`, `not_reached`, or `not_asked`: there was nothing to hold it against.
    pub result: String,
    /// What is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl AcceptanceView {
    /// The answer of a verifier of that `role`, about a peer that calls itself `peer`.
    pub fn of(role: Role, peer: Option<String>, acceptance: &Acceptance) -> Self {
        let refused = acceptance.refused.as_ref();
        Self {
            peer_role: match role {
                Role::Server => "client",
                Role::Client => "server",
            }
            .to_owned(),
            peer,
            accepted: refused.is_none(),
            code: refused.map(|refused| refused.code().to_owned()),
            alert: refused.and_then(|refused| refused.alert_sent()).map(|alert| alert.to_string()),
            log: refused.map(ToString::to_string),
            hint: refused.and_then(|refused| refused.hint()),
            checks: acceptance.checks.iter().map(|(check, found)| CheckView::of(*check, found)).collect(),
        }
    }
}

impl CheckView {
    fn of(check: Checked, found: &Found) -> Self {
        let (result, problem) = match found {
            Found::Good => ("good", None),
            Found::Bad(cause) => ("bad", Some(cause.to_string())),
            Found::NotReached => ("not_reached", None),
            Found::NotAsked => ("not_asked", None),
        };
        Self { check: name(check).to_owned(), result: result.to_owned(), problem }
    }
}

impl Kind for AcceptanceView {
    const KIND: &'static str = "Acceptance";
}

fn name(check: Checked) -> &'static str {
    match check {
        Checked::Identity => "identity",
        Checked::NoCa => "no_ca",
        Checked::NoSigner => "no_signer",
        Checked::Expected => "expected",
        Checked::Dates => "dates",
        Checked::Purpose => "purpose",
        Checked::Path => "path",
        Checked::Revocation => "revocation",
    }
}
