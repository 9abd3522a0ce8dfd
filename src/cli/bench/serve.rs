//! `bench serve`: the server by itself.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::ca::app_certificate;
use crate::cli::args::BenchServeArguments;
use crate::cli::error::CliError;
use crate::cli::limits::raise_descriptors;
use crate::cli::output::Output;
use crate::cli::stop::Signals;
use crate::drain::drain;
use crate::identity::CertificateDer;
use crate::load::{self, BenchError};
use crate::net::{Network, Sharing};
use crate::tls::AppTls;

/// The name that it is known by where nobody says another.
const HOST: &str = "localhost";

/// Serves until a signal.
///
/// # Errors
///
/// [`CliError`] when it cannot listen there.
pub(crate) async fn run(arguments: &BenchServeArguments, output: &mut Output) -> Result<(), CliError> {
    raise_descriptors();
    let mut signals = Signals::new()?;
    let (tls, _) = certificate(HOST)?;
    let (listener, address) = listen(arguments.listen)?;
    let (_drain, tasks) = drain();
    tasks.spawn("server", load::serve(listener, tls, tasks.clone()));
    output.answer(&format!("{address}\n"))?;
    let pid = std::process::id();
    output.talk(&format!(
        "serving plaintext and TLS there until Ctrl-C; a --target that leads here ends in server={pid}\n"
    ));
    signals.next().await;
    Ok(())
}

/// Listens, with TCP_NODELAY for whatever comes.
pub(crate) fn listen(at: SocketAddr) -> Result<(TcpListener, SocketAddr), CliError> {
    let listener = Network::default().listen(at, Sharing::Sole);
    let listener = listener.and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((TcpListener::from_std(listener)?, address))
    });
    listener.map_err(|source| BenchError::Listen { at, source }.into())
}

/// Something to end TLS with, as `host`, and its certificate.
pub(crate) fn certificate(host: &str) -> Result<(AppTls, CertificateDer), CliError> {
    let (certificate, key) = app_certificate(vec![host.to_owned()])?;
    Ok((AppTls::new(&certificate, &key)?, certificate))
}
