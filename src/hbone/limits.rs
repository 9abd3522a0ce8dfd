//! How much HTTP/2 may take: every number bounds memory or time, and says where it comes from.

use std::time::Duration;

/// Limits of one HTTP/2 connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What one stalled stream may make us hold; ztunnel's. A smaller one stalls a sender that is alone while the reader waits
    /// for a core, a larger one makes requests wait behind it in the tunnel's socket: benches/README.md has both. Envoy drops
    /// what its backend had not got rid of when it closed, as far as the stream's window did not take it
    /// (envoyproxy/envoy#47378).
    pub stream_window: u32,
    /// What one connection may make us hold: four times ztunnel's, so that sixteen stalled streams and not four are needed
    /// to stall the rest. Above 1 MiB, or h2 takes a chatty tunnel for an attack.
    pub connection_window: u32,
    /// The largest DATA frame that we take; ztunnel's.
    pub frame_size: u32,
    /// Streams that a peer may open at once; ztunnel's.
    pub max_streams: u32,
    /// Streams that we open on one tunnel before we dial another; ztunnel's POOL_MAX_STREAMS_PER_CONNECTION.
    pub pool_max_streams: usize,
    /// Request headers as a server; ztunnel's.
    pub server_header_list: u32,
    /// Response headers as a client; ztunnel's.
    pub client_header_list: u32,
    /// What one stream may have waiting to be written, and so the largest DATA frame that we send (benches/README.md has what
    /// smaller ones cost): with `max_streams`, 50 MiB for a peer that reads nothing at all, where ztunnel's 400 KiB makes
    /// 78 MiB; `send_buffer_per_connection` caps that.
    pub send_buffer: usize,
    /// What all streams of one connection may have waiting to be written: sixteen streams' full buffers. A peer that
    /// reads nothing at all makes us hold this much, and 16 KiB of gathered small writes a stream.
    pub send_buffer_per_connection: usize,
    /// Overhead of small DATA frames that were not read yet; h2 charges 256 less its length for each, and over budget
    /// ends the connection: 65 793 unread one-byte frames on all streams together are an attack. Without a bound they would
    /// be 64 million, each of which h2 keeps in a slot of its own.
    pub data_frame_budget: usize,
    /// How long a peer may be silent, at most, before it gets a PING; ztunnel's, which sends one in any case.
    pub ping_interval: Duration,
    /// From PING to giving up; ztunnel's.
    pub ping_timeout: Duration,
    /// How long a tunnel without streams stays pooled; ztunnel's.
    pub idle: Duration,
    /// How many streams a peer may reset within `reset_window` before they have carried a byte of an answer: each may
    /// have cost a dial.
    pub resets: u32,
    /// See `resets`.
    pub reset_window: Duration,
    /// Streams that we reset and that h2 remembers for a second, so that what a peer had sent before it heard of it is no mistake
    /// of the peer's. h2 counts those mistakes for as long as the connection lives, and ends it at 1 024: with its own
    /// 50, a few clients that die in the midst of downloads take all others of their tunnel with them.
    pub remembered_resets: usize,
}

/// Streams that we open before a peer has told its own limit, at most: no peer should take less (RFC 9113 section 6.5.2).
pub(crate) const UNTOLD_STREAMS: usize = 100;

impl Default for Limits {
    fn default() -> Self {
        Self {
            stream_window: 4 << 20,
            connection_window: 64 << 20,
            frame_size: 1 << 20,
            max_streams: 200,
            pool_max_streams: 100,
            server_header_list: 64 << 10,
            client_header_list: 16 << 10,
            send_buffer: 256 << 10,
            send_buffer_per_connection: 4 << 20,
            data_frame_budget: 16 << 20,
            ping_interval: Duration::from_secs(10),
            ping_timeout: Duration::from_secs(20),
            idle: Duration::from_secs(300),
            resets: 400,
            reset_window: Duration::from_secs(30),
            remembered_resets: 1_024,
        }
    }
}
