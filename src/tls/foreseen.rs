//! The failure that a server would report, without a handshake: `explain` says it in the words that the log would have.

use std::io;

use crate::tls::cause::TlsCause;
use crate::tls::diagnose::Circumstances;
use crate::tls::error::{Role, TlsError};

impl TlsError {
    /// What the server's side would say of a client for `cause`.
    pub fn foreseen(cause: TlsCause) -> Self {
        let rustls = match &cause {
            TlsCause::NoCertificate => rustls::Error::NoCertificatesPresented,
            TlsCause::NotTls { .. } => {
                rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)
            }
            _ => return Self::from_cause(Role::Server, cause),
        };
        let error = io::Error::new(io::ErrorKind::InvalidData, rustls);
        Self::from_handshake(Role::Server, error, Circumstances::default())
            .judged(None, Some((cause, Vec::new())))
    }
}
