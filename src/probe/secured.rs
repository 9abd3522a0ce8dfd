//! The trials that begin with a ClientHello.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::identity::CertificateSummary;
use crate::probe::attempt::{Attempt, End, Phase, Shown, Trial};
use crate::probe::dial::{dial, end_of, hear};
use crate::probe::options::Options;
use crate::probe::raw::request;
use crate::tls::{ClientOffer, ClientStream, Look, Looker, TlsCause, TlsError, look_and_stay};

/// How long a server that asked for a certificate may take to refuse who has none. It does so as soon as it reads the
/// client's Finished, which is on its way already.
const SECOND_THOUGHT: Duration = Duration::from_millis(1000);
/// How long a close_notify may take to be sent.
const PARTING: Duration = Duration::from_millis(250);

/// A connection whose handshake is done, as far as the client knows.
pub(crate) struct Shaken {
    pub(crate) stream: ClientStream<TcpStream>,
    pub(crate) shown: Shown,
}

/// Shakes hands, and hears what the server says then.
pub(crate) async fn secured(trial: Trial, to: SocketAddr, options: &Options) -> Attempt {
    let Shaken { mut stream, shown } = match shake(trial, to, options).await {
        Ok(shaken) => shaken,
        Err(failed) => return failed,
    };
    let began = Instant::now();
    let (end, bytes) = match (&shown.asks, trial.needs_certificate()) {
        (None, false) => (End::Enough, Vec::new()),
        (Some(_), false) => hear(&mut stream, began + options.timeout.min(SECOND_THOUGHT)).await,
        (_, true) => ask(&mut stream, began, options).await,
    };
    let after = began.elapsed();
    // A farewell; who does not take it is left all the same.
    let _unheard = timeout(PARTING, stream.shutdown()).await;
    Attempt { shown: Some(shown), bytes, ..Attempt::ended(trial, Phase::Answer, end, after) }
}

/// Whether a certificate was accepted shows when something is asked for with it.
async fn ask(stream: &mut ClientStream<TcpStream>, began: Instant, options: &Options) -> (End, Vec<u8>) {
    let sent = async {
        stream.write_all(request(&options.name).as_bytes()).await?;
        stream.flush().await
    };
    match sent.await {
        // A server that has refused us and closed may fail the write; its alert is still there to be read.
        Ok(()) => hear(stream, began + options.timeout).await,
        Err(error) => match hear(stream, began + options.timeout).await {
            (End::Alert(alert), _) => (End::Alert(alert), Vec::new()),
            _ => (end_of(&error), Vec::new()),
        },
    }
}

/// Connects and shakes hands, or says as an attempt why not.
pub(crate) async fn shake(trial: Trial, to: SocketAddr, options: &Options) -> Result<Shaken, Attempt> {
    let deadline = Instant::now() + options.timeout;
    let stream = dial(trial, to, deadline).await?;
    let began = Instant::now();
    let looker = Looker {
        name: options.name.clone(),
        offer: match trial {
            Trial::Sidecar | Trial::SidecarMtls => ClientOffer::Sidecar,
            Trial::H2 | Trial::Hbone => ClientOffer::Hbone,
            Trial::Raw | Trial::Tls | Trial::Mtls => ClientOffer::None,
        },
        client: options.client.clone().filter(|_| trial.needs_certificate()),
    };
    match look_and_stay(stream, &looker, deadline).await {
        Ok((look, stream)) => Ok(Shaken { stream, shown: shown(&look) }),
        Err(error) => Err(refused(trial, &error, began)),
    }
}

fn refused(trial: Trial, error: &TlsError, began: Instant) -> Attempt {
    let end = match error.cause() {
        TlsCause::Refused { alert } => End::Alert(*alert),
        TlsCause::Eof { .. } => End::Closed,
        TlsCause::Reset { .. } => End::Reset,
        TlsCause::Timeout { .. } => End::Silent,
        TlsCause::NotTls { first } => End::NotTls { first: first.clone() },
        TlsCause::Echo => End::Echoed,
        _ => End::Failed { problem: error.plain() },
    };
    Attempt::ended(trial, Phase::Handshake, end, began.elapsed())
}

/// What the server showed, short enough to be compared.
fn shown(look: &Look) -> Shown {
    let leaf = look.chain.first().and_then(|der| CertificateSummary::parse(der).ok());
    let (identity, name, issuer) = match leaf {
        None => (None, "a certificate that cannot be read".to_owned(), String::new()),
        Some(leaf) => {
            let identity = match leaf.uris.as_slice() {
                [uri] if uri.starts_with("spiffe://") => Some(uri.clone()),
                _ => None,
            };
            let name =
                leaf.uris.first().or_else(|| leaf.other_names.first()).unwrap_or(&leaf.subject).clone();
            (identity, name, leaf.issuer)
        }
    };
    Shown {
        version: look.version.to_owned(),
        suite: look.suite.to_owned(),
        alpn: look.alpn.as_deref().map(|alpn| String::from_utf8_lossy(alpn).into_owned()),
        identity,
        name,
        issuer,
        asks: look.asks.clone(),
    }
}
