//! Rules by what they ask for, so that a decision looks at those that may match and not at all of them.
//!
//! A rule can match only if one field with positive values does. Of each rule the field whose values the fewest other
//! rules share is chosen, and the rule stands in a hash table under each of these values: exact text as it is, prefixes,
//! suffixes and address blocks by their length. A decision then costs one look-up for each kind of value and each length
//! that occurs, plus the rules that are found. Rules without any positive value (`notPrincipals: ["*"]`, `{}`) are always
//! looked at.
//!
//! 10 000 DENY policies of 10 rules each: see `benches/decide.rs`.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use crate::policy::matching::{IpBlock, Match, Seen, StringMatch};

/// A rule as it is enforced: every clause must hold, and of a clause any one match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct EnforcedRule {
    /// The place of its policy in the set's order, which is the order in which policies are named.
    pub(in crate::policy) policy: u32,
    /// Its place in that policy.
    pub(in crate::policy) rule: u32,
    /// None at all match everything. No match in here is empty.
    pub(in crate::policy) clauses: Clauses,
}

/// All of them must hold, and of each any one match. There may be very many of these, hence nothing that could still grow.
pub(in crate::policy) type Clauses = Box<[Box<[Match]>]>;

impl EnforcedRule {
    /// Whether `seen` fits.
    pub(in crate::policy) fn matches(&self, seen: &Seen<'_>) -> bool {
        self.clauses.iter().all(|clause| clause.iter().any(|entry| entry.matches(seen)))
    }
}

/// Up to this many rules are walked: hashing would cost more.
const FEW: usize = 8;

/// The rules of one action and one reach.
#[derive(Debug, Default)]
pub(in crate::policy) struct RuleIndex {
    rules: Vec<EnforcedRule>,
    /// Those that every decision looks at.
    always: Vec<u32>,
    /// By text, for each kind of comparison that occurs; the length is 0 where the whole text is compared.
    texts: Texts,
    sources: Blocks,
    destinations: Blocks,
    ports: HashMap<u16, Vec<u32>>,
}

/// By text, for each field, comparison and length that occurs.
type Texts = BTreeMap<(Field, Shape, usize), HashMap<Box<str>, Vec<u32>>>;

/// By block, for each family (is it IPv4?) and length that occurs.
type Blocks = BTreeMap<(bool, u8), HashMap<IpBlock, Vec<u32>>>;

/// One positive value of one field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Text(Field, Shape, Box<str>),
    Source(IpBlock),
    Destination(IpBlock),
    Port(u16),
}

/// A field of text. Service accounts are compared as `NAMESPACE/sa/ACCOUNT`, which is how a principal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Field {
    Principal,
    Account,
    Namespace,
}

/// How much of the text is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Shape {
    Exact,
    Prefix,
    Suffix,
}

impl RuleIndex {
    /// Indexes `rules`.
    pub(in crate::policy) fn new(rules: Vec<EnforcedRule>) -> Self {
        let mut index = Self { rules, ..Self::default() };
        if index.rules.len() <= FEW {
            index.always = (0..).zip(&index.rules).map(|(number, _)| number).collect();
            return index;
        }
        let rules = std::mem::take(&mut index.rules);
        let mut shared: HashMap<Key, u32> = HashMap::new();
        for key in rules.iter().flat_map(|rule| choices(rule).into_iter().flatten()) {
            *shared.entry(key).or_default() += 1;
        }
        let crowd = |keys: &Vec<Key>| keys.iter().filter_map(|key| shared.get(key)).sum::<u32>();
        for (number, rule) in (0..).zip(&rules) {
            match choices(rule).into_iter().min_by_key(crowd) {
                Some(keys) => keys.into_iter().for_each(|key| index.add(key, number)),
                None => index.always.push(number),
            }
        }
        Self { rules, ..index }
    }

    fn add(&mut self, key: Key, number: u32) {
        let numbers = match key {
            Key::Text(field, shape, text) => {
                let length = if shape == Shape::Exact { 0 } else { text.len() };
                self.texts.entry((field, shape, length)).or_default().entry(text).or_default()
            }
            Key::Source(block) => entry(&mut self.sources, block),
            Key::Destination(block) => entry(&mut self.destinations, block),
            Key::Port(port) => self.ports.entry(port).or_default(),
        };
        numbers.push(number);
    }

    /// The first rule that `seen` fits, in the order of policies and rules.
    pub(in crate::policy) fn first_match(&self, seen: &Seen<'_>) -> Option<&EnforcedRule> {
        let mut first: Option<&EnforcedRule> = None;
        let candidates = self.candidates(seen).chain([&self.always]).flatten();
        for number in candidates {
            let rule = usize::try_from(*number).ok().and_then(|number| self.rules.get(number));
            let Some(rule) = rule else { continue };
            let earlier = first.is_none_or(|first| (rule.policy, rule.rule) < (first.policy, first.rule));
            if earlier && rule.matches(seen) {
                first = Some(rule);
            }
        }
        first
    }

    /// The indexed rules that `seen` may fit.
    fn candidates(&self, seen: &Seen<'_>) -> impl Iterator<Item = &Vec<u32>> {
        let texts = seen.source.into_iter().flat_map(|source| {
            self.texts.iter().filter_map(move |((field, shape, length), rules)| {
                let text = match field {
                    Field::Principal => source.principal(),
                    Field::Namespace => source.namespace(),
                    Field::Account => source.namespaced_account(),
                };
                let part = match shape {
                    Shape::Exact => text,
                    Shape::Prefix => text.get(..*length)?,
                    Shape::Suffix => text.get(text.len().checked_sub(*length)?..)?,
                };
                rules.get(part)
            })
        });
        texts
            .chain(found(&self.sources, seen.source_ip))
            .chain(found(&self.destinations, seen.destination_ip))
            .chain(self.ports.get(&seen.port))
    }
}

fn entry(blocks: &mut Blocks, block: IpBlock) -> &mut Vec<u32> {
    blocks.entry((block.is_ipv4(), block.length())).or_default().entry(block).or_default()
}

/// The rules under the blocks that `address` is in.
fn found(blocks: &Blocks, address: IpAddr) -> impl Iterator<Item = &Vec<u32>> {
    blocks.iter().filter_map(move |((is_ipv4, length), rules)| {
        let block = (*is_ipv4 == address.is_ipv4()).then(|| IpBlock::new(address, *length))?;
        rules.get(&block?)
    })
}

/// The sets of keys of which each would do: a rule can only match under one of the keys of every set.
fn choices(rule: &EnforcedRule) -> Vec<Vec<Key>> {
    let mut choices = Vec::new();
    for clause in &rule.clauses {
        let per_match: Vec<Vec<Vec<Key>>> = clause.iter().map(fields).collect();
        // Of a clause, every match must be found: each gives one of its fields, the same place in the order for all.
        let fewest = per_match.iter().map(Vec::len).min().unwrap_or(0);
        let joined = (0..fewest).map(|place| {
            per_match.iter().filter_map(|fields| fields.get(place)).flatten().cloned().collect::<Vec<Key>>()
        });
        choices.extend(joined.filter(|keys| !keys.is_empty()));
    }
    choices
}

/// The fields of a match with positive values, as keys, the most telling first.
fn fields(entry: &Match) -> Vec<Vec<Key>> {
    let accounts = entry.service_accounts.any.iter();
    let accounts = accounts.map(|account| {
        Key::Text(Field::Account, Shape::Exact, format!("{}/sa/{}", account.namespace, account.name).into())
    });
    let fields = [
        texts(Field::Principal, &entry.principals.any),
        Some(accounts.collect()),
        Some(entry.source_ips.any.iter().copied().map(Key::Source).collect()),
        texts(Field::Namespace, &entry.namespaces.any),
        Some(entry.destination_ips.any.iter().copied().map(Key::Destination).collect()),
        Some(entry.ports.any.iter().copied().map(Key::Port).collect()),
    ];
    fields.into_iter().flatten().filter(|keys: &Vec<Key>| !keys.is_empty()).collect()
}

/// The values as keys; `None` when one of them is `*`, which every peer fits.
fn texts(field: Field, values: &[StringMatch]) -> Option<Vec<Key>> {
    let key = |value: &StringMatch| match value {
        StringMatch::Presence => None,
        StringMatch::Exact(text) => Some(Key::Text(field, Shape::Exact, text.as_str().into())),
        StringMatch::Prefix(text) => Some(Key::Text(field, Shape::Prefix, text.as_str().into())),
        StringMatch::Suffix(text) => Some(Key::Text(field, Shape::Suffix, text.as_str().into())),
    };
    values.iter().map(key).collect()
}

#[cfg(test)]
mod tests;
