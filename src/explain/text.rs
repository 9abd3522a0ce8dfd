//! Explanations as text for people.

use crate::explain::decide::Step;
use crate::explain::explanation::{Differs, Explanation};
use crate::explain::question::Caller;
use crate::explain::recorded::Recorded;
use crate::explain::symptoms::Symptoms;
use crate::mesh::Name;
use crate::policy::Considered;
use crate::telemetry::{Reporter, Wire};

/// The whole answer; it ends with a newline.
pub fn text(explanation: &Explanation) -> String {
    let mut text = headline(explanation);
    for (lane, title) in [
        (Reporter::Source, source_title(explanation)),
        (Reporter::Destination, destination_title(explanation)),
    ] {
        let steps: Vec<&Step> = explanation.steps.iter().filter(|step| step.lane == lane).collect();
        if steps.is_empty() {
            continue;
        }
        text.push_str(&format!("\n  {title}\n"));
        steps.iter().for_each(|step| text.push_str(&step_line(step)));
    }
    text.push_str(&policies(&explanation.considered));
    text.push('\n');
    for (label, says) in conclusions(explanation) {
        text.push_str(&line(label, &says));
    }
    text.push_str(&client(&explanation.symptoms));
    text.push_str(&line("server", &explanation.symptoms.server));
    text.push_str(&beyond(explanation.differs.as_ref(), &explanation.to_allow));
    text
}

/// What a record does not hold, to stand below it.
pub fn recorded_text(recorded: &Recorded) -> String {
    let mut text = policies(&recorded.considered);
    text.push('\n');
    text.push_str(&client(&recorded.symptoms));
    text.push_str(&beyond(recorded.differs.as_ref(), &recorded.to_allow));
    if let Some(now) = recorded.now {
        text.push_str(&line(
            "now",
            &format!("the policies have changed since: the same connection would be {now}"),
        ));
    }
    text
}

/// `legacy (no identity) → ratings:9080   DENY   flag DENY   wire raw   semantics istio`.
fn headline(explanation: &Explanation) -> String {
    let anonymous = if explanation.identity.is_none() { " (no identity)" } else { "" };
    let to = explanation.destination.as_ref().map(|workload| short(&workload.name));
    let service = explanation.service.as_ref().map(|service| format!(" (service {})", short(&service.name)));
    format!(
        "{}{anonymous} → {}:{}{}   {}   flag {}   wire {}   semantics {}\n",
        caller(&explanation.caller),
        to.unwrap_or_else(|| "outside".to_owned()),
        explanation.port,
        service.unwrap_or_default(),
        explanation.verdict(),
        explanation.flag(),
        explanation.wire.map_or("-", Wire::name),
        explanation.semantics,
    )
}

fn caller(caller: &Caller) -> String {
    match caller {
        Caller::Workload(workload) => short(&workload.name),
        Caller::Address(address) => address.to_string(),
        Caller::Identity(identity, _) => identity.to_string(),
    }
}

/// `customers`, or `outside/customers` where the namespace is not `default`, as in the live line.
fn short(name: &Name) -> String {
    if &*name.namespace == "default" { name.name.to_string() } else { name.to_string() }
}

fn source_title(explanation: &Explanation) -> String {
    match &explanation.caller {
        Caller::Workload(workload) if workload.reach.in_mesh() => {
            format!("source (the proxy of {})", short(&workload.name))
        }
        other => format!("source ({}, without a proxy)", caller(other)),
    }
}

fn destination_title(explanation: &Explanation) -> String {
    match &explanation.destination {
        Some(workload) if workload.reach.in_mesh() => {
            format!("destination (the proxy of {})", short(&workload.name))
        }
        _ => "destination".to_owned(),
    }
}

fn step_line(step: &Step) -> String {
    let mark = if step.failed { '✗' } else { ' ' };
    format!("  {mark} {:<9}  {}\n", step.stage, step.says)
}

/// Every policy that was looked at, the deciding ones marked.
fn policies(considered: &[Considered]) -> String {
    if considered.is_empty() {
        return String::new();
    }
    let mut text = "\n  policies\n".to_owned();
    let (near, far): (Vec<&Considered>, Vec<&Considered>) =
        considered.iter().partition(|it| it.decided || !it.is_for_others);
    for it in near.iter().chain(far.iter().take(FAR)) {
        let mark = if it.decided { '→' } else { ' ' };
        text.push_str(&format!("  {mark} {}\n      {}\n", it.policy, it.why));
    }
    if far.len() > FAR {
        text.push_str(&format!(
            "    and {} more whose selectors pick other workloads (-o json has them all)\n",
            far.len() - FAR
        ));
    }
    text
}

/// How many policies for other workloads are shown: enough to find a misspelt label.
const FAR: usize = 3;

fn conclusions(explanation: &Explanation) -> Vec<(&'static str, String)> {
    let mut says = vec![("why", explanation.why.clone())];
    if let Some(failure) = &explanation.failure {
        says.push(("ended at", format!("{} ({}), up to: {}", failure.stage, failure.code, failure.side)));
        says.extend(failure.policy.as_ref().map(|policy| ("decided by", policy.to_string())));
    }
    says
}

fn client(symptoms: &Symptoms) -> String {
    let codes: Vec<String> = symptoms.curl.iter().map(i32::to_string).collect();
    line("client", &format!("{} (curl exit {})", symptoms.client, codes.join(" or ")))
}

/// The other semantics, and the way out.
fn beyond(differs: Option<&Differs>, to_allow: &[String]) -> String {
    let mut text = String::new();
    if let Some(differs) = differs.filter(|differs| differs.matters) {
        let says =
            format!("--semantics {} would say {}: {}", differs.semantics, differs.verdict, differs.why);
        text.push_str(&line("differs", &says));
    }
    for (letter, change) in ('a'..='z').zip(to_allow) {
        let label = if letter == 'a' { "to allow" } else { "" };
        text.push_str(&line(label, &format!("{letter}  {change}")));
    }
    text
}

fn line(label: &str, says: &str) -> String {
    format!("  {label:<11}  {says}\n")
}
