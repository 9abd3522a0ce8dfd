//! The certificate to show: from files, or issued now by the CA of the running mesh, which must be in files, too.

use std::path::Path;
use std::time::Duration;

use crate::admin::{Client, choose};
use crate::ca::{AuthorityOptions, CaFiles, KeptAuthority};
use crate::cli::args::ProbeArguments;
use crate::cli::certs::party;
use crate::cli::error::CliError;
use crate::identity::{Credential, SpiffeId, credential as joined, read_material};
use crate::tls::fits;

/// How long an issued certificate lives: longer than any probe, and it is never written anywhere.
const TTL: Duration = Duration::from_secs(600);

/// What `--from` or `--cert` asks to show, with its key; `None` without either.
pub(crate) async fn credential(arguments: &ProbeArguments) -> Result<Option<Credential>, CliError> {
    let credential = match (&arguments.from, &arguments.cert) {
        (Some(from), _) => issued(from, arguments.context.as_deref()).await?,
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

/// The mesh never hands out a key, but who may read its CA may issue as it does.
async fn issued(from: &str, context: Option<&str>) -> Result<Credential, CliError> {
    let client = Client::of(choose(context)?);
    let info = client.info().await?;
    let Some(folder) = info.ca_dir else { return Err(CliError::CaInMemory { mesh: info.context }) };
    let id: SpiffeId = match from.strip_prefix("spiffe://") {
        Some(_) => from.parse()?,
        None => client.workload(from).await?.identity.parse()?,
    };
    let options =
        AuthorityOptions { trust_domain: info.trust_domain, ttl: TTL, ..AuthorityOptions::default() };
    let folder = Path::new(&folder);
    // As files and not as a folder: nothing is made if it is not there.
    let files = CaFiles::new(folder.join("ca-cert.pem"), folder.join("ca-key.pem"));
    let svid = KeptAuthority::in_files(files, &options)?.current()?.issue_now(&id)?;
    Ok(Credential { chain: svid.chain, roots: Vec::new(), key: Some(svid.key) })
}
