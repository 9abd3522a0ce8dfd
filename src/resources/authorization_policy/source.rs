//! `source`: who connects.

use crate::policy::{Action, Entry};
use crate::resources::authorization_policy::refusal::{empty, not_custom};
use crate::resources::authorization_policy::values::{account, ip_block, text, trust_domain};
use crate::resources::authorization_policy::words::{Context, Twins, Words, capitalised};
use crate::resources::findings::Findings;
use crate::resources::node::{At, Node};
use crate::resources::parse::Problem;
use crate::resources::schema::{object, too_many};

const PRINCIPALS: Twins = ["principals", "notPrincipals"];
const REQUEST_PRINCIPALS: Twins = ["requestPrincipals", "notRequestPrincipals"];
const NAMESPACES: Twins = ["namespaces", "notNamespaces"];
const ACCOUNTS: Twins = ["serviceAccounts", "notServiceAccounts"];
const TRUST_DOMAINS: Twins = ["trustDomains", "notTrustDomains"];
const IP_BLOCKS: Twins = ["ipBlocks", "notIpBlocks"];
const REMOTE_IP_BLOCKS: Twins = ["remoteIpBlocks", "notRemoteIpBlocks"];
/// Istio's and the schema's limit for `serviceAccounts`.
const MOST_ACCOUNTS: usize = 16;

/// Reads the `source` at `path`.
pub(crate) fn source(
    node: &Node,
    path: &str,
    context: Context<'_>,
    findings: &mut Findings,
) -> Option<Entry> {
    let known =
        [PRINCIPALS, REQUEST_PRINCIPALS, NAMESPACES, ACCOUNTS, TRUST_DOMAINS, IP_BLOCKS, REMOTE_IP_BLOCKS];
    let fields = findings.keep(object(node, path, known.as_flattened()))?;
    let mut words = Words::new(fields, path.to_owned(), findings);
    let mut entry = Entry::default();
    let matches = &mut entry.matches;
    matches.principals = words.values(PRINCIPALS, text);
    matches.namespaces = words.values(NAMESPACES, text);
    let namespace = context.namespace;
    matches.service_accounts = words.values(ACCOUNTS, |word, list| account(word, list, namespace));
    matches.trust_domains = words.values(TRUST_DOMAINS, trust_domain);
    matches.source_ips = words.values(IP_BLOCKS, ip_block);
    words.layer7(&mut entry, REQUEST_PRINCIPALS, text);
    words.layer7(&mut entry, REMOTE_IP_BLOCKS, ip_block);
    together(&mut words, context);
    if !words.said {
        let message = format!("`from.source` must not be empty, found at rule {}", context.number);
        words.findings.refuse(empty(node.at, message, "say who, or remove `from` to match everyone"));
    }
    Some(entry)
}

/// What may not stand together, what is too much, and what CUSTOM may not have.
fn together(words: &mut Words<'_, '_>, context: Context<'_>) {
    let fields = words.fields;
    let there = |twins: &[Twins]| -> Vec<_> {
        let found = twins.as_flattened().iter().filter_map(|name| Some((*name, fields.get(name)?.node())));
        found.filter(|(_, node)| node.items() > 0).collect()
    };
    let accounts = there(&[ACCOUNTS]);
    if let (Some((_, node)), false) = (accounts.first(), there(&[PRINCIPALS, NAMESPACES]).is_empty()) {
        words.findings.refuse(account_and_namespace(node.at, context.number));
    }
    for (name, node) in accounts.iter().filter(|(_, node)| node.items() > MOST_ACCOUNTS) {
        let problem = too_many(node, &format!("{}.{name}", words.path), node.items(), MOST_ACCOUNTS);
        let message = format!("{}: may not have more than {MOST_ACCOUNTS} values", problem.message);
        let help = Some("split them over several sources, which are alternatives".to_owned());
        words.findings.refuse(Problem { message, help, ..problem });
    }
    if context.action == Action::Custom {
        for (name, node) in there(&[NAMESPACES, ACCOUNTS, TRUST_DOMAINS, PRINCIPALS, REQUEST_PRINCIPALS]) {
            words.findings.refuse(not_custom(node.at, &format!("From.{}", capitalised(name))));
        }
    }
}

fn account_and_namespace(at: At, rule: usize) -> Problem {
    Problem {
        at,
        code: "resources.account_and_namespace",
        message: format!(
            "Cannot set serviceAccounts with namespaces or principals: cannot set serviceAccounts with namespaces or principals, found at rule {rule}"
        ),
        help: Some(
            "an account has its namespace in it: write two sources, which are alternatives".to_owned(),
        ),
    }
}
