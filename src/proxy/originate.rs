//! Originating TLS for the application, as a DestinationRule of mode SIMPLE or MUTUAL says.

use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::policy::{ClientTlsMode, ClientTlsSettings};
use crate::proxy::context::Context;
use crate::proxy::failure;
use crate::proxy::recording::Recording;
use crate::proxy::wire_choice::Originate;
use crate::reason::{Reason, Side};
use crate::telemetry::{Fact, Failure, Flag, Stage};
use crate::tls::{ClientFiles, ClientStream, Origination, originate};

/// The rule names a Secret, and there is no cluster to keep one.
#[derive(Debug, thiserror::Error)]
#[error("expected certificates in files, found credentialName {name}: there are no Secrets here")]
struct NoSecret {
    name: String,
}

impl Reason for NoSecret {
    fn code(&self) -> &'static str {
        "tls.no_secret"
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        Some("write the Secret's keys to files, and name them with caCertificates, clientCertificate, privateKey".to_owned())
    }
}

/// Shakes hands over `stream`, and says so in the record.
pub(crate) async fn handshake<S>(
    ctx: &Context,
    wanted: &Originate,
    stream: S,
    recording: &mut Recording,
) -> Result<ClientStream<S>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    if let Some(name) = &wanted.tls.credential_name {
        let error = NoSecret { name: name.escape_debug().to_string() };
        return Err(failure::at(Stage::Tls, Flag::TlsFailure, &error));
    }
    let origination = origination(wanted);
    let deadline = Instant::now() + ctx.shared.config.deadlines.handshake;
    let shaken = originate(stream, &origination, deadline).await;
    let (stream, server) = shaken.map_err(|error| failure::tls(&error))?;
    recording.step(Fact::Originated {
        sni: wanted.sni.clone(),
        names: server.names,
        roots: origination.ca_certificates.map(|path| path.display().to_string().into()),
        client_certificate: origination.client.is_some(),
        version: server.version,
        suite: server.suite,
    });
    Ok(stream)
}

fn origination(wanted: &Originate) -> Origination {
    let ClientTlsSettings { mode, ca_certificates, client_certificate, private_key, .. } = &*wanted.tls;
    let files = client_certificate.as_ref().zip(private_key.as_ref());
    Origination {
        sni: wanted.sni.to_string(),
        ca_certificates: ca_certificates
            .as_ref()
            .filter(|_| !wanted.tls.insecure_skip_verify)
            .map(PathBuf::from),
        subject_alt_names: wanted.tls.subject_alt_names.clone(),
        client: files.filter(|_| *mode == ClientTlsMode::Mutual).map(|(certificate, key)| ClientFiles {
            certificate: PathBuf::from(certificate),
            key: PathBuf::from(key),
        }),
    }
}
