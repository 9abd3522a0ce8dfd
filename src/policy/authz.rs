//! Authorization: the last question before the backend is dialled (reference/policy.md 4, reference/hbone.md 6.2).

use std::sync::Arc;

use crate::policy::authorization::Verdict;
use crate::policy::authorization_policy::AuthorizationPolicy;
use crate::policy::decision::{Admitted, Denial, Permit};
use crate::policy::effective::{PolicyKind, PolicyRef};
use crate::policy::request::CheckRequest;
use crate::policy::set::PolicySet;

/// Turns an admission into a permit: any DENY that matches refuses; without any ALLOW all may; else one must match.
///
/// # Errors
///
/// [`Denial`]: the HBONE request gets 401, the captured connection a reset.
pub fn authorize(
    policies: &PolicySet,
    admitted: Admitted,
    request: &CheckRequest<'_>,
) -> Result<Permit, Denial> {
    if admitted.terminate && request.source.is_none() {
        return Err(unverified(&admitted));
    }
    let allowed_by = match policies.authorization().decide(request.workload, &request.seen()) {
        Verdict::NothingAsked => None,
        Verdict::Allowed(policy, rule) => Some(reference(policy, Some(rule))),
        Verdict::Denied(policy, rule) => return Err(denied(policy, rule)),
        Verdict::NoneAllowed => return Err(none_allowed(policies, request)),
    };
    let Admitted { effective, gap, .. } = admitted;
    Ok(Permit { effective, source: request.source.cloned(), port: request.port, allowed_by, gap })
}

/// A caller that verified the peer never causes this.
fn unverified(admitted: &Admitted) -> Denial {
    Denial {
        code: "authz.no_principal",
        rejection: "allow policies exist, but none allowed".to_owned(),
        why: format!("{} needs a verified peer, and this one showed none", admitted.effective),
        policy: admitted.effective.decided_by.as_deref().cloned(),
        hint: "present a mesh certificate".to_owned(),
    }
}

fn denied(policy: &Arc<AuthorizationPolicy>, rule: u32) -> Denial {
    let policy = reference(policy, Some(rule));
    Denial {
        code: "authz.denied_by_policy",
        rejection: format!("explicitly denied by: {}", policy.name),
        why: format!("DENY by {policy}"),
        hint: format!(
            "change that rule, or delete it: glasstunnel delete ap {} -n {}",
            policy.name.name, policy.name.namespace
        ),
        policy: Some(policy),
    }
}

/// Nobody decided alone: the policy that is named is the first of those that might have allowed it.
fn none_allowed(policies: &PolicySet, request: &CheckRequest<'_>) -> Denial {
    let reaching = policies.authorization().reaching(request.workload);
    let allows: Vec<String> = reaching
        .iter()
        .filter(|policy| policy.action == crate::policy::authorization_policy::Action::Allow)
        .map(|policy| format!("{} at {}", policy.name, policy.source))
        .collect();
    let who = match request.source {
        Some(source) => source.to_string(),
        None => format!("a client without identity at {}", request.source_addr.ip()),
    };
    let (first, more) = match allows.split_first() {
        Some((first, [])) => (first.clone(), String::new()),
        Some((first, more)) => (first.clone(), format!(" and {} more", more.len())),
        None => (String::new(), String::new()),
    };
    Denial {
        code: "authz.none_allowed",
        rejection: "allow policies exist, but none allowed".to_owned(),
        why: format!("no ALLOW rule fits {who} at port {}: {first}{more}", request.port),
        policy: None,
        hint: "add a rule for this client; glasstunnel explain names the field that did not fit".to_owned(),
    }
}

/// The policy as a verdict names it.
pub(in crate::policy) fn reference(policy: &AuthorizationPolicy, rule: Option<u32>) -> PolicyRef {
    PolicyRef {
        kind: PolicyKind::AuthorizationPolicy,
        name: policy.name.clone(),
        rule,
        source: policy.source.clone(),
    }
}
