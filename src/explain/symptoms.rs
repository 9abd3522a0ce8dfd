//! What each end sees of a verdict: the client's message and curl's exit code, and the sentence in the server's log.
//!
//! curl's codes are measured (reference/failures.md 0.5; `tests/it/table.rs` and `tests/it/client_modes.rs` repeat them
//! against this proxy).

use crate::mesh::BackendKind;
use crate::telemetry::{Failure, Stage, Verdict, Wire};

/// What each end sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symptoms {
    /// The client's message, as curl words it.
    pub client: String,
    /// curl's exit codes that go with it.
    pub curl: Vec<i32>,
    /// The destination's log line.
    pub server: String,
}

const RESET: &str = "Recv failure: Connection reset by peer";

/// The symptoms of a connection over `wire` that ended with `failure`, or was delivered to `backend`.
pub fn symptoms(wire: Option<Wire>, failure: Option<&Failure>, backend: Option<&BackendKind>) -> Symptoms {
    let Some(failure) = failure else { return delivered(wire, backend) };
    let (client, curl) = match (wire, failure.verdict, failure.stage) {
        // Refused before any TLS answer: an HTTPS client is still in its handshake.
        (Some(Wire::Tls), Verdict::Deny, Stage::PeerAuth) => (format!("TLS connect error: {RESET}"), 35),
        (Some(Wire::Tls), _, Stage::Tls) => {
            ("TLSv1.3 alert certificate required (alert number 116)".to_owned(), 56)
        }
        // Straight to 15008 in plaintext: the TLS alert is taken for an answer.
        (Some(Wire::Raw), _, Stage::Tls) => ("Received HTTP/0.9 when not allowed".to_owned(), 1),
        (_, _, Stage::OrigDst) => ("cannot complete SOCKS5 connection".to_owned(), 97),
        _ => (RESET.to_owned(), 56),
    };
    Symptoms { client, curl: vec![curl], server: failure.error.clone() }
}

fn delivered(wire: Option<Wire>, backend: Option<&BackendKind>) -> Symptoms {
    let speaks_tls = |backend| match backend {
        &BackendKind::Tls => Some(true),
        BackendKind::At(_) => None,
        _ => Some(false),
    };
    let (client, curl) = match (wire, backend.and_then(speaks_tls)) {
        (Some(Wire::Tls), Some(false)) => {
            ("TLS connect error: wrong version number: the application speaks no TLS", 35)
        }
        (Some(Wire::Raw), Some(true)) => {
            ("Received HTTP/0.9 when not allowed: the application speaks TLS", 1)
        }
        _ => ("what the application answers", 0),
    };
    Symptoms { client: client.to_owned(), curl: vec![curl], server: "connection complete".to_owned() }
}
