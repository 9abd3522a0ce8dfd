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
use crate::tls::{ClientFiles, ClientStream, Origination, Originator, originate};

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

/// TLS that is ready to be spoken, with what the record says of it.
pub(crate) struct Ready {
    originator: Originator,
    origination: Origination,
}

impl Ready {
    /// Reads what the rule names; a connection that would fail by our own files is not even dialled.
    pub(crate) fn new(wanted: &Originate) -> Result<Self, Failure> {
        if let Some(name) = &wanted.tls.credential_name {
            let error = NoSecret { name: name.escape_debug().to_string() };
            return Err(failure::at(Stage::Tls, Flag::TlsFailure, &error));
        }
        let origination = origination(wanted);
        let originator = origination.read().map_err(|error| failure::tls(&error))?;
        Ok(Self { originator, origination })
    }

    /// Shakes hands over `stream`, and says so in the record.
    pub(crate) async fn handshake<S>(
        self,
        ctx: &Context,
        stream: S,
        recording: &mut Recording,
    ) -> Result<ClientStream<S>, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let deadline = Instant::now() + ctx.shared.config.deadlines.handshake;
        let secrets = ctx.shared.tapping.secrets();
        // Inside a tunnel it is the tunnel that is on the wire.
        recording.note(|half| half.taps.wire = half.taps.wire.take().or_else(|| secrets.tap.clone()));
        let shaken = originate(stream, &self.originator, &secrets, deadline).await;
        let (stream, server) = shaken.map_err(|error| failure::tls(&error))?;
        recording.step(Fact::Originated {
            sni: self.origination.sni.into(),
            names: server.names,
            roots: self.origination.ca_certificates.map(|path| path.display().to_string().into()),
            client_certificate: self.origination.client.is_some(),
            version: server.version,
            suite: server.suite,
        });
        Ok(stream)
    }
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
