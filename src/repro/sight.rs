//! [`Sight`]: what is seen of one client's connection, at both ends, in words with code between backticks.

use crate::knowledge::ALERTS;
use crate::scenario::{self, Aspect, Client, End, Scenario, Step, Want, Wanted};

/// What is seen of one client's connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Who connects to whom.
    pub does: String,
    /// By whom, and what.
    pub lines: Vec<(&'static str, String)>,
}

/// What is seen of each client's connection.
pub fn sights(scenario: &Scenario) -> Vec<Sight> {
    scenario.clients.iter().map(|client| sight(client, &scenario.afterwards)).collect()
}

fn sight(client: &Client, afterwards: &[Step]) -> Sight {
    let wanted = client.expect.wanted.as_slice();
    let told = [
        ("client", client_sees(wanted)),
        ("alert", alert(wanted)),
        ("source's log", proxy(wanted, End::Source)),
        ("destination's log", proxy(wanted, End::Destination)),
        ("connection", connection(wanted)),
    ];
    let mut lines: Vec<(&'static str, String)> =
        told.into_iter().filter(|(_, said)| !said.is_empty()).collect();
    for outcome in &client.expect.outcomes {
        let parts = [client_sees(&outcome.wanted), alert(&outcome.wanted), connection(&outcome.wanted)];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let often = match outcome.at_least {
            0 => "or".to_owned(),
            least => format!("in at least {least} of {} runs", client.repeat),
        };
        lines.push(("outcome", format!("{often}: {}", parts.join("; "))));
    }
    Sight { does: does(client, afterwards), lines }
}

/// What a client does, in one line, with its name where it has one of its own.
pub fn does(client: &Client, afterwards: &[Step]) -> String {
    let name = if client.name == client.from { String::new() } else { format!("{}: ", client.name) };
    name + &calm(&scenario::does(client, afterwards))
}

fn client_sees(wanted: &[Wanted]) -> String {
    let of = |aspect| said(wanted, End::Client, aspect);
    let mut parts: Vec<String> = of(Aspect::Sees).into_iter().collect();
    parts.extend(of(Aspect::Exit).map(|exit| format!("curl exit {}", plain(&exit))));
    parts.extend(of(Aspect::Status).map(|status| format!("HTTP status {}", plain(&status))));
    parts.join(", ")
}

fn alert(wanted: &[Wanted]) -> String {
    let Some(Want::Is(names)) = want(wanted, End::Connection, Aspect::Alert) else { return String::new() };
    let told = names.iter().map(|told| {
        let (name, from) = told
            .split_once(' ')
            .map_or((told.as_str(), String::new()), |(name, from)| (name, format!(" {from}")));
        match ALERTS.iter().find(|known| known.name == name) {
            Some(known) => format!("`{name}` ({}){from}", known.number),
            None => told.clone(),
        }
    });
    told.collect::<Vec<_>>().join(" or ")
}

/// What a proxy writes down.
fn proxy(wanted: &[Wanted], end: End) -> String {
    let of = |aspect| said(wanted, end, aspect);
    if of(Aspect::Code).as_deref() == Some("`not recorded`") {
        return "nothing".to_owned();
    }
    let mut parts: Vec<String> =
        of(Aspect::Error).map(|error| format!("error={error}")).into_iter().collect();
    parts.extend(of(Aspect::Why).map(|why| format!("why {why}")));
    parts.extend(of(Aspect::Code).map(|code| format!("code {code}")));
    parts.extend(of(Aspect::Stage).map(|stage| format!("at {stage}")));
    parts.extend(of(Aspect::Flag).map(|flag| format!("flag {flag}")));
    parts.join(", ")
}

fn connection(wanted: &[Wanted]) -> String {
    let of = |aspect| said(wanted, End::Connection, aspect);
    let (verdict, stage) = (of(Aspect::Verdict).map(|verdict| plain(&verdict)), of(Aspect::Stage));
    let stage = stage.map(|stage| format!("at {stage}"));
    let outcome = [verdict, stage].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let mut parts: Vec<String> = Some(outcome).filter(|outcome| !outcome.is_empty()).into_iter().collect();
    parts.extend(of(Aspect::Code).map(|code| format!("code {code}")));
    parts.extend(of(Aspect::Flag).map(|flag| format!("flag {flag}")));
    parts.extend(of(Aspect::Wire).map(|wire| format!("wire {}", plain(&wire))));
    parts.extend(of(Aspect::Policy).map(|policy| format!("decided by {}", plain(&policy))));
    parts.extend(of(Aspect::Why).map(|why| format!("why {why}")));
    parts.join(", ")
}

fn want(wanted: &[Wanted], end: End, aspect: Aspect) -> Option<&Want> {
    wanted.iter().find(|wanted| (wanted.end, wanted.aspect) == (end, aspect)).map(|wanted| &wanted.want)
}

/// What is wanted, between backticks; nothing where it is that there is nothing to see.
fn said(wanted: &[Wanted], end: End, aspect: Aspect) -> Option<String> {
    let (texts, between) = match want(wanted, end, aspect)? {
        Want::Is(texts) => (texts, " or "),
        Want::Holds(texts) => (texts, " … "),
    };
    let is_nothing = texts.len() == 1 && texts.first().is_some_and(|text| text == "none");
    (!is_nothing)
        .then(|| texts.iter().map(|text| format!("`{}`", calm(text))).collect::<Vec<_>>().join(between))
}

/// Without what moves a cursor or ends a line.
fn calm(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || c == '`' { ' ' } else { c }).collect()
}

fn plain(text: &str) -> String {
    text.replace('`', "")
}

/// What an entry expects of one aspect anywhere, each value once; not what stands for nothing, or for success.
pub fn expected(scenario: &Scenario, aspect: Aspect) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for client in &scenario.clients {
        let outcomes = client.expect.outcomes.iter().flat_map(|outcome| &outcome.wanted);
        let ends = [End::Connection, End::Client];
        let all = client.expect.wanted.iter().chain(outcomes);
        for wanted in all.filter(|wanted| wanted.aspect == aspect && ends.contains(&wanted.end)) {
            let (Want::Is(texts) | Want::Holds(texts)) = &wanted.want;
            // Of an alert who sent it is left out.
            let texts = texts.iter().map(|text| match aspect {
                Aspect::Alert => text.split(' ').next().unwrap_or_default(),
                _ => text,
            });
            let fresh: Vec<String> = texts
                .filter(|text| !NOTHING.contains(text) && !found.iter().any(|known| known == text))
                .map(str::to_owned)
                .collect();
            found.extend(fresh);
        }
    }
    found
}

/// What says that there is nothing to say.
const NOTHING: [&str; 4] = ["none", "-", "0", "200"];
