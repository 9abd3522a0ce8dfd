//! Who may be whose other half: connections by the trace id and by the socket that their halves were seen with.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::telemetry::half::{Join, Reporter};
use crate::trace_context::TraceId;

/// How many connections one key may hold. A peer that repeats one trace id a million times costs sixteen entries;
/// the halves beyond are told alone.
const CROWD: usize = 16;

/// What a half can be found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Trace(Reporter, TraceId),
    Socket(Reporter, SocketAddr),
}

/// The index.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct Partners {
    by_key: HashMap<Key, Vec<u64>>,
}

impl Partners {
    /// The connections with a half of `reporter` that `join` fits, those with the same trace first.
    pub(in crate::telemetry) fn of(&self, reporter: Reporter, join: &Join) -> impl Iterator<Item = u64> {
        let found = keys(reporter, join).filter_map(|key| self.by_key.get(&key));
        found.flatten().copied()
    }

    /// Adds a half of `reporter` of connection `id`.
    pub(in crate::telemetry) fn add(&mut self, reporter: Reporter, join: &Join, id: u64) {
        for key in keys(reporter, join) {
            let ids = self.by_key.entry(key).or_default();
            if ids.len() < CROWD {
                ids.push(id);
            }
        }
    }

    /// Removes it again.
    pub(in crate::telemetry) fn remove(&mut self, reporter: Reporter, join: &Join, id: u64) {
        for key in keys(reporter, join) {
            let Some(ids) = self.by_key.get_mut(&key) else { continue };
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.by_key.remove(&key);
            }
        }
    }
}

fn keys(reporter: Reporter, join: &Join) -> impl Iterator<Item = Key> + use<> {
    let trace = join.trace.map(|trace| Key::Trace(reporter, trace));
    let socket = join.socket.map(|socket| {
        // A listener on [::] sees IPv4 peers as mapped addresses; the caller's own socket does not.
        Key::Socket(reporter, SocketAddr::new(socket.ip().to_canonical(), socket.port()))
    });
    trace.into_iter().chain(socket)
}
