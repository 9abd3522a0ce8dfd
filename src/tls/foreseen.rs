//! The failure that a server would report, without a handshake: `explain` says it in the words that the log would have.

use std::io;

use crate::tls::cause::TlsCause;
use crate::tls::diagnose::Circumstances;
use crate::tls::error::{Role, TlsError};

impl TlsError {
    /// What the side of that role would say of its peer for `cause`.
    pub fn foreseen(role: Role, cause: TlsCause) -> Self {
        let rustls = match &cause {
            TlsCause::NoCertificate => rustls::Error::NoCertificatesPresented,
            TlsCause::NotTls { .. } => {
                rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)
            }
            _ => return Self::from_cause(role, cause),
        };
        let error = io::Error::new(io::ErrorKind::InvalidData, rustls);
        Self::from_handshake(role, error, Circumstances::default()).judged(None, Some((cause, Vec::new())))
    }
}
