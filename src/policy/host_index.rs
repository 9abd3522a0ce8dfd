//! Things by the host names they are for, found from a full host name: the exact one first, then the longest wildcard.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// Things by host. A look-up costs one hash, and one for each length of wildcard that occurs.
#[derive(Clone, Debug)]
pub(in crate::policy) struct HostIndex<T> {
    exact: HashMap<String, Vec<T>>,
    /// By length, and by what follows the star.
    wildcards: BTreeMap<Reverse<usize>, HashMap<String, Vec<T>>>,
}

impl<T> Default for HostIndex<T> {
    fn default() -> Self {
        Self { exact: HashMap::new(), wildcards: BTreeMap::new() }
    }
}

impl<T> HostIndex<T> {
    /// Adds `item` behind those of the same host.
    pub(in crate::policy) fn add(&mut self, host: &str, item: T) {
        let items = match host.strip_prefix('*') {
            Some(suffix) => self.wildcards.entry(Reverse(suffix.len())).or_default().entry(suffix.to_owned()),
            None => self.exact.entry(host.to_owned()),
        };
        items.or_default().push(item);
    }

    /// What is there for `hostname`, the most specific host first; within one host in the order of adding.
    pub(in crate::policy) fn matching<'a, 'h>(
        &'a self,
        hostname: &'h str,
    ) -> impl Iterator<Item = &'a [T]> + use<'a, 'h, T> {
        let wildcards = self.wildcards.iter().filter_map(move |(Reverse(length), hosts)| {
            hosts.get(hostname.get(hostname.len().checked_sub(*length)?..)?)
        });
        self.exact.get(hostname).into_iter().chain(wildcards).map(Vec::as_slice)
    }
}

/// The full name that `host` means in a document of `namespace`. As in Istio only a name without any dot is completed:
/// `ratings.foo` stays what it is, and matches no service.
pub(in crate::policy) fn qualified(host: &str, namespace: &str, cluster_domain: &str) -> String {
    match host.contains('.') || host == "*" {
        true => host.to_owned(),
        false => format!("{host}.{namespace}.svc.{cluster_domain}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_then_longer_wildcards() {
        let mut index = HostIndex::default();
        for host in ["*", "*.svc.cluster.local", "a.foo.svc.cluster.local", "*.foo.svc.cluster.local", "*.x"]
        {
            index.add(host, host);
        }
        index.add("*", "* again");
        let found: Vec<&str> = index.matching("a.foo.svc.cluster.local").flatten().copied().collect();
        assert_eq!(
            found,
            ["a.foo.svc.cluster.local", "*.foo.svc.cluster.local", "*.svc.cluster.local", "*", "* again"]
        );
        let found: Vec<&str> = index.matching("é.x").flatten().copied().collect();
        assert_eq!(found, ["*.x", "*", "* again"]);
        assert_eq!(index.matching("").count(), 1, "a lone star matches even nothing");
    }

    #[test]
    fn only_names_without_a_dot_are_completed() {
        let check = |host: &str, expect: &str| assert_eq!(qualified(host, "foo", "cluster.local"), expect);
        check("ratings", "ratings.foo.svc.cluster.local");
        check("ratings.foo", "ratings.foo");
        check("*", "*");
        check("*.foo.svc.cluster.local", "*.foo.svc.cluster.local");
    }
}
