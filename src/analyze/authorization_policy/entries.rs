//! Walking through the rules of a policy with the place of everything at hand.

use crate::analyze::context::{Context, Rules};
use crate::policy::{Action, Entry, Rule};
use crate::resources::Path;

/// The three lists of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::analyze) enum Clause {
    From,
    To,
    When,
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug)]
pub(in crate::analyze) struct At {
    pub(in crate::analyze) rule: usize,
    pub(in crate::analyze) clause: Clause,
    pub(in crate::analyze) entry: usize,
}

impl At {
    /// The entry itself: its `source`, its `operation`, or the condition.
    pub(in crate::analyze) fn path(self) -> Path {
        let rule = Path::new("spec.rules").item(self.rule);
        match self.clause {
            Clause::From => rule.key("from").item(self.entry).key("source"),
            Clause::To => rule.key("to").item(self.entry).key("operation"),
            Clause::When => rule.key("when").item(self.entry),
        }
    }

    /// What documents call an entry.
    pub(in crate::analyze) fn noun(self) -> &'static str {
        match self.clause {
            Clause::From => "source",
            Clause::To => "operation",
            Clause::When => "condition",
        }
    }

    /// A field of it by the name that it has in a `source` or an `operation`; conditions have values only.
    pub(in crate::analyze) fn field(self, name: &str) -> Path {
        match self.clause {
            Clause::From | Clause::To => self.path().key(name),
            Clause::When if name.starts_with("not") => self.path().key("notValues"),
            Clause::When => self.path().key("values"),
        }
    }

    /// One value of that field.
    pub(in crate::analyze) fn value(self, name: &str, value: impl ToString) -> Path {
        self.field(name).text(value)
    }

    /// An attribute of HTTP by the name that istiod's status has for it.
    pub(in crate::analyze) fn attribute(self, name: &str) -> Path {
        match self.clause {
            Clause::From | Clause::To => self.path().key(name).itself(),
            Clause::When => self.path().key("key"),
        }
    }
}

/// Every entry of a rule with its place.
pub(in crate::analyze) fn of_rule(index: usize, rule: &Rule) -> impl Iterator<Item = (At, &Entry)> {
    let lists = [(Clause::From, &rule.from), (Clause::To, &rule.to), (Clause::When, &rule.when)];
    lists.into_iter().flat_map(move |(clause, entries)| {
        entries.iter().enumerate().map(move |(entry, value)| (At { rule: index, clause, entry }, value))
    })
}

/// Every entry of a policy with its place.
pub(in crate::analyze) fn of_policy<'a>(rules: Rules<'a>) -> impl Iterator<Item = (At, &'a Entry)> {
    rules.policy.rules.iter().enumerate().flat_map(|(index, rule)| of_rule(index, rule))
}

/// The policies that istiod sends to ztunnels to be enforced.
pub(in crate::analyze) fn enforced<'a>(cx: &Context<'a>) -> impl Iterator<Item = Rules<'a>> {
    cx.rules.iter().copied().filter(|rules| {
        let policy = rules.policy;
        let is_sent = matches!(policy.action, Action::Allow | Action::Deny);
        is_sent && !policy.dry_run && policy.target_refs.is_empty()
    })
}
