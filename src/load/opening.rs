//! The words between the generator and its server: the first sixteen bytes of each connection say what the client wants.
//!
//! ```text
//!  0        7       8          12         16
//!  │ 0 gtload │ work │ request  │ response │    both sizes in bytes, little endian
//! ```
//!
//! | work | then |
//! |---|---|
//! | 1 talk | the client sends requests, the server answers each, until the client ends |
//! | 2 once | one request, one answer, and the server ends first: so it is its port that waits in TIME_WAIT, of which there is one |
//! | 3 sink | the client sends for as long as it likes |
//! | 4 flow | the server sends, `response` bytes at a time, for as long as the client reads |
//!
//! The first byte is no TLS record type (RFC 8446 §5.1) and no letter, so that proxies which sniff take it for raw bytes.

/// How long an opening is.
pub const OPENING: usize = 16;

/// What openings begin with.
const MAGIC: [u8; 7] = *b"\0gtload";

/// The largest request or answer: each connection holds one in memory, at both ends.
pub const LARGEST: u32 = 16 << 20;

/// What a client wants of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// An answer to each request.
    Talk,
    /// One answer, and the end.
    Once,
    /// Somebody who reads.
    Sink,
    /// Somebody who sends.
    Flow,
}

/// The first bytes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Opening {
    /// What it is for.
    pub wanted: Wanted,
    /// Bytes of a request; of what is sent at once.
    pub request: u32,
    /// Bytes of an answer; of what is sent at once.
    pub response: u32,
}

impl Opening {
    /// As bytes.
    pub fn encode(self) -> [u8; OPENING] {
        let wanted = match self.wanted {
            Wanted::Talk => 1,
            Wanted::Once => 2,
            Wanted::Sink => 3,
            Wanted::Flow => 4,
        };
        let mut bytes = [0; OPENING];
        let parts = MAGIC.into_iter().chain([wanted]).chain(self.request.to_le_bytes());
        bytes.iter_mut().zip(parts.chain(self.response.to_le_bytes())).for_each(|(at, byte)| *at = byte);
        bytes
    }

    /// What `bytes` say; `None` if they are not an opening, or ask for more memory than [`LARGEST`].
    pub fn decode(bytes: [u8; OPENING]) -> Option<Self> {
        let [m0, m1, m2, m3, m4, m5, m6, wanted, q0, q1, q2, q3, s0, s1, s2, s3] = bytes;
        let wanted = match wanted {
            1 => Wanted::Talk,
            2 => Wanted::Once,
            3 => Wanted::Sink,
            4 => Wanted::Flow,
            _ => return None,
        };
        let (request, response) =
            (u32::from_le_bytes([q0, q1, q2, q3]), u32::from_le_bytes([s0, s1, s2, s3]));
        let fits = [m0, m1, m2, m3, m4, m5, m6] == MAGIC && request.max(response) <= LARGEST;
        // A size of nothing would make a loop that never waits.
        (fits && request.min(response) > 0).then_some(Self { wanted, request, response })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn openings() -> impl Strategy<Value = Opening> {
        let wanted =
            prop_oneof![Just(Wanted::Talk), Just(Wanted::Once), Just(Wanted::Sink), Just(Wanted::Flow)];
        (wanted, 1..=LARGEST, 1..=LARGEST).prop_map(|(wanted, request, response)| Opening {
            wanted,
            request,
            response,
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(opening in openings()) {
            prop_assert_eq!(Opening::decode(opening.encode()), Some(opening));
        }

        #[test]
        fn what_is_read_was_written(bytes: [u8; OPENING], near in openings(), at in 0..OPENING, byte: u8) {
            let mut bent = near.encode();
            bent[at] = byte;
            for bytes in [bytes, bent] {
                if let Some(opening) = Opening::decode(bytes) {
                    prop_assert_eq!(opening.encode(), bytes);
                    prop_assert!(opening.request.max(opening.response) <= LARGEST);
                }
            }
        }
    }

    #[test]
    fn the_bytes() {
        let opening = Opening { wanted: Wanted::Once, request: 128, response: 0x0102_0304 };
        assert_eq!(&opening.encode(), b"\0gtload\x02\x80\0\0\0\x04\x03\x02\x01");
        let largest = |request| Opening { wanted: Wanted::Talk, request, response: 1 }.encode();
        assert!(Opening::decode(largest(LARGEST)).is_some());
        assert_eq!(Opening::decode(largest(LARGEST + 1)), None);
        assert_eq!(Opening::decode(largest(0)), None);
    }
}
