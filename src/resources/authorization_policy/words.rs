//! The lists of one `source` or `operation`: each field and its `not…` twin, word by word.

use crate::policy::{Action, Entry, Values};
use crate::resources::fields::Fields;
use crate::resources::findings::Findings;
use crate::resources::node::Value;
use crate::resources::parse::Problem;
use crate::resources::schema::{Word, words};

/// What a rule must know of the policy around it.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The policy's namespace, which service accounts without one are in.
    pub(crate) namespace: &'a str,
    pub(crate) action: Action,
    /// The rule's number, from 0 as Istio counts.
    pub(crate) number: usize,
}

/// A field and its twin, as documents spell them.
pub(crate) type Twins = [&'static str; 2];

/// One `source`, `operation` or condition that is being read.
pub(crate) struct Words<'a, 'f> {
    pub(crate) fields: Fields<'a>,
    /// Where it is, as the API server says it.
    pub(crate) path: String,
    pub(crate) findings: &'f mut Findings,
    /// Whether any list said anything, right or wrong.
    pub(crate) said: bool,
}

impl<'a, 'f> Words<'a, 'f> {
    pub(crate) fn new(fields: Fields<'a>, path: String, findings: &'f mut Findings) -> Self {
        Self { fields, path, findings, said: false }
    }

    /// The words of `name`.
    pub(crate) fn list(&mut self, name: &'static str) -> Vec<Word<'a>> {
        let empty = Value::List(Vec::new());
        self.said |= self.fields.get(name).is_some_and(|found| found.node().value != empty);
        words(self.fields, name, &self.path, self.findings)
    }

    /// What `read` makes of the words of both twins; it gets the name of the list, for its message.
    pub(crate) fn values<T>(
        &mut self,
        twins: Twins,
        read: impl Fn(Word<'a>, &str) -> Result<T, Problem>,
    ) -> Values<T> {
        let [any, none] = twins.map(|name| {
            let (words, named) = (self.list(name), capitalised(name));
            words.into_iter().filter_map(|word| self.findings.keep(read(word, &named))).collect()
        });
        Values { any, none }
    }

    /// Checks the words of both twins, which only HTTP can match, and notes in `entry` which of the two are there.
    pub(crate) fn layer7<T>(
        &mut self,
        entry: &mut Entry,
        twins: Twins,
        read: impl Fn(Word<'a>, &str) -> Result<T, Problem>,
    ) {
        let values = self.values(twins, read);
        let there = twins.into_iter().zip([values.any, values.none]);
        entry.layer7.extend(there.filter(|(_, values)| !values.is_empty()).map(|(name, _)| name.to_owned()));
    }
}

/// `notPrincipals` as Istio's messages call it: `NotPrincipals`.
pub(crate) fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
