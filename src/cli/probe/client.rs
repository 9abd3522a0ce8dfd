//! The certificate to show: from files, or signed now by the CA of the running mesh.

use std::path::Path;
use std::time::Duration;

use crate::admin::{Client, choose};
use crate::cli::args::ProbeArguments;
use crate::cli::borrowed::{Terms, borrow};
use crate::cli::certs::party;
use crate::cli::error::CliError;
use crate::identity::{Credential, credential as joined, read_material};
use crate::tls::fits;

/// How long an issued certificate lives: longer than any probe, and it is never written anywhere.
const TTL: Duration = Duration::from_secs(600);

/// What `--from` or `--cert` asks to show, with its key; `None` without either.
pub(crate) async fn credential(arguments: &ProbeArguments) -> Result<Option<Credential>, CliError> {
    let credential = match (&arguments.from, &arguments.cert) {
        (Some(from), _) => borrowed(from, arguments).await?,
        (None, Some(cert)) => files(cert, arguments.key.as_deref()).await?,
        (None, None) => return Ok(None),
    };
    let of = || CliError::Keyless { found: arguments.cert.clone().unwrap_or_default() };
    let key = credential.key.as_ref().ok_or_else(of)?;
    fits(&credential.chain, key)?;
    Ok(Some(credential))
}

async fn files(cert: &Path, key: Option<&Path>) -> Result<Credential, CliError> {
    let Some(key) = key else { return party(&cert.display().to_string(), None).await };
    // The key that was named goes before any that lies beside the certificate.
    let mut all = read_material(key)?;
    all.extend(read_material(cert)?);
    Ok(joined(&cert.display().to_string(), &all)?)
}

/// A certificate that the mesh signs for a key that is made here.
async fn borrowed(from: &str, arguments: &ProbeArguments) -> Result<Credential, CliError> {
    let client = Client::of(choose(arguments.context.as_deref())?);
    let svid = borrow(&client, from, Terms { life: TTL, ..Terms::default() }).await?;
    Ok(Credential { chain: svid.chain.clone(), roots: Vec::new(), key: Some(svid.key) })
}
