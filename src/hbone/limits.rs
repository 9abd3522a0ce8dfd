//! How much HTTP/2 may take: every number bounds memory or time, and says where it comes from.

use std::time::Duration;

/// Limits of one HTTP/2 connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What one stalled stream may make us hold. A quarter of ztunnel's, so that sixteen stalled streams and not four
    /// are needed to use up the connection's window.
    pub stream_window: u32,
    /// What one connection may make us hold; ztunnel's. Above 1 MiB, or h2 takes a chatty tunnel for an attack.
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
    /// What one stream may have waiting to be written: with `max_streams`, 12.5 MiB for a peer that reads nothing at
    /// all, where ztunnel's 400 KiB makes 78 MiB.
    pub send_buffer: usize,
    /// From one PONG to the next PING; ztunnel's.
    pub ping_interval: Duration,
    /// From PING to giving up; ztunnel's.
    pub ping_timeout: Duration,
    /// How long a tunnel without streams stays pooled; ztunnel's.
    pub idle: Duration,
    /// How many streams a peer may reset within `reset_window`: each may have cost a dial.
    pub resets: u32,
    /// See `resets`.
    pub reset_window: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            stream_window: 1 << 20,
            connection_window: 16 << 20,
            frame_size: 1 << 20,
            max_streams: 200,
            pool_max_streams: 100,
            server_header_list: 64 << 10,
            client_header_list: 16 << 10,
            send_buffer: 64 << 10,
            ping_interval: Duration::from_secs(10),
            ping_timeout: Duration::from_secs(20),
            idle: Duration::from_secs(300),
            resets: 400,
            reset_window: Duration::from_secs(30),
        }
    }
}
