//! The smallest changes that flip a refusal. Each is tried on the evaluator before it is told: what is listed works.

use std::sync::Arc;

use crate::explain::connection::{Arrival, Connection};
use crate::explain::decide::{Decided, decide};
use crate::explain::question::Caller;
use crate::explain::what_if::{Extent, resolved, with_mode};
use crate::identity::SpiffeId;
use crate::mesh::{Reach, Settings};
use crate::policy::{
    Action, AuthorizationPolicy, Entry, First, Match, MtlsMode, Policies, PolicyKind, Rule, StringMatch,
    Values,
};
use crate::telemetry::{Failure, Stage};

/// A change to try: what it says, and what it makes of the connection and the policies.
struct Remedy {
    says: String,
    connection: Connection,
    policies: Policies,
}

/// What `connection` was decided from.
pub(in crate::explain) struct Case<'a> {
    /// The mesh's settings.
    pub(in crate::explain) settings: &'a Settings,
    /// Its policies.
    pub(in crate::explain) policies: &'a Policies,
    /// Who calls, where that is known.
    pub(in crate::explain) caller: Option<&'a Caller>,
    /// The connection.
    pub(in crate::explain) connection: &'a Connection,
}

/// What would let the connection through, smallest first; empty when it is let through, or when nothing here helps.
pub(in crate::explain) fn remedies(case: &Case<'_>, failure: &Failure) -> Vec<String> {
    let (working, halfway) = tried(case, failure);
    if !working.is_empty() {
        return working;
    }
    // Where two policies refuse, one change is not enough.
    let pairs = halfway.into_iter().flat_map(|(first, failure)| {
        let case = Case { policies: &first.policies, connection: &first.connection, ..*case };
        let (second, _) = tried(&case, &failure);
        second
            .into_iter()
            .take(1)
            .map(|second| format!("{}, and {second}", first.says))
            .collect::<Vec<String>>()
    });
    pairs.collect()
}

/// The changes that work, and those that get the connection past this failure and into the next one.
fn tried(case: &Case<'_>, failure: &Failure) -> (Vec<String>, Vec<(Remedy, Failure)>) {
    let candidates = match failure.stage {
        Stage::PeerAuth | Stage::Tls => modes(case, failure),
        Stage::Authz => rules(case, failure),
        _ => Vec::new(),
    };
    let (mut working, mut halfway) = (Vec::new(), Vec::new());
    for remedy in candidates {
        let policies = resolved(case.settings, &remedy.connection.destination, &remedy.policies);
        let Decided { outcome, .. } = decide(&policies, &remedy.connection);
        match outcome {
            Ok(_) => working.push(remedy.says),
            Err(next) if (next.stage, next.code) != (failure.stage, failure.code) => {
                halfway.push((remedy, *next))
            }
            Err(_) => {}
        }
    }
    (working, halfway)
}

/// Against PeerAuthentication, or a handshake that it demanded.
fn modes(case: &Case<'_>, failure: &Failure) -> Vec<Remedy> {
    let destination = &case.connection.destination;
    let port = case.connection.port;
    let mut remedies = Vec::new();
    if case.connection.shown.is_none() {
        remedies.extend(through_the_mesh(case));
    }
    let is_disabled = failure.code == "peer_auth.disable_refuses_mtls";
    if is_disabled {
        remedies.push(Remedy {
            says: format!("send plaintext to {}:{port}, for its mode is DISABLE", destination.name.dotted()),
            connection: Connection {
                shown: None,
                arrival: Arrival::Captured(First::Raw),
                ..case.connection.clone()
            },
            policies: case.policies.clone(),
        });
    }
    let (policies, changed) =
        with_mode(case.policies, case.settings, destination, (Extent::Port(port), MtlsMode::Permissive));
    if changed.labels().is_some() {
        remedies.push(Remedy {
            says: format!(
                "exempt the port: in PeerAuthentication {}, portLevelMtls: {{{port}: {{mode: PERMISSIVE}}}}",
                changed.name
            ),
            connection: case.connection.clone(),
            policies,
        });
    }
    let (policies, changed) =
        with_mode(case.policies, case.settings, destination, (Extent::Everything, MtlsMode::Permissive));
    remedies.push(Remedy {
        says: format!(
            "relax the workload: PeerAuthentication {} with mtls: {{mode: PERMISSIVE}}",
            changed.name
        ),
        connection: case.connection.clone(),
        policies,
    });
    remedies
}

/// The same call by somebody in the mesh: through the caller's own proxy, or once the caller has joined.
fn through_the_mesh(case: &Case<'_>) -> Option<Remedy> {
    let Some(Caller::Workload(caller)) = case.caller else { return None };
    let destination = &case.connection.destination;
    let says = match caller.reach {
        Reach::Plain => format!(
            "put {} in the mesh: label its pod or namespace istio.io/dataplane-mode: ambient",
            caller.name
        ),
        Reach::Hbone | Reach::Sidecar => format!(
            "let the proxy of {} carry it: glasstunnel exec {} -- …, instead of a connection past it",
            caller.name,
            caller.name.dotted()
        ),
    };
    let arrival = match destination.reach {
        Reach::Sidecar => Arrival::Captured(First::MeshTls),
        Reach::Hbone | Reach::Plain => Arrival::Hbone,
    };
    let shown = Some(caller.identity.clone());
    let connection = Connection { shown, arrival, ..case.connection.clone() };
    Some(Remedy { says, connection, policies: case.policies.clone() })
}

/// Against AuthorizationPolicy.
fn rules(case: &Case<'_>, failure: &Failure) -> Vec<Remedy> {
    let denied = failure.policy.as_ref().filter(|policy| policy.kind == PolicyKind::AuthorizationPolicy);
    let mut remedies: Vec<Remedy> = match denied {
        Some(denied) => {
            let is_it = |policy: &AuthorizationPolicy| policy.name == denied.name;
            let spared = changed(case.policies, is_it, |policy| spare(policy, denied.rule, case.connection));
            let deleted = without(case.policies, is_it);
            vec![
                here(
                    case,
                    format!(
                        "except this client from rule {} of AuthorizationPolicy {}: {}",
                        denied.rule.unwrap_or_default(),
                        denied.name,
                        exception(case.connection)
                    ),
                    spared,
                ),
                here(
                    case,
                    format!("delete AuthorizationPolicy {} at {}", denied.name, denied.source),
                    deleted,
                ),
            ]
        }
        None => allows(case)
            .into_iter()
            .map(|allow| {
                let is_it = |policy: &AuthorizationPolicy| policy.name == allow.name;
                let admitted = changed(case.policies, is_it, |policy| admit(policy, case.connection));
                here(
                    case,
                    format!(
                        "add a rule to AuthorizationPolicy {} at {}: {}",
                        allow.name,
                        allow.source,
                        admission(case.connection)
                    ),
                    admitted,
                )
            })
            .collect(),
    };
    if case.connection.shown.is_none() {
        let mesh = through_the_mesh(case);
        remedies.splice(0..0, mesh);
    }
    remedies
}

fn here(case: &Case<'_>, says: String, policies: Policies) -> Remedy {
    Remedy { says, connection: case.connection.clone(), policies }
}

/// The ALLOW policies that reach the destination.
fn allows(case: &Case<'_>) -> Vec<Arc<AuthorizationPolicy>> {
    let policies = resolved(case.settings, &case.connection.destination, case.policies);
    let reaching = policies.reaching(&case.connection.destination).into_iter();
    reaching.filter(|policy| policy.action == Action::Allow).take(1).cloned().collect()
}

fn changed(
    policies: &Policies,
    is_it: impl Fn(&AuthorizationPolicy) -> bool,
    change: impl Fn(&mut AuthorizationPolicy),
) -> Policies {
    let changed = policies.authorization_policies.iter().map(|policy| match is_it(policy) {
        true => {
            let mut changed = AuthorizationPolicy::clone(policy);
            change(&mut changed);
            Arc::new(changed)
        }
        false => Arc::clone(policy),
    });
    Policies { authorization_policies: changed.collect(), ..policies.clone() }
}

fn without(policies: &Policies, is_it: impl Fn(&AuthorizationPolicy) -> bool) -> Policies {
    let others = policies.authorization_policies.iter().filter(|policy| !is_it(policy));
    Policies { authorization_policies: others.cloned().collect(), ..policies.clone() }
}

/// Lets a rule of a DENY pass over this client.
fn spare(policy: &mut AuthorizationPolicy, rule: Option<u32>, connection: &Connection) {
    let place = rule.and_then(|rule| usize::try_from(rule).ok()).unwrap_or_default();
    let Some(rule) = policy.rules.get_mut(place) else { return };
    if rule.from.is_empty() {
        rule.from.push(Entry::default());
    }
    for entry in &mut rule.from {
        match &connection.shown {
            Some(peer) => entry.matches.principals.none.push(StringMatch::Exact(peer.principal().to_owned())),
            None => entry.matches.source_ips.none.extend(block(connection)),
        }
    }
}

/// Adds a rule that admits this client.
fn admit(policy: &mut AuthorizationPolicy, connection: &Connection) {
    let mut matches = Match::default();
    match &connection.shown {
        Some(peer) => {
            let any = vec![StringMatch::Exact(peer.principal().to_owned())];
            matches.principals = Values { any, none: Vec::new() };
        }
        None => matches.source_ips.any.extend(block(connection)),
    }
    policy.rules.push(Rule { from: vec![Entry { matches, layer7: Vec::new() }], ..Rule::default() });
}

fn block(connection: &Connection) -> Option<crate::policy::IpBlock> {
    let ip = connection.source_addr.ip();
    crate::policy::IpBlock::new(ip, if ip.is_ipv4() { 32 } else { 128 })
}

fn exception(connection: &Connection) -> String {
    written(connection, "notPrincipals", "notIpBlocks")
}

fn admission(connection: &Connection) -> String {
    format!("from: [{{source: {{{}}}}}]", written(connection, "principals", "ipBlocks"))
}

fn written(connection: &Connection, by_name: &str, by_address: &str) -> String {
    match connection.shown.as_ref().map(SpiffeId::principal) {
        Some(principal) => format!("{by_name}: [\"{principal}\"]"),
        None => format!("{by_address}: [\"{}\"]", connection.source_addr.ip()),
    }
}
