//! Whose certificates: files, a folder, standard input, a server, or a workload of the running mesh.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::admin::{CertificateView, Client, ContextError, choose};
use crate::cli::error::CliError;
use crate::identity::{Credential, Material, credential, parse_material, read_material};

/// What certificates were found, file by file.
pub(crate) type Files = Vec<(PathBuf, Material)>;

/// What somebody means by a word.
pub(crate) enum Target {
    /// Certificates that are here.
    Files(Files),
    /// A server that would have to be asked.
    Server { host: String, port: u16 },
}

/// Looks for files first, then takes it for HOST:PORT, then for a workload.
pub(crate) async fn target(text: &str, context: Option<&str>) -> Result<Target, CliError> {
    let path = Path::new(text);
    if text == "-" || path.exists() {
        return files(text).map(Target::Files);
    }
    match host_and_port(text) {
        Some((host, port)) => Ok(Target::Server { host, port }),
        None => workload(text, context).await.map(Target::Files),
    }
}

/// One party of a handshake: files or a workload.
pub(crate) async fn party(text: &str, context: Option<&str>) -> Result<Credential, CliError> {
    let files = match text == "-" || Path::new(text).exists() {
        true => files(text)?,
        false => workload(text, context).await?,
    };
    Ok(credential(text, &files)?)
}

fn files(text: &str) -> Result<Files, CliError> {
    if text != "-" {
        return Ok(read_material(Path::new(text))?);
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map_err(CliError::Read)?;
    Ok(vec![(PathBuf::from("stdin"), parse_material("stdin", &bytes)?)])
}

/// `web:8080`, `10.0.0.1:15008`, `[::1]:15008`.
pub(crate) fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_host = !bare.is_empty() && !bare.contains('/');
    is_host.then_some(())?;
    Some((bare.to_owned(), port.parse().ok()?))
}

/// What a workload shows and whom it trusts, under the names that its files would have.
async fn workload(text: &str, context: Option<&str>) -> Result<Files, CliError> {
    let context = match choose(context) {
        Ok(context) => context,
        // A word that looks like a file is a mistyped file, whether a mesh runs or not.
        Err(ContextError::NoneRunning) => return Err(CliError::NoSuchParty { found: text.to_owned() }),
        Err(error) => return Err(error.into()),
    };
    let client = Client::of(context);
    let identity = client.workload(text).await?.identity;
    let held = client.certificates().await?;
    let of = |wanted: fn(&CertificateView) -> bool| -> String {
        let mine = held.iter().filter(|view| view.identity == identity && wanted(view));
        mine.map(|view| view.pem.as_str()).collect()
    };
    let chain = of(|view| view.role == "Leaf" || view.role == "Intermediate");
    if chain.is_empty() {
        return Err(CliError::NoCertificate { workload: text.to_owned(), identity });
    }
    let file = |name: &str, text: String| -> Result<(PathBuf, Material), CliError> {
        let path = Path::new(&identity).join(name);
        let material = parse_material(&path.display().to_string(), text.as_bytes())?;
        Ok((path, material))
    };
    Ok(vec![file("cert-chain.pem", chain)?, file("root-cert.pem", of(|view| view.role == "Root"))?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_told_from_names() {
        let check = |text: &str, expect: Option<(&str, u16)>| {
            assert_eq!(host_and_port(text), expect.map(|(host, port)| (host.to_owned(), port)), "{text}");
        };
        check("web:8080", Some(("web", 8080)));
        check("[::1]:15008", Some(("::1", 15008)));
        check("127.0.0.1:15008", Some(("127.0.0.1", 15008)));
        check("spiffe://cluster.local/ns/a/sa/b", None);
        check("web", None);
        check("web:http", None);
        check(":1", None);
    }
}
