//! Identities of a running mesh, one line each: what they show, until when, and who trusts it; then the roots.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::admin::view::certificate::CertificateView;
use crate::admin::view::document::Kind;
use crate::admin::view::time::{nanoseconds, rfc3339};
use crate::ca::AuthorityOptions;
use crate::identity::{CertificateDer, CertificateSummary, TrustBundle, parse_certificates};
use crate::tls::{Expected, Question, Role};

/// One identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityView {
    /// `workload` or `root`.
    pub role: String,
    /// The SPIFFE ID, or the subject of a root.
    pub identity: String,
    /// `Available`, `Initializing`, or `Unavailable: ` and why; of a root, `Available` or `Expired`.
    pub status: String,
    /// The kind of its key: `P-256`.
    pub public_key: String,
    /// The leaf's serial number; empty while there is none.
    pub serial_number: String,
    /// The first moment of validity.
    pub not_before: String,
    /// The last moment of validity.
    pub not_after: String,
    /// For how much longer the leaf is valid; absent once it is over, and while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_ns: Option<u64>,
    /// Until about when it is renewed: half of what was left when it came, give or take a tenth. Zero when that has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal_in_ns: Option<u64>,
    /// The identities that would accept it as a client, by the verifier of the wire; itself is not among them. Of a root:
    /// those that have it among theirs.
    pub trusted_by: Vec<String>,
    /// How many identities there are beside it.
    pub others: usize,
}

/// What one identity holds.
struct Holder<'a> {
    identity: &'a str,
    chain: Vec<CertificateDer>,
    roots: Vec<CertificateDer>,
}

impl IdentityView {
    /// Every identity that holds or awaits a certificate, in the order of `certificates`, and every root that any of them trusts.
    pub fn all(certificates: &[CertificateView], now: SystemTime) -> Vec<Self> {
        let mut names: Vec<&str> = Vec::new();
        for view in certificates {
            if !names.contains(&view.identity.as_str()) {
                names.push(&view.identity);
            }
        }
        let holders: Vec<Holder<'_>> = names.iter().map(|name| Holder::of(name, certificates)).collect();
        let held = holders.iter().map(|holder| holder.view((&holders, certificates), now));
        held.chain(roots(&holders, now)).collect()
    }
}

impl<'a> Holder<'a> {
    fn of(identity: &'a str, certificates: &[CertificateView]) -> Self {
        let of = |is_root: bool| {
            let mine = certificates.iter().filter(|view| view.identity == identity);
            let mine = mine.filter(|view| (view.role == "Root") == is_root);
            mine.filter_map(|view| parse_certificates(identity, view.pem.as_bytes()).ok()).flatten().collect()
        };
        Self { identity, chain: of(false), roots: of(true) }
    }

    fn view(&self, (holders, certificates): (&[Self], &[CertificateView]), now: SystemTime) -> IdentityView {
        let first = certificates.iter().find(|view| view.identity == self.identity && view.role != "Root");
        let leaf = self.chain.first().and_then(|der| CertificateSummary::parse(der).ok());
        let trusting =
            holders.iter().filter(|other| other.identity != self.identity && other.accepts(self, now));
        let left = leaf.as_ref().and_then(|leaf| leaf.not_after.duration_since(now).ok());
        IdentityView {
            role: "workload".to_owned(),
            identity: self.identity.to_owned(),
            status: first.map_or_else(String::new, |view| view.status.clone()),
            public_key: leaf.as_ref().map_or_else(String::new, |leaf| leaf.public_key.clone()),
            serial_number: leaf.as_ref().map_or_else(String::new, |leaf| leaf.serial.clone()),
            not_before: leaf.as_ref().map_or_else(String::new, |leaf| rfc3339(leaf.not_before)),
            not_after: leaf.as_ref().map_or_else(String::new, |leaf| rfc3339(leaf.not_after)),
            expires_in_ns: left.map(nanoseconds),
            renewal_in_ns: leaf.as_ref().map(|leaf| nanoseconds(renewal(leaf, now))),
            trusted_by: trusting.map(|other| other.identity.to_owned()).collect(),
            others: holders.len() - 1,
        }
    }

    /// Whether this one, as a server, accepts `other` as a client.
    fn accepts(&self, other: &Self, now: SystemTime) -> bool {
        let trust_domain =
            self.identity.trim_start_matches("spiffe://").split('/').next().unwrap_or_default();
        let bundle = TrustBundle { trust_domain: trust_domain.to_owned(), roots: self.roots.clone() };
        let question = Question {
            role: Role::Server,
            bundle: bundle.into(),
            expected: Expected::OurTrustDomain(Vec::new()),
            revocations: std::sync::Arc::default(),
            at: now,
        };
        question.ask(&other.chain).is_ok_and(|acceptance| acceptance.refused.is_none())
    }
}

/// Each root once, with those that trust it: while one replaces another, this is who has heard of which.
fn roots(holders: &[Holder<'_>], now: SystemTime) -> Vec<IdentityView> {
    let mut found: Vec<&CertificateDer> = Vec::new();
    for root in holders.iter().flat_map(|holder| &holder.roots) {
        if !found.contains(&root) {
            found.push(root);
        }
    }
    let view = |der: &CertificateDer| {
        let root = CertificateSummary::parse(der).ok()?;
        let left = root.not_after.duration_since(now).ok();
        let trusting = holders.iter().filter(|holder| holder.roots.contains(der));
        Some(IdentityView {
            role: "root".to_owned(),
            identity: root.subject,
            status: if left.is_some() { "Available" } else { "Expired" }.to_owned(),
            public_key: root.public_key,
            serial_number: root.serial,
            not_before: rfc3339(root.not_before),
            not_after: rfc3339(root.not_after),
            expires_in_ns: left.map(nanoseconds),
            renewal_in_ns: None,
            trusted_by: trusting.map(|holder| holder.identity.to_owned()).collect(),
            others: holders.len(),
        })
    };
    found.into_iter().filter_map(view).collect()
}

/// Half of what was left when it came (`identity::renewal_due`): a CA dates its certificates back, as istiod does.
fn renewal(leaf: &CertificateSummary, now: SystemTime) -> Duration {
    let backdate = AuthorityOptions::default().backdate;
    let life = leaf.not_after.duration_since(leaf.not_before).unwrap_or_default();
    let lived = life.checked_sub(backdate).map_or(life / 2, |left| backdate + left / 2);
    (leaf.not_before + lived).duration_since(now).unwrap_or_default()
}

impl Kind for IdentityView {
    const KIND: &'static str = "Identity";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::Authority;

    #[test]
    fn who_trusts_whom_follows_the_roots() {
        let now = SystemTime::now();
        let (one, other) = (
            Authority::generate(&AuthorityOptions::default()).unwrap(),
            Authority::generate(&AuthorityOptions::default()).unwrap(),
        );
        let id = |name: &str| format!("spiffe://cluster.local/ns/default/sa/{name}").parse().unwrap();
        let svids =
            [one.issue_now(&id("a")), one.issue_now(&id("b")), other.issue_now(&id("c"))].map(Result::unwrap);
        let mut certificates: Vec<_> =
            svids.iter().flat_map(|svid| CertificateView::of_svid(svid, now)).collect();
        certificates.push(CertificateView::missing("spiffe://cluster.local/ns/default/sa/d", "Initializing"));
        let views = IdentityView::all(&certificates, now);
        let trusted: Vec<usize> = views.iter().map(|view| view.trusted_by.len()).collect();
        assert_eq!(trusted, [1, 1, 0, 0, 2, 1], "and two roots, of one name");
        assert_eq!((views[5].role.as_str(), views[5].identity.as_str()), ("root", "O=cluster.local"));
        assert_eq!(views[0].trusted_by, ["spiffe://cluster.local/ns/default/sa/b"]);
        assert_eq!(
            (views[3].status.as_str(), views[3].renewal_in_ns, views[3].others),
            ("Initializing", None, 3)
        );
        assert!(views[0].renewal_in_ns.unwrap() < views[0].expires_in_ns.unwrap());
        assert!(!serde_json::to_string(&views).unwrap().contains("BEGIN"));
    }
}
