//! One API call, taken out of HTTP: what the handlers see.

/// Which listener a call came through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// The context's socket, whose peer is the same user.
    Context,
    /// TCP, at this local address; a browser can be made to call it.
    Tcp(std::net::SocketAddr),
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// `GET`, `POST`, …
    pub(crate) method: String,
    /// The path, still encoded.
    pub(crate) path: String,
    /// What follows the `?`.
    pub(crate) query: String,
    /// Whether the `accept` header names OpenMetrics.
    pub(crate) wants_openmetrics: bool,
    /// Whether it came through the context's socket, so that the same user asks.
    pub(crate) is_from_context: bool,
    /// What was sent along.
    pub(crate) body: String,
}

impl Call {
    /// The value of the first query parameter called `name`.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let pairs = self.query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| decode(value))
    }
}

/// Decodes `%XX` (RFC 3986 §2.1); what is no escape stays, what is no UTF-8 becomes U+FFFD.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = if *first == b'%' {
            after.split_at_checked(2).and_then(|(digits, after)| Some((hex(digits)?, after)))
        } else {
            None
        };
        let (byte, after) = escaped.unwrap_or((*first, after));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Encodes everything but RFC 3986's unreserved characters (§2.3).
pub(crate) fn encode(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn hex(digits: &[u8]) -> Option<u8> {
    let text =
        std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u8::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_escape_stays() {
        let check = |text: &str, expect: &str| assert_eq!(decode(text), expect);
        check("default%2Freviews", "default/reviews");
        check("100%", "100%");
        check("%+1%zz%4", "%+1%zz%4");
        check("%ff", "\u{fffd}");
    }

    #[test]
    fn parameters_are_found_by_name() {
        let call = Call {
            method: "GET".into(),
            path: "/".into(),
            query: "all&name=a%20b&name=c".into(),
            wants_openmetrics: false,
            is_from_context: true,
            body: String::new(),
        };
        assert_eq!(call.parameter("name").as_deref(), Some("a b"));
        assert_eq!(call.parameter("all").as_deref(), Some(""));
        assert_eq!(call.parameter("al"), None);
    }

    proptest! {
        #[test]
        fn encoding_round_trips(text in ".*") {
            prop_assert_eq!(decode(&encode(&text)), text);
        }

        #[test]
        fn decoding_is_total(text in "[%0-9a-fA-F\u{80}-\u{ff}]*") {
            decode(&text);
        }
    }
}
