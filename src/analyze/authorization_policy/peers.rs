//! IST0101 and GT1209 to GT1211: peers that a rule names and that do not exist, or have no identity to be known by.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::authorization_policy::entries::{At, enforced, of_policy};
use crate::analyze::codes::{DENY_BLIND, PLAINTEXT_PEER, REFERENCE_NOT_FOUND, UNKNOWN_ACCOUNT};
use crate::analyze::context::{Context, Rules};
use crate::analyze::report::{Change, Draft, Report};
use crate::analyze::words;
use crate::mesh::nearest;
use crate::policy::{Action, Entry, StringMatch};

/// Namespaces that every cluster has.
const ALWAYS: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/// How many workloads there are, and how many of them are in the mesh.
#[derive(Clone, Copy, Default)]
struct Count {
    all: usize,
    meshed: usize,
}

/// The service accounts of each namespace.
type Accounts<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Count>>;

/// A peer that a rule names in full.
struct Named<'a> {
    field: &'static str,
    value: String,
    namespace: &'a str,
    account: Option<&'a str>,
}

pub(in crate::analyze) fn peers(cx: &Context<'_>, report: &mut Report) {
    let mut accounts: Accounts<'_> = BTreeMap::new();
    for workload in cx.mesh.workloads() {
        let of_namespace = accounts.entry(&workload.name.namespace).or_default();
        let count = of_namespace.entry(workload.identity.service_account()).or_default();
        count.all += 1;
        count.meshed += usize::from(workload.reach.in_mesh());
    }
    let known: BTreeSet<&str> =
        ALWAYS.into_iter().chain(cx.mentioned.iter().copied()).chain([cx.root()]).collect();
    for rules in enforced(cx) {
        for (at, entry) in of_policy(rules) {
            if !cx.namespaces.is_empty() {
                missing(&known, rules, (at, entry), report);
            }
            for named in named(entry) {
                report.add_if_any(peer(cx, &accounts, (rules, at), &named));
            }
        }
    }
}

/// Namespaces that do not exist. They are compared as they are enforced, which is letter by letter; Istio's analyzer
/// ignores case here.
fn missing(known: &BTreeSet<&str>, rules: Rules<'_>, (at, entry): (At, &Entry), report: &mut Report) {
    let values = &entry.matches.namespaces;
    let both = [("namespaces", &values.any), ("notNamespaces", &values.none)];
    for (field, value) in both.iter().flat_map(|(field, all)| all.iter().map(|value| (*field, value))) {
        if known.iter().any(|namespace| value.fits(namespace)) {
            continue;
        }
        let text = value.to_string();
        let near = nearest(&text, known.iter().copied());
        report.add(Draft {
            code: &REFERENCE_NOT_FOUND,
            object: rules.object,
            at: at.value(field, &text),
            message: format!("Referenced namespace not found: {text:?}"),
            why: "no document declares it, and nothing lives in it".to_owned(),
            fix: near.map_or_else(|| "correct the name".to_owned(), |near| format!("did you mean {near}?")),
            change: Change::ByHand,
        });
    }
}

fn named(entry: &Entry) -> Vec<Named<'_>> {
    let exact = |value: &'_ StringMatch| match value {
        StringMatch::Exact(text) => Some(text.clone()),
        _ => None,
    };
    let matches = &entry.matches;
    let principals = matches.principals.any.iter().filter_map(|value| {
        let (StringMatch::Exact(text) | StringMatch::Suffix(text)) = value else { return None };
        let (_, rest) = text.split_once("/ns/")?;
        let (namespace, account) = rest.split_once("/sa/")?;
        Some(Named { field: "principals", value: value.to_string(), namespace, account: Some(account) })
    });
    let namespaces = matches.namespaces.any.iter().filter_map(|value| {
        let StringMatch::Exact(namespace) = value else { return None };
        Some(Named { field: "namespaces", value: exact(value)?, namespace, account: None })
    });
    let service_accounts = matches.service_accounts.any.iter().map(|account| Named {
        field: "serviceAccounts",
        value: account.to_string(),
        namespace: &account.namespace,
        account: Some(&account.name),
    });
    principals.chain(namespaces).chain(service_accounts).collect()
}

fn peer<'a>(
    cx: &Context<'a>,
    accounts: &Accounts<'_>,
    (rules, at): (Rules<'a>, At),
    named: &Named<'_>,
) -> Option<Draft<'a>> {
    let of_namespace = accounts.get(named.namespace)?;
    let count = match named.account {
        None => total(of_namespace.values()),
        Some(account) => match of_namespace.get(account) {
            Some(count) => *count,
            None if !cx.knows_all_pods(Some(named.namespace)) => return None,
            None => return unknown((rules, at), named, of_namespace.keys().copied()),
        },
    };
    // Without the namespace's document its labels are not known, so nor is who is in the mesh.
    if count.meshed == count.all || !cx.namespaces.contains_key(named.namespace) {
        return None;
    }
    match rules.policy.action {
        Action::Deny => blind(cx, (rules, at), named, count),
        _ if count.meshed == 0 => Some(plaintext((rules, at), named)),
        _ => None,
    }
}

fn total<'c>(counts: impl Iterator<Item = &'c Count>) -> Count {
    counts.fold(Count::default(), |sum, count| Count {
        all: sum.all + count.all,
        meshed: sum.meshed + count.meshed,
    })
}

fn draft<'a>(
    (rules, at): (Rules<'a>, At),
    named: &Named<'_>,
    parts: (&'static crate::analyze::code::Code, [String; 3]),
) -> Draft<'a> {
    let (code, [message, why, fix]) = parts;
    // A bare account is written without the policy's own namespace.
    let bare = format!("{}/", rules.policy.name.namespace);
    let written = match named.field {
        "serviceAccounts" => named.value.strip_prefix(&bare).unwrap_or(&named.value),
        _ => &named.value,
    };
    Draft {
        code,
        object: rules.object,
        at: at.value(named.field, written),
        message,
        why,
        fix,
        change: Change::ByHand,
    }
}

fn unknown<'a>(
    place: (Rules<'a>, At),
    named: &Named<'_>,
    known: impl Iterator<Item = impl AsRef<str>>,
) -> Option<Draft<'a>> {
    let account = named.account?;
    let known: Vec<String> = known.map(|name| name.as_ref().to_owned()).collect();
    let near = nearest(account, known.iter().map(String::as_str))?;
    let parts = [
        format!("no workload of namespace {} runs as service account {account}", named.namespace),
        format!("its workloads run as {}", words::some(&known)),
        format!("did you mean {near}?"),
    ];
    Some(draft(place, named, (&UNKNOWN_ACCOUNT, parts)))
}

fn plaintext<'a>(place: (Rules<'a>, At), named: &Named<'_>) -> Draft<'a> {
    let parts = [
        format!("no client can meet this condition: the workloads of {} are not in the mesh", whose(named)),
        "whoever is outside the mesh comes in plaintext and shows no identity; then no condition on identity matches".to_owned(),
        "bring those workloads into the mesh, or allow them by ipBlocks".to_owned(),
    ];
    draft(place, named, (&PLAINTEXT_PEER, parts))
}

/// STRICT refuses plaintext before any policy is asked.
fn blind<'a>(cx: &Context<'a>, place: (Rules<'a>, At), named: &Named<'_>, count: Count) -> Option<Draft<'a>> {
    let reached = cx.reached_by_rules(place.0.policy);
    let (open, port) = reached.open?;
    let port = port.map_or_else(String::new, |port| format!(" at port {port}"));
    let parts = [
        format!(
            "this DENY does not see {} of {}, which {} outside the mesh",
            words::count(count.all - count.meshed, "workload"),
            whose(named),
            if count.all - count.meshed == 1 { "is" } else { "are" },
        ),
        format!("they come in plaintext and show no identity, and {open} takes plaintext{port}"),
        "make the protected workloads STRICT, or deny with notPrincipals and notNamespaces".to_owned(),
    ];
    Some(draft(place, named, (&DENY_BLIND, parts)))
}

fn whose(named: &Named<'_>) -> String {
    match named.account {
        None => format!("namespace {}", named.namespace),
        Some(account) => format!("service account {}/{account}", named.namespace),
    }
}
