//! [`Detours`]: dials that go elsewhere, so that a fault can stand in a connection's path.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;

/// Where dials go in the place of where they are meant to. Clones share it; a dial pays for one load.
#[derive(Clone, Default)]
pub struct Detours {
    table: Arc<ArcSwap<HashMap<SocketAddr, SocketAddr>>>,
}

/// A detour that is there for as long as this value.
#[derive(Debug)]
pub struct Detour {
    detours: Detours,
    meant: SocketAddr,
    over: SocketAddr,
}

impl Detours {
    /// Leads dials that are meant for `meant` to `over`; the last one counts.
    #[must_use]
    pub fn lead(&self, meant: SocketAddr, over: SocketAddr) -> Detour {
        self.edit(|table| table.insert(meant, over));
        Detour { detours: self.clone(), meant, over }
    }

    /// Where a dial that is meant for `meant` goes instead.
    pub(crate) fn of(&self, meant: SocketAddr) -> Option<SocketAddr> {
        self.table.load().get(&meant).copied()
    }

    fn edit<T>(&self, edit: impl Fn(&mut HashMap<SocketAddr, SocketAddr>) -> T) {
        self.table.rcu(|table| {
            let mut table = HashMap::clone(table);
            edit(&mut table);
            table
        });
    }
}

impl Drop for Detour {
    /// A later one that took its place stays.
    fn drop(&mut self) {
        let Self { detours, meant, over } = self;
        detours.edit(|table| {
            if table.get(meant) == Some(over) {
                table.remove(meant);
            }
        });
    }
}

impl fmt::Debug for Detours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.table.load().iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detour_lasts_as_long_as_its_value_and_the_last_one_counts() {
        let [door, one, other] =
            ["127.0.0.1:15008", "127.0.0.1:1", "127.0.0.1:2"].map(|text| text.parse().unwrap());
        let detours = Detours::default();
        assert_eq!(detours.of(door), None);
        let first = detours.lead(door, one);
        assert_eq!(detours.of(door), Some(one));
        let second = detours.lead(door, other);
        drop(first);
        assert_eq!(detours.of(door), Some(other));
        drop(second);
        assert_eq!(detours.of(door), None);
    }
}
