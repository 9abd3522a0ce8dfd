//! [`Tapped`]: both directions of one connection, as a tap beside its socket saw them.

use bytes::Bytes;

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// Bytes that were read or written in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Which way they went.
    pub direction: Direction,
    /// When, in nanoseconds since the connection began.
    pub at: u64,
    /// The bytes as they were on the wire.
    pub bytes: Bytes,
}

/// One connection's bytes in the order in which one end sent and received them.
///
/// The order between the directions matters: an answer stands behind what it answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tapped {
    /// The chunks, oldest first.
    pub chunks: Vec<Chunk>,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub fn reverse(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }

    /// Who sends this way: `client` or `server`.
    pub fn sender(self) -> &'static str {
        match self {
            Self::ToServer => "client",
            Self::ToClient => "server",
        }
    }
}

impl Tapped {
    /// Adds what went `direction`, `at` nanoseconds after the beginning.
    pub fn push(&mut self, direction: Direction, at: u64, bytes: impl Into<Bytes>) {
        self.chunks.push(Chunk { direction, at, bytes: bytes.into() });
    }

    /// How many bytes went one way.
    pub fn length(&self, direction: Direction) -> usize {
        self.chunks.iter().filter(|chunk| chunk.direction == direction).map(|chunk| chunk.bytes.len()).sum()
    }
}

/// One value for each direction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Both<T> {
    to_server: T,
    to_client: T,
}

impl<T> Both<T> {
    pub(crate) fn of(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }
}
