//! One rule: the entries of `from`, `to` and `when`.

use crate::policy::{Action, Entry, Rule};
use crate::resources::authorization_policy::condition::condition;
use crate::resources::authorization_policy::operation::operation;
use crate::resources::authorization_policy::refusal::empty;
use crate::resources::authorization_policy::source::source;
use crate::resources::authorization_policy::words::Context;
use crate::resources::fields::Fields;
use crate::resources::findings::Findings;
use crate::resources::node::{At, Node, Value};
use crate::resources::parse::Problem;
use crate::resources::schema::{items, object, too_many};

/// The schema's limit for `from`.
const MOST_SOURCES: usize = 512;

/// Reads a rule; an empty one matches everything.
pub(crate) fn rule(node: &Node, context: Context<'_>, findings: &mut Findings) -> Option<Rule> {
    let number = context.number;
    let path = format!("spec.rules[{number}]");
    if node.value == Value::Null {
        let message = format!(
            "{path} in body must be of type object: \"null\": `rule` must not be nil, found at rule {number}"
        );
        findings.refuse(empty(
            node.at,
            message,
            "write `{}` for a rule that matches everything, or remove the dash",
        ));
        return None;
    }
    let fields = findings.keep(object(node, &path, &["from", "to", "when"]))?;
    let from = entries(fields, ["from", "source"], context, findings);
    if let (Some(found), true) = (fields.get("from"), from.len() > MOST_SOURCES) {
        findings.refuse(too_many(found.node(), &format!("{path}.from"), from.len(), MOST_SOURCES));
    }
    let to = entries(fields, ["to", "operation"], context, findings);
    let when = findings.keep(items(fields, "when", &path)).unwrap_or_default();
    let rule = Rule {
        from: exactly(from.iter().filter_map(|(node, path)| source(node, path, context, findings))),
        to: exactly(to.iter().filter_map(|(node, path)| operation(node, path, context, findings))),
        when: exactly(when.iter().enumerate().filter_map(|(index, node)| {
            condition(node, &format!("{path}.when[{index}]"), context, findings)
        })),
    };
    if context.action == Action::Deny && http_only(&rule) {
        findings.warn(http_only_deny(node.at));
    }
    Some(rule)
}

/// In as much memory as it takes: a list grows to four entries at once, most have one, and there may be 100 000 policies.
pub(super) fn exactly<T>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.collect::<Box<[T]>>().into_vec()
}

/// What stands under `inner` in each entry of the list `outer`, with its path.
fn entries<'a>(
    rule: Fields<'a>,
    [outer, inner]: [&'static str; 2],
    context: Context<'_>,
    findings: &mut Findings,
) -> Vec<(&'a Node, String)> {
    let number = context.number;
    let path = format!("spec.rules[{number}]");
    let list = findings.keep(items(rule, outer, &path)).unwrap_or_default();
    let nil = |node: &Node, what: &str| {
        let message = format!("`{what}` must not be nil, found at rule {number}");
        empty(node.at, message, "say what must match, or remove the entry to match everything")
    };
    let entry = |(index, node): (usize, &'a Node)| {
        if node.value == Value::Null {
            return Err(nil(node, outer));
        }
        let path = format!("{path}.{outer}[{index}]");
        let fields = object(node, &path, &[inner])?;
        let found = fields.get(inner).ok_or_else(|| nil(node, &format!("{outer}.{inner}")))?;
        Ok((found.node(), format!("{path}.{inner}")))
    };
    list.iter().enumerate().filter_map(|item| findings.keep(entry(item))).collect()
}

/// Whether a sidecar, which drops HTTP attributes on TCP ports, would have nothing left to compare.
fn http_only(rule: &Rule) -> bool {
    let remote = |entry: &Entry| entry.layer7.iter().any(|name| name.ends_with("emoteIpBlocks"));
    let source = |entry: &Entry| {
        let matches = &entry.matches;
        let texts = matches.principals.is_empty() && matches.namespaces.is_empty();
        let rest = matches.service_accounts.is_empty() && matches.source_ips.is_empty();
        !(texts && rest) || remote(entry)
    };
    let operation = |entry: &Entry| !entry.matches.ports.is_empty();
    match rule.to.is_empty() {
        true => !rule.from.is_empty() && !rule.from.iter().any(source),
        false => !rule.to.iter().any(operation),
    }
}

fn http_only_deny(at: At) -> Problem {
    Problem {
        at,
        code: "resources.http_only_deny",
        message: "configured AuthorizationPolicy will deny all traffic to TCP ports under its scope due to the use of only HTTP attributes in a DENY rule; it is recommended to explicitly specify the port".to_owned(),
        help: Some("that is what a sidecar does; at a ztunnel the rule matches nothing and denies nothing".to_owned()),
    }
}
