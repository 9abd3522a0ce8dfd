//! The secrets of a handshake, handed to a [`Tap`]; and the file that `SSLKEYLOGFILE` names.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::KeyLog;

use crate::io::{Tap, line};

/// A file to which secrets are added as they come, in the form that Wireshark, curl and browsers share (RFC 9850).
/// Whoever can read it can read the connections: it is made for its owner alone. Clones share it.
#[derive(Clone)]
pub struct KeyLogFile {
    file: Arc<Mutex<File>>,
}

impl KeyLogFile {
    /// Opens `path` for adding to, and creates it with mode 0600 if there is none.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        Ok(Self { file: Arc::new(Mutex::new(file)) })
    }

    fn add(&self, line: &str) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // In one call, so that the lines of two processes do not mix. A disk that is full costs the log, not the handshake.
        let _ = file.write_all(format!("{line}\n").as_bytes());
    }
}

impl fmt::Debug for KeyLogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyLogFile")
    }
}

/// Who is told the secrets of one connection.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// A tap, which also sees the bytes.
    pub tap: Option<Tap>,
    /// A file.
    pub file: Option<KeyLogFile>,
}

impl Secrets {
    /// Whether anybody is told.
    pub(crate) fn are_wanted(&self) -> bool {
        self.tap.is_some() || self.file.is_some()
    }

    /// As rustls wants it.
    pub(crate) fn key_log(&self) -> Arc<dyn KeyLog> {
        Arc::new(Told(self.clone()))
    }
}

impl From<&Tap> for Secrets {
    fn from(tap: &Tap) -> Self {
        Self { tap: Some(tap.clone()), file: None }
    }
}

#[derive(Debug)]
struct Told(Secrets);

impl KeyLog for Told {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        if let Some(tap) = &self.0.tap {
            tap.keep_secret(label, client_random, secret);
        }
        if let Some(file) = &self.0.file {
            file.add(&line(label, client_random, secret));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_log_file_is_its_owners_and_grows() {
        let path = std::env::temp_dir().join(format!("glasstunnel-keys-{:016x}", rand::random::<u64>()));
        for _ in 0..2 {
            let told = Secrets { tap: None, file: Some(KeyLogFile::open(&path).unwrap()) };
            told.key_log().log("EXPORTER_SECRET", &[0xab], &[0xcd]);
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "EXPORTER_SECRET ab cd\n".repeat(2));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::remove_file(path).unwrap();
    }
}
