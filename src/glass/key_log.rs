//! [`KeyLog`]: the secrets of TLS connections, in the format that Wireshark and browsers share.
//!
//! The format is NSS's (`SSLKEYLOGFILE`, RFC 9850): one line per secret, `LABEL CLIENT_RANDOM SECRET` in hexadecimal. Whoever holds these
//! can read the connection, so a log never prints itself: [`KeyLog::to_text`] has to be asked.

use std::fmt::{self, Write as _};
use std::hint::black_box;
use std::sync::Arc;

/// The secrets that a TLS 1.3 key log names (RFC 8446 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretLabel {
    /// Keys of the client's handshake messages.
    ClientHandshake,
    /// Keys of the server's handshake messages.
    ServerHandshake,
    /// Keys of what the client sends after its Finished.
    ClientTraffic,
    /// Keys of what the server sends after its Finished.
    ServerTraffic,
    /// For protocols above TLS; decrypts nothing.
    Exporter,
}

/// Every label, with its name.
const LABELS: [(SecretLabel, &str); 5] = [
    (SecretLabel::ClientHandshake, "CLIENT_HANDSHAKE_TRAFFIC_SECRET"),
    (SecretLabel::ServerHandshake, "SERVER_HANDSHAKE_TRAFFIC_SECRET"),
    (SecretLabel::ClientTraffic, "CLIENT_TRAFFIC_SECRET_0"),
    (SecretLabel::ServerTraffic, "SERVER_TRAFFIC_SECRET_0"),
    (SecretLabel::Exporter, "EXPORTER_SECRET"),
];

/// The longest secret: the output of SHA-512.
const LONGEST_SECRET: usize = 64;

impl SecretLabel {
    /// The name in a key log.
    pub fn as_str(self) -> &'static str {
        LABELS.iter().find(|(label, _)| *label == self).map_or("", |(_, name)| name)
    }

    /// The label of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        LABELS.iter().find(|(_, known)| *known == name).map(|(label, _)| *label)
    }
}

/// A secret, wiped from memory when its last clone goes.
#[derive(Clone, PartialEq, Eq)]
struct Secret(Arc<Wiped>);

#[derive(PartialEq, Eq)]
struct Wiped(Vec<u8>);

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.fill(0);
        // Without a reader the compiler may drop the writes.
        black_box(&self.0);
    }
}

/// One line of a log.
#[derive(Clone, PartialEq, Eq)]
struct Entry {
    label: SecretLabel,
    client_random: [u8; 32],
    secret: Secret,
}

/// The secrets of any number of connections, in the order in which they were logged. Its `Debug` only counts them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KeyLog {
    entries: Vec<Entry>,
}

impl KeyLog {
    /// Reads a key log. Comments, unknown labels and lines of another shape are passed over, as every reader of such files does.
    pub fn parse(text: &str) -> Self {
        let mut log = Self::default();
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            let (Some(label), Some(random), Some(secret), None) =
                (words.next(), words.next(), words.next(), words.next())
            else {
                continue;
            };
            if let (Some(random), Some(secret)) = (bytes_of(random), bytes_of(secret)) {
                log.add(label, &random, &secret);
            }
        }
        log
    }

    /// Adds a secret as rustls and others hand it over; says whether label and lengths are known.
    pub fn add(&mut self, label: &str, client_random: &[u8], secret: &[u8]) -> bool {
        let (Some(label), Ok(client_random)) = (SecretLabel::from_name(label), client_random.try_into())
        else {
            return false;
        };
        if secret.is_empty() || secret.len() > LONGEST_SECRET {
            return false;
        }
        self.entries.push(Entry { label, client_random, secret: Secret(Arc::new(Wiped(secret.to_vec()))) });
        true
    }

    /// Adds what another one holds.
    pub fn extend(&mut self, other: &Self) {
        self.entries.extend(other.entries.iter().cloned());
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many secrets there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Only the secrets of one connection.
    #[must_use]
    pub fn of(&self, client_random: &[u8; 32]) -> Self {
        let own = self.entries.iter().filter(|entry| entry.client_random == *client_random);
        Self { entries: own.cloned().collect() }
    }

    /// The log as text: the secrets themselves, for a file that says so.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for entry in &self.entries {
            text.push_str(entry.label.as_str());
            for bytes in [entry.client_random.as_slice(), &entry.secret.0.0] {
                text.push(' ');
                for byte in bytes {
                    let _ = write!(text, "{byte:02x}");
                }
            }
            text.push('\n');
        }
        text
    }

    /// The secret of one connection; the last one logged, if there are several.
    pub(crate) fn secret(&self, label: SecretLabel, client_random: &[u8; 32]) -> Option<&[u8]> {
        let mut latest = self.entries.iter().rev();
        let entry = latest.find(|entry| entry.label == label && entry.client_random == *client_random)?;
        Some(&entry.secret.0.0)
    }
}

impl fmt::Debug for KeyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyLog({} secrets)", self.entries.len())
    }
}

/// Hexadecimal digits, in pairs.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_structure_say_the_same() {
        let line = |label: &str| format!("{label} {} {}\n", "ab".repeat(32), "0C".repeat(48));
        let text = format!(
            "# a comment\n\n{}{}CLIENT_RANDOM {} 00\nEXPORTER_SECRET zz 00\nEXPORTER_SECRET {} 0\n",
            line("CLIENT_TRAFFIC_SECRET_0"),
            line("EXPORTER_SECRET"),
            "00".repeat(32),
            "00".repeat(32)
        );
        let log = KeyLog::parse(&text);
        assert_eq!(log.len(), 2);
        assert_eq!(log.secret(SecretLabel::ClientTraffic, &[0xab; 32]), Some([12; 48].as_slice()));
        assert_eq!(log.secret(SecretLabel::ServerTraffic, &[0xab; 32]), None);
        assert_eq!(log.secret(SecretLabel::ClientTraffic, &[0; 32]), None);
        assert_eq!(KeyLog::parse(&log.to_text()), log);
        assert!(log.of(&[0; 32]).is_empty());
    }

    #[test]
    fn a_log_does_not_print_its_secrets() {
        let mut log = KeyLog::default();
        assert!(log.add("EXPORTER_SECRET", &[1; 32], &[7; 32]));
        assert!(!log.add("EXPORTER_SECRET", &[1; 31], &[7; 32]));
        assert!(!log.add("EXPORTER_SECRET", &[1; 32], &[7; 65]));
        assert_eq!(format!("{log:?}"), "KeyLog(1 secrets)");
    }
}
