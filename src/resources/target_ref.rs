//! `targetRefs` and its older form `targetRef`: what a policy of a waypoint or a gateway is for.

use crate::resources::fields::Fields;
use crate::resources::findings::Findings;
use crate::resources::node::{At, Node};
use crate::resources::parse::Problem;
use crate::resources::schema::{items, object, too_many};

/// What may be referred to: the group, and the spelling in Istio's message.
const ALLOWED: [(&str, &str, &str); 4] = [
    ("", "Service", "core/v1/Service"),
    ("networking.istio.io", "ServiceEntry", "networking.istio.io/v1/ServiceEntry"),
    ("gateway.networking.k8s.io", "Gateway", "gateway.networking.k8s.io/v1/Gateway"),
    ("gateway.networking.k8s.io", "GatewayClass", "gateway.networking.k8s.io/v1/GatewayClass"),
];
/// The schema's limit.
const MOST: usize = 16;

/// Reads the references as `Kind/name`.
pub(crate) fn target_refs(spec: Fields<'_>, findings: &mut Findings) -> Vec<String> {
    let one = spec.get("targetRef").map(|found| found.node());
    let many = findings.keep(items(spec, "targetRefs", "spec")).unwrap_or_default();
    only_one_of(spec, one, many, findings);
    if let (Some(found), true) = (spec.get("targetRefs"), many.len() > MOST) {
        findings.refuse(too_many(found.node(), "spec.targetRefs", many.len(), MOST));
    }
    let one = one.map(|node| ("spec.targetRef".to_owned(), node));
    let many = many.iter().enumerate().map(|(index, node)| (format!("spec.targetRefs[{index}]"), node));
    one.into_iter().chain(many).filter_map(|(path, node)| target_ref(node, &path, findings)).collect()
}

fn only_one_of(spec: Fields<'_>, one: Option<&Node>, many: &[Node], findings: &mut Findings) {
    let selector = spec.get("selector").map(|found| ("selector", found.at()));
    let one = one.map(|node| ("targetRef", node.at));
    let many = many.first().map(|node| ("targetRefs", node.at));
    let found: Vec<(&str, At)> = [selector, one, many].into_iter().flatten().collect();
    let [(first, _), (second, at), ..] = *found else { return };
    findings.refuse(Problem {
        at,
        code: "resources.selector_and_target",
        message: format!(
            "only one of targetRefs or selector can be set: only one of targetRefs or workloadSelector can be set, found {first} and {second}"
        ),
        help: Some(
            "a selector picks workloads for their ztunnel, targetRefs a waypoint: keep one, or write two objects"
                .to_owned(),
        ),
    });
}

fn target_ref(node: &Node, path: &str, findings: &mut Findings) -> Option<String> {
    let fields = findings.keep(object(node, path, &["group", "kind", "name", "namespace"]))?;
    let mut text = |field| findings.keep(fields.text(field)).flatten();
    let (group, kind, name, namespace) = (text("group"), text("kind"), text("name"), text("namespace"));
    let mut refuse = |field: &'static str, message: String, help: &str| {
        findings.refuse(Problem {
            at: fields.get(field).map_or(node.at, |found| found.at()),
            code: "resources.target_ref",
            message,
            help: Some(help.to_owned()),
        });
    };
    match name {
        None => refuse(
            "name",
            format!("{path}.name: Required value: targetRef name must be set"),
            "name the Service or Gateway",
        ),
        Some("") => refuse(
            "name",
            format!("{path}.name in body should be at least 1 chars long: targetRef name must be set"),
            "name the Service or Gateway",
        ),
        Some(_) => {}
    }
    if namespace.is_some_and(|namespace| !namespace.is_empty()) {
        let message = "cross namespace referencing is not currently supported: targetRef namespace must not be set; cross namespace referencing is not supported";
        refuse("namespace", message.to_owned(), "leave it out: a policy stands beside what it is for");
    }
    let (group, kind) = (group.unwrap_or_default(), kind.unwrap_or_default());
    if !ALLOWED.iter().any(|allowed| (allowed.0, allowed.1) == (group, kind)) {
        let field = if ALLOWED.iter().any(|allowed| allowed.1 == kind) { "group" } else { "kind" };
        refuse(
            field,
            not_allowed(path, group, kind),
            "write one of these, as in `{kind: Service, group: \"\", name: web}`",
        );
    }
    Some(format!("{kind}/{}", name?))
}

/// The message of the webhook, after that of the schema where the word does not even look like one.
fn not_allowed(path: &str, group: &str, kind: &str) -> String {
    let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    let schema = match (letters(group), letters(kind)) {
        (false, _) => format!("{path}.group in body should match a DNS subdomain: "),
        (_, false) => format!("{path}.kind in body should match a kind's letters: "),
        _ if kind.is_empty() => format!("{path}.kind: Required value: "),
        _ => String::new(),
    };
    let allowed: Vec<&str> = ALLOWED.iter().map(|allowed| allowed.2).collect();
    let found = format!("{group}/{kind}");
    format!("{schema}targetRef must be to one of [{}] but was {}", allowed.join(" "), found.escape_debug())
}
