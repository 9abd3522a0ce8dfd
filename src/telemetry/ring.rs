//! The last finished records, by age and by id.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::telemetry::record::Record;

/// How many finished records are kept; a record is a few kilobytes, so this is tens of megabytes at most.
const KEPT: usize = 10_000;

/// A ring of records; the oldest makes room.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct Ring {
    by_age: VecDeque<Arc<Record>>,
    by_id: foldhash::HashMap<u64, Arc<Record>>,
}

impl Ring {
    /// Adds a record.
    pub(in crate::telemetry) fn push(&mut self, record: Arc<Record>) {
        if self.by_age.len() >= KEPT
            && let Some(oldest) = self.by_age.pop_front()
        {
            self.by_id.remove(&oldest.id);
        }
        self.by_id.insert(record.id, Arc::clone(&record));
        self.by_age.push_back(record);
    }

    /// The record of that id, if it is still here.
    pub(in crate::telemetry) fn get(&self, id: u64) -> Option<Arc<Record>> {
        self.by_id.get(&id).cloned()
    }

    /// The last `count` records, the oldest of them first.
    pub(in crate::telemetry) fn recent(&self, count: usize) -> Vec<Arc<Record>> {
        let skipped = self.by_age.len().saturating_sub(count);
        self.by_age.iter().skip(skipped).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room() {
        let mut ring = Ring::default();
        let record = |id| Arc::new(Record { id, source: None, destination: None });
        for id in 1..=KEPT as u64 + 5 {
            ring.push(record(id));
        }
        let ids = |records: Vec<Arc<Record>>| records.iter().map(|record| record.id).collect::<Vec<_>>();
        assert_eq!(ids(ring.recent(2)), [KEPT as u64 + 4, KEPT as u64 + 5]);
        assert_eq!((ring.recent(usize::MAX).len(), ring.by_id.len()), (KEPT, KEPT));
        assert!(ring.get(5).is_none());
        assert_eq!(ring.get(6).map(|record| record.id), Some(6));
    }
}
