//! [`Escaped`]: bytes that a peer chose, made safe for a terminal, a log line and a text page.

use std::fmt::{self, Write};

/// Shows printable ASCII as it is, ends of lines as `\r` and `\n`, and everything else, the backslash included, as `\xNN`.
///
/// Unlike [`slice::escape_ascii`] it leaves quotes alone: they are harmless in a line of text, and common in headers.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(
    /// The bytes as the peer sent them.
    pub &'a [u8],
);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            match byte {
                b'\\' => f.write_str("\\x5c")?,
                b'\r' => f.write_str("\\r")?,
                b'\n' => f.write_str("\\n")?,
                b' '..=b'~' => f.write_char(char::from(*byte))?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn only_printable_ascii_passes() {
        fn check(input: &[u8], expect: &str) {
            assert_eq!(Escaped(input).to_string(), expect);
        }
        check(b"reviews.default", "reviews.default");
        check(b"a \"quoted\" word", "a \"quoted\" word");
        check(b"\x1b[31mred\r\n\0", "\\x1b[31mred\\r\\n\\x00");
        check("\u{202e}".as_bytes(), "\\xe2\\x80\\xae");
        check(b"\\x00", "\\x5cx00");
    }
}
