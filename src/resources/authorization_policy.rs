//! AuthorizationPolicy: what a ztunnel can compare, and the names of what it cannot.

use crate::mesh::Source;
use crate::policy::{Action, AuthorizationPolicy, Entry, Rule, ServiceAccount, StringMatch, Values};
use crate::resources::fields::{Fields, wrong_type};
use crate::resources::metadata::Metadata;
use crate::resources::node::Value;
use crate::resources::parse::Problem;

/// Reads an AuthorizationPolicy.
pub(crate) fn authorization_policy(
    document: Fields<'_>,
    source: Source,
) -> Result<AuthorizationPolicy, Problem> {
    let metadata = Metadata::read(document)?;
    let spec = document.map("spec")?;
    let selector = spec.map("selector")?.labels("matchLabels")?;
    let namespace = metadata.name.namespace.to_string();
    let rules = spec.list("rules")?.iter().map(|node| rule(Fields::of(node, "rule")?, &namespace));
    let dry_run = metadata.fields.map("annotations")?.text("istio.io/dry-run")? == Some("true");
    let mut target_refs = Vec::new();
    for node in spec.list("targetRefs")? {
        let fields = Fields::of(node, "targetRefs")?;
        target_refs.push(format!("{}/{}", fields.required_text("kind")?, fields.required_text("name")?));
    }
    Ok(AuthorizationPolicy {
        name: metadata.name,
        selector: spec.get("selector").map(|_| selector),
        target_refs,
        action: spec.text("action")?.and_then(Action::read).unwrap_or(Action::Allow),
        dry_run,
        rules: rules.collect::<Result<_, _>>()?,
        source,
    })
}

fn rule(fields: Fields<'_>, namespace: &str) -> Result<Rule, Problem> {
    let mut rule = Rule::default();
    for node in fields.list("from")? {
        rule.from.push(from(Fields::of(node, "from")?.map("source")?, namespace)?);
    }
    for node in fields.list("to")? {
        let operation = Fields::of(node, "to")?.map("operation")?;
        let mut entry = Entry::default();
        entry.matches.ports = Values { any: read(operation, "ports")?, none: read(operation, "notPorts")? };
        for name in ["hosts", "notHosts", "methods", "notMethods", "paths", "notPaths"] {
            flag(operation, name, &mut entry)?;
        }
        rule.to.push(entry);
    }
    for node in fields.list("when")? {
        rule.when.push(when(Fields::of(node, "when")?)?);
    }
    Ok(rule)
}

fn from(source: Fields<'_>, namespace: &str) -> Result<Entry, Problem> {
    let mut entry = Entry::default();
    let texts = |name: &'static str| {
        Ok(strings(source, name)?.iter().map(|text| StringMatch::read(text)).collect::<Vec<_>>())
    };
    let accounts = |name: &'static str| {
        let account = |text: &String| match text.split_once('/') {
            Some((namespace, name)) => {
                ServiceAccount { namespace: namespace.to_owned(), name: name.to_owned() }
            }
            None => ServiceAccount { namespace: namespace.to_owned(), name: text.clone() },
        };
        Ok(strings(source, name)?.iter().map(account).collect::<Vec<_>>())
    };
    let matches = &mut entry.matches;
    matches.principals = Values { any: texts("principals")?, none: texts("notPrincipals")? };
    matches.namespaces = Values { any: texts("namespaces")?, none: texts("notNamespaces")? };
    matches.trust_domains = Values { any: texts("trustDomains")?, none: texts("notTrustDomains")? };
    matches.service_accounts =
        Values { any: accounts("serviceAccounts")?, none: accounts("notServiceAccounts")? };
    matches.source_ips = Values { any: read(source, "ipBlocks")?, none: read(source, "notIpBlocks")? };
    for name in ["requestPrincipals", "notRequestPrincipals", "remoteIpBlocks", "notRemoteIpBlocks"] {
        flag(source, name, &mut entry)?;
    }
    Ok(entry)
}

fn when(fields: Fields<'_>) -> Result<Entry, Problem> {
    let mut entry = Entry::default();
    let key = fields.required_text("key")?;
    let texts = |name: &'static str| {
        Ok(strings(fields, name)?.iter().map(|text| StringMatch::read(text)).collect::<Vec<_>>())
    };
    match key {
        "source.ip" => {
            entry.matches.source_ips =
                Values { any: read(fields, "values")?, none: read(fields, "notValues")? };
        }
        "destination.ip" => {
            entry.matches.destination_ips =
                Values { any: read(fields, "values")?, none: read(fields, "notValues")? };
        }
        "destination.port" => {
            entry.matches.ports = Values { any: read(fields, "values")?, none: read(fields, "notValues")? };
        }
        "source.namespace" => {
            entry.matches.namespaces = Values { any: texts("values")?, none: texts("notValues")? };
        }
        "source.principal" => {
            entry.matches.principals = Values { any: texts("values")?, none: texts("notValues")? };
        }
        other => entry.layer7.push(other.to_owned()),
    }
    Ok(entry)
}

fn flag(fields: Fields<'_>, name: &'static str, entry: &mut Entry) -> Result<(), Problem> {
    if !fields.list(name)?.is_empty() {
        entry.layer7.push(name.to_owned());
    }
    Ok(())
}

fn strings(fields: Fields<'_>, name: &'static str) -> Result<Vec<String>, Problem> {
    let text = |node: &crate::resources::node::Node| match &node.value {
        Value::Text(text) => Ok(text.clone()),
        other => Err(wrong_type(node.at, name, "text", other)),
    };
    fields.list(name)?.iter().map(text).collect()
}

fn read<T: std::str::FromStr<Err: ToString>>(
    fields: Fields<'_>,
    name: &'static str,
) -> Result<Vec<T>, Problem> {
    let texts = strings(fields, name)?;
    let nodes = fields.list(name)?;
    texts
        .iter()
        .zip(nodes)
        .map(|(text, node)| {
            text.parse().map_err(|error: T::Err| Problem {
                at: node.at,
                code: "resources.bad_value",
                message: error.to_string(),
                help: None,
            })
        })
        .collect()
}
