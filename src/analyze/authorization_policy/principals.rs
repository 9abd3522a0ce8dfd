//! GT1207 and GT1208: principals that no peer can have, because of how they begin.

use crate::analyze::authorization_policy::entries::{At, enforced, of_policy};
use crate::analyze::codes::{OTHER_TRUST_DOMAIN, SPIFFE_PREFIX};
use crate::analyze::context::{Context, Rules};
use crate::analyze::report::{Change, Draft, Report};
use crate::policy::StringMatch;
use crate::resources::Content;

const SCHEME: &str = "spiffe://";
/// For a sidecar this trust domain in a policy stands for the mesh's own; a ztunnel compares letters.
const POINTER: &str = "cluster.local";

pub(in crate::analyze) fn principals(cx: &Context<'_>, report: &mut Report) {
    // Without settings nobody has said what the trust domain is.
    let is_known = cx.objects.iter().any(|object| matches!(object.content, Content::Settings(_)));
    for rules in enforced(cx) {
        for (at, entry) in of_policy(rules) {
            let values = &entry.matches.principals;
            let both = [("principals", &values.any), ("notPrincipals", &values.none)];
            let named = both.iter().flat_map(|(field, all)| all.iter().map(|value| (*field, value)));
            for (field, value) in named {
                if let Some(draft) = prefix(rules, at, field, value) {
                    report.add(draft);
                } else if is_known && cx.reached_by_rules(rules.policy).may_be_ambient() {
                    report.add_if_any(foreign(cx, rules, (at, field, value)));
                }
            }
        }
    }
}

fn prefix<'a>(rules: Rules<'a>, at: At, field: &str, value: &StringMatch) -> Option<Draft<'a>> {
    let text = value.to_string();
    let rest = text.strip_prefix(SCHEME)?;
    Some(Draft {
        code: &SPIFFE_PREFIX,
        object: rules.object,
        at: at.value(field, &text),
        message: format!("this principal {}: policies write it without `{SCHEME}`", consequence(field)),
        why: "the peer's SPIFFE ID is compared without its scheme, letter by letter".to_owned(),
        fix: format!("write {rest}"),
        change: Change::Replace { at: at.value(field, &text), old: text.clone(), new: rest.to_owned() },
    })
}

fn consequence(field: &str) -> &'static str {
    match field {
        "notPrincipals" => "excludes nobody",
        _ => "never matches",
    }
}

fn foreign<'a>(
    cx: &Context<'a>,
    rules: Rules<'a>,
    (at, field, value): (At, &str, &StringMatch),
) -> Option<Draft<'a>> {
    let settings = cx.mesh.settings();
    let text = value.to_string();
    let (trust_domain, rest) = text.split_once('/').filter(|(domain, _)| !domain.contains('*'))?;
    if trust_domain == settings.trust_domain {
        return None;
    }
    let own = format!("{}/{rest}", settings.trust_domain);
    let change = match trust_domain {
        POINTER => Change::Replace { at: at.value(field, &text), old: text.clone(), new: own.clone() },
        _ => Change::ByHand,
    };
    let why = match trust_domain {
        POINTER => {
            "a sidecar takes cluster.local for whatever the trust domain is; a ztunnel compares letters"
        }
        alias if settings.trust_domain_aliases.iter().any(|known| known == alias) => {
            "a ztunnel knows no trust domain aliases, and refuses such a peer's certificate in the handshake"
        }
        _ => "a peer of another trust domain does not get through the TLS handshake",
    };
    Some(Draft {
        code: &OTHER_TRUST_DOMAIN,
        object: rules.object,
        at: at.value(field, &text),
        message: format!(
            "this principal {}: the trust domain of this mesh is {}",
            consequence(field),
            settings.trust_domain
        ),
        why: why.to_owned(),
        fix: format!("write {own}, or */{rest} for any trust domain"),
        change,
    })
}
