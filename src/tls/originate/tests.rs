//! Tests of originated TLS over an in-memory pipe, against an application's own TLS and against the mesh's.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::*;

const NOBODY: Secrets = Secrets { tap: None, file: None };
use crate::ca::{Authority, AuthorityOptions, app_certificate};
use crate::identity::{Svid, encode_certificates, encode_key, write_new};
use crate::reason::Reason as _;
use crate::tls::app::AppTls;
use crate::tls::server::{Offer, ServerTls, accept};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

/// A folder of its own for each test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("glasstunnel-originate-{:016x}", rand::random::<u64>()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        write_new(&path, text.as_bytes(), 0o600).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn plain() -> Origination {
    Origination {
        sni: "app.example".to_owned(),
        ca_certificates: None,
        subject_alt_names: Vec::new(),
        client: None,
    }
}

/// What a client with `origination` says of an application's server for `app.example`, whose certificate goes to `ca.pem`.
async fn shake(folder: &Folder, origination: Origination) -> Result<AppServer, TlsError> {
    let (certificate, key) = app_certificate(vec!["app.example".to_owned()]).unwrap();
    folder.put("ca.pem", &encode_certificates(std::slice::from_ref(&certificate)));
    let app = AppTls::new(&certificate, &key).unwrap();
    let originator = origination.read()?;
    let (near, far) = duplex(64 * 1024);
    let (server, client) =
        tokio::join!(app.accept(far, soon()), originate(near, &originator, &NOBODY, soon()));
    let (mut stream, said) = client?;
    let mut server = server.unwrap();
    server.write_all(b"x").await.unwrap();
    server.flush().await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'x');
    Ok(said)
}

#[tokio::test]
async fn verified_and_not_verified() {
    let folder = Folder::new();
    let said = shake(&folder, plain()).await.unwrap();
    assert_eq!((said.names, said.version), (vec!["app.example".to_owned()], "TLSv1.3"));

    let folder = Folder::new();
    let roots = Origination { ca_certificates: Some(folder.0.join("ca.pem")), ..plain() };
    shake(&folder, roots.clone()).await.unwrap();

    let other = Folder::new();
    let (foreign, _) = app_certificate(vec!["app.example".to_owned()]).unwrap();
    let foreign = other.put("foreign.pem", &encode_certificates(&[foreign]));
    let error = shake(&other, Origination { ca_certificates: Some(foreign), ..plain() }).await.unwrap_err();
    assert!(["tls.unknown_issuer", "tls.same_name_other_key"].contains(&error.code()), "{error:?}");
    assert!(error.alert_sent().is_some(), "the server is told");

    let folder = Folder::new();
    let names = |name: &str| Origination { subject_alt_names: vec![name.to_owned()], ..plain() };
    shake(&folder, names("app.example")).await.unwrap();
    let folder = Folder::new();
    let error = shake(&folder, names("example")).await.unwrap_err();
    assert_eq!(error.plain(), "the server: expected a certificate for example, found one for app.example");
    assert_eq!(error.code(), "tls.wrong_name");
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = Folder::new();
    let not_pem = folder.put("not.pem", "no pem");
    for path in [folder.0.join("absent.pem"), not_pem] {
        let with = |origination: Origination| origination.read().map(drop).unwrap_err();
        let roots = with(Origination { ca_certificates: Some(path.clone()), ..plain() });
        let client = ClientFiles { certificate: path.clone(), key: path.clone() };
        let client = with(Origination { client: Some(client), ..plain() });
        for error in [roots, client] {
            assert!(error.plain().contains(&path.display().to_string()), "{}", error.plain());
            assert_eq!(error.code(), "tls.own_certificate");
        }
    }
    let bad = Origination { sni: "not a name".to_owned(), ..plain() };
    assert_eq!(bad.read().map(drop).unwrap_err().code(), "tls.server_name");
}

fn svid(authority: &Authority, name: &str) -> Svid {
    authority.issue_now(&format!("spiffe://cluster.local/ns/default/sa/{name}").parse().unwrap()).unwrap()
}

/// A mesh server takes a client certificate from files if the mesh's CA issued it, and tells who comes without.
#[tokio::test]
async fn a_client_certificate_from_files() {
    let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
    let client = svid(&authority, "client");
    let folder = Folder::new();
    let files = ClientFiles {
        certificate: folder.put("cert.pem", &encode_certificates(&client.chain)),
        key: folder.put("key.pem", &encode_key(&client.key)),
    };
    for (files, expect) in [(Some(files), Ok(client.id.clone())), (None, Err("tls.no_certificate"))] {
        let server = ServerTls::new(&svid(&authority, "server")).unwrap();
        let (near, far) = duplex(64 * 1024);
        let originator = Origination { client: files, ..plain() }.read().unwrap();
        let serving = async {
            // The stream is dropped at once: the client reads to its end.
            let (_, peer) = accept(far, &server, Offer::Captured { alpn: &[] }, soon()).await?;
            Ok::<_, TlsError>(peer.id)
        };
        let calling = async {
            let (mut stream, _) = originate(near, &originator, &NOBODY, soon()).await?;
            let late = stream.read_u8().await.unwrap_err();
            TlsError::from_io(&late).map_or(Ok(()), Err)
        };
        let (server, client) = tokio::join!(serving, calling);
        assert_eq!(server.as_ref().map_err(|error| error.code()), expect.as_ref().map_err(|code| *code));
        let told = client.map_err(|error| error.alert_received().map(|alert| alert.number));
        assert_eq!(told, if expect.is_ok() { Ok(()) } else { Err(Some(116)) });
    }
}
