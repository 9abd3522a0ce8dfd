//! One entry of `when`: a key, and what its value must be.

use crate::mesh::nearest;
use crate::policy::{Action, Entry, Values};
use crate::resources::authorization_policy::refusal::not_custom;
use crate::resources::authorization_policy::values::{account, ip_block, one_star, port, text};
use crate::resources::authorization_policy::words::{Context, Words};
use crate::resources::findings::Findings;
use crate::resources::node::{At, Node};
use crate::resources::parse::Problem;
use crate::resources::schema::{Word, object};

/// The keys that a ztunnel can compare (reference/policy.md 4.4).
const LAYER4: [&str; 5] =
    ["source.ip", "source.namespace", "source.principal", "destination.ip", "destination.port"];
/// The others without brackets.
const LAYER7: [&str; 7] = [
    "source.serviceAccount",
    "source.trustDomain",
    "remote.ip",
    "connection.sni",
    "request.auth.principal",
    "request.auth.audiences",
    "request.auth.presenter",
];
/// What the keys with brackets begin with.
const BRACKETED: [&str; 3] = ["request.headers", "request.auth.claims", "experimental.envoy.filters."];
/// Identities, which CUSTOM leaves to the external authorizer, beside all of `request.auth.`.
const IDENTITIES: [&str; 4] =
    ["source.namespace", "source.serviceAccount", "source.trustDomain", "source.principal"];

/// Reads the condition at `path`.
pub(crate) fn condition(
    node: &Node,
    path: &str,
    context: Context<'_>,
    findings: &mut Findings,
) -> Option<Entry> {
    let fields = findings.keep(object(node, path, &["key", "values", "notValues"]))?;
    let key = findings.keep(fields.text("key"))?.unwrap_or_default();
    let at = fields.get("key").map_or(node.at, |found| found.at());
    if key.is_empty() {
        let message = format!("{path}.key: Required value: `key` must not be empty");
        findings.refuse(refused(at, message, all_keys()));
        return None;
    }
    if context.action == Action::Custom && (IDENTITIES.contains(&key) || key.starts_with("request.auth.")) {
        findings.refuse(not_custom(at, key));
    }
    let known = findings.keep(known(key, at));
    let mut words = Words::new(fields, path.to_owned(), findings);
    let entry = compared(key, &mut words, context.namespace);
    if !words.said {
        let key = key.escape_debug();
        let message = format!("at least one of `values` or `notValues` must be set for key {key}");
        findings.refuse(refused(at, message, "write `values: [\"VALUE\"]`".to_owned()));
    }
    known.map(|()| entry)
}

/// What the values mean, by key. What a ztunnel cannot compare is named by its key.
fn compared(key: &str, words: &mut Words<'_, '_>, namespace: &str) -> Entry {
    let mut entry = Entry::default();
    let matches = &mut entry.matches;
    match key {
        "source.ip" => matches.source_ips = values(key, words, ip_block),
        "source.namespace" => matches.namespaces = values(key, words, text),
        "source.principal" => matches.principals = values(key, words, text),
        "destination.ip" => matches.destination_ips = values(key, words, ip_block),
        "destination.port" => matches.ports = values(key, words, port),
        "source.serviceAccount" => drop(values(key, words, |word, list| account(word, list, namespace))),
        "source.trustDomain" => drop(values(key, words, one_star)),
        "remote.ip" => drop(values(key, words, ip_block)),
        _ => drop(values(key, words, text)),
    }
    if !LAYER4.contains(&key) {
        entry.layer7.push(key.to_owned());
    }
    entry
}

/// Reads each value; a mistake says which list of which key it stands in.
fn values<'a, T>(
    key: &str,
    words: &mut Words<'a, '_>,
    read: impl Fn(Word<'a>, &str) -> Result<T, Problem>,
) -> Values<T> {
    let key = key.escape_debug().to_string();
    words.values(["values", "notValues"], |word, list| {
        let kind = if list == "Values" { "value" } else { "notValue" };
        read(word, &key).map_err(|problem| Problem {
            message: format!("invalid `{kind}` for `key` {key}: {}", problem.message),
            ..problem
        })
    })
}

/// Refuses keys that Istio does not know, or no longer.
fn known(key: &str, at: At) -> Result<(), Problem> {
    let shown = key.escape_debug();
    let (why, help) = match key {
        "destination.namespace" => (
            format!("attribute {shown} is replaced by the metadata.namespace"),
            "remove it: a policy holds for the namespace that it stands in".to_owned(),
        ),
        "destination.name" | "destination.user" => (
            format!("deprecated attribute {shown}: only supported in v1alpha1"),
            "pick the workload by `spec.selector`".to_owned(),
        ),
        _ if key.starts_with("destination.labels") => (
            format!("attribute {shown} is replaced by the workload selector"),
            "write `spec.selector.matchLabels` instead".to_owned(),
        ),
        _ if LAYER4.contains(&key) || LAYER7.contains(&key) => return Ok(()),
        _ => match BRACKETED.iter().find(|start| key.starts_with(**start)) {
            Some(_) if has_brackets(key) => return Ok(()),
            Some(start) => {
                (format!("bad key ({shown}): should have format a[b]"), format!("write `{start}[NAME]`"))
            }
            None => (format!("unknown attribute: {shown}"), slip(key)),
        },
    };
    Err(refused(at, format!("invalid `value` for `key` {shown}: {why}"), help))
}

fn slip(key: &str) -> String {
    let keys = LAYER4.into_iter().chain(LAYER7).chain(BRACKETED);
    nearest(key, keys).map_or_else(all_keys, |near| format!("did you mean `{near}`?"))
}

fn all_keys() -> String {
    format!(
        "a ztunnel compares {}; the others, such as request.headers[NAME], need a waypoint",
        LAYER4.join(", ")
    )
}

/// `a[b]`, with something before and between the brackets.
fn has_brackets(key: &str) -> bool {
    let open = key.find('[').unwrap_or_default();
    key.ends_with(']') && open > 0 && open + 2 < key.len()
}

fn refused(at: At, message: String, help: String) -> Problem {
    Problem { at, code: "resources.condition", message, help: Some(help) }
}
