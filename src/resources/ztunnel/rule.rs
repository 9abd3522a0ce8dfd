//! A rule of a ztunnel: clauses that must all hold, each a list of alternatives.

use crate::policy::{Entry, Match, Rule};
use crate::resources::node::{Node, Value};
use crate::resources::parse::Problem;
use crate::resources::schema::mistyped;
use crate::resources::ztunnel::matching::{Lines, matching};

/// Istiod sends rules of two such clauses at most; only a hand-written file can come near.
const MOST_RULES: usize = 4096;

/// Reads a rule. Of ours, only `from` and `to` can have alternatives: a third such clause makes a rule of each of its own.
pub(crate) fn rules(node: &Node, lines: &Lines<'_>) -> Result<Vec<Rule>, Problem> {
    let mut rules = vec![Rule::default()];
    for clause in list(node, "rules[]")? {
        let matches = list(clause, "rules[][]")?;
        let read: Vec<Match> = matches.iter().map(|node| matching(node, lines)).collect::<Result<_, _>>()?;
        // An empty clause holds; one of empty matches does not, as ztunnel skips those (reference/hbone.md 6.1).
        if !read.is_empty() {
            let entries = read.into_iter().filter(|matches| !matches.is_empty());
            rules = and(rules, entries.map(|matches| Entry { matches, layer7: Vec::new() }).collect());
        }
        if rules.len() > MOST_RULES {
            return Err(Problem {
                at: node.at,
                code: "resources.ztunnel_rule",
                message: format!("expected a rule of at most {MOST_RULES} combinations, found more"),
                help: Some("split it: the clauses of a rule are ANDed, their matches ORed".to_owned()),
            });
        }
    }
    Ok(rules)
}

/// Each of `rules` with one more clause.
fn and(rules: Vec<Rule>, clause: Vec<Entry>) -> Vec<Rule> {
    let about_destination = clause.iter().all(|entry| {
        let Match { principals, namespaces, service_accounts, source_ips, .. } = &entry.matches;
        principals.is_empty() && namespaces.is_empty() && service_accounts.is_empty() && source_ips.is_empty()
    });
    let with = |mut rule: Rule| -> Vec<Rule> {
        match (about_destination, rule.to.is_empty(), rule.from.is_empty(), &*clause) {
            (true, true, ..) => rule.to.clone_from(&clause),
            (false, _, true, _) => rule.from.clone_from(&clause),
            (_, _, _, [one]) => rule.when.push(one.clone()),
            (_, true, ..) => rule.to.clone_from(&clause),
            (_, _, true, _) => rule.from.clone_from(&clause),
            (.., alternatives) => {
                let each = |one: &Entry| {
                    let mut rule = rule.clone();
                    rule.when.push(one.clone());
                    rule
                };
                return alternatives.iter().map(each).collect();
            }
        }
        vec![rule]
    };
    // No alternative is left: the clause cannot hold, nor can any rule with it.
    if clause.is_empty() { Vec::new() } else { rules.into_iter().flat_map(with).collect() }
}

fn list<'a>(node: &'a Node, path: &str) -> Result<&'a [Node], Problem> {
    match &node.value {
        Value::List(items) => Ok(items),
        _ => Err(mistyped(node, path, "array")),
    }
}
