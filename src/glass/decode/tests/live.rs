//! Real handshakes of rustls, in memory, tapped between the two ends.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider, kx_group};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    ClientConfig, ClientConnection, Connection, DigitallySignedStruct, RootCertStore, ServerConfig,
    ServerConnection, SignatureScheme,
};

use super::*;
use crate::ca::{Authority, AuthorityOptions};
use crate::glass::frames::frames;
use crate::identity::Svid;

const CLIENT: &str = "spiffe://cluster.local/ns/default/sa/client";
const SERVER: &str = "spiffe://cluster.local/ns/default/sa/server";

/// rustls' key log, kept.
#[derive(Debug, Default)]
struct Kept(Mutex<KeyLog>);

impl rustls::KeyLog for Kept {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        assert!(self.0.lock().unwrap().add(label, client_random, secret), "{label}");
    }
}

/// Whoever the server is; this is no test of certificates.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A connection in the making.
struct Pair {
    client: Connection,
    server: Connection,
    tapped: Tapped,
    log: Arc<Kept>,
}

fn authority() -> Authority {
    Authority::generate(&AuthorityOptions::default()).unwrap()
}

fn chain(svid: &Svid) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let chain = svid.chain.iter().map(|der| CertificateDer::from(der.as_bytes().to_vec())).collect();
    (chain, PrivateKeyDer::Pkcs8(svid.key.secret_bytes().to_vec().into()))
}

fn provider(change: impl FnOnce(&mut CryptoProvider)) -> Arc<CryptoProvider> {
    let mut provider = default_provider();
    change(&mut provider);
    Arc::new(provider)
}

impl Pair {
    /// A client with `own` certificate and a server that trusts `authority`.
    fn new(
        authority: &Authority,
        own: Option<&Svid>,
        client: Arc<CryptoProvider>,
        server: Arc<CryptoProvider>,
    ) -> Self {
        let log = Arc::new(Kept::default());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&client))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(client)));
        let mut config = match own.map(chain) {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
            None => builder.with_no_client_auth(),
        };
        config.key_log = Arc::clone(&log) as _;
        config.alpn_protocols = vec![b"h2".to_vec()];
        let name = ServerName::try_from("reviews.default").unwrap();
        let client = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut roots = RootCertStore::empty();
        for root in &authority.bundle().roots {
            roots.add(CertificateDer::from(root.as_bytes().to_vec())).unwrap();
        }
        let verifier =
            WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&server)).build().unwrap();
        let (chain, key) = chain(&authority.issue_now(&SERVER.parse().unwrap()).unwrap());
        let mut config = ServerConfig::builder_with_provider(server)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let server = ServerConnection::new(Arc::new(config)).unwrap();
        Self { client: client.into(), server: server.into(), tapped: Tapped::default(), log }
    }

    /// Carries bytes both ways until nobody has any more to say; gives the errors.
    fn run(&mut self) -> Vec<rustls::Error> {
        let mut errors = Vec::new();
        loop {
            let before = self.tapped.chunks.len();
            for direction in [Direction::ToServer, Direction::ToClient] {
                let (from, to) = match direction {
                    Direction::ToServer => (&mut self.client, &mut self.server),
                    Direction::ToClient => (&mut self.server, &mut self.client),
                };
                let mut bytes = Vec::new();
                while from.wants_write() {
                    from.write_tls(&mut bytes).unwrap();
                }
                if bytes.is_empty() {
                    continue;
                }
                let at = u64::try_from(self.tapped.chunks.len()).unwrap();
                self.tapped.push(direction, at, bytes.clone());
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    to.read_tls(&mut rest).unwrap();
                    errors.extend(to.process_new_packets().err());
                    let mut read = [0; 4096];
                    while to.reader().read(&mut read).is_ok_and(|length| length > 0) {}
                }
            }
            if self.tapped.chunks.len() == before {
                return errors;
            }
        }
    }

    fn decode(&self) -> Decoded {
        let decoded = decode(&self.tapped, &self.log.0.lock().unwrap());
        sane(&self.tapped, &decoded);
        assert!(decoded.messages.iter().all(|message| message.flaw.is_none()), "{decoded:#?}");
        decoded
    }
}

fn words(decoded: &Decoded) -> String {
    let words = decoded.messages.iter().map(|message| {
        format!("{}:{}", &message.direction.sender()[..1], message.alert().unwrap_or_else(|| message.name()))
    });
    words.collect::<Vec<_>>().join(" ")
}

const SERVERS_FLIGHT: &str =
    "s:EncryptedExtensions s:CertificateRequest s:Certificate s:CertificateVerify s:Finished";
const CLIENTS_FLIGHT: &str = "c:Certificate c:CertificateVerify c:Finished";

#[test]
fn mutual_tls_in_every_suite_with_key_updates() {
    let authority = authority();
    let svid = authority.issue_now(&CLIENT.parse().unwrap()).unwrap();
    for suite in [
        cipher_suite::TLS13_AES_128_GCM_SHA256,
        cipher_suite::TLS13_AES_256_GCM_SHA384,
        cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ] {
        let only = provider(|provider| provider.cipher_suites = vec![suite]);
        let mut pair = Pair::new(&authority, Some(&svid), only, provider(|_| ()));
        assert_eq!(pair.run(), []);
        for round in 0..2_u8 {
            pair.client.writer().write_all(&[round; 40_000]).unwrap();
            assert_eq!(pair.run(), []);
            pair.client.refresh_traffic_keys().unwrap();
        }
        pair.server.send_close_notify();
        assert_eq!(pair.run(), []);
        let decoded = pair.decode();
        let all = words(&decoded);
        let start = format!(
            "c:ClientHello s:ServerHello s:ChangeCipherSpec {SERVERS_FLIGHT} c:ChangeCipherSpec {CLIENTS_FLIGHT} "
        );
        assert!(all.starts_with(&start), "{all}");
        assert!(all.ends_with("s:close_notify"), "{all}");
        let updates = decoded.messages.iter().filter(|message| message.kind == MessageKind::KeyUpdate);
        assert!(updates.count() >= 2, "{all}");
        let data = |message: &&Message| message.kind == MessageKind::ApplicationData;
        let sent: usize = decoded.messages.iter().filter(data).map(|message| message.bytes.len()).sum();
        assert_eq!(sent, 80_000);
        let shown: Vec<&str> =
            decoded.messages.iter().filter_map(|message| message.value("URI SAN")).collect();
        assert_eq!(shown, [SERVER, CLIENT]);
        assert_eq!(decoded.agreed.alpn.as_deref(), Some("h2"));
        assert_eq!(decoded.agreed.server_name.as_deref(), Some("reviews.default"));
    }
}

/// What an HBONE client says first, through real TLS, in pieces: preface, SETTINGS, and a CONNECT.
#[test]
fn a_connect_is_read_through_tls() {
    let authority = authority();
    let svid = authority.issue_now(&CLIENT.parse().unwrap()).unwrap();
    let mut pair = Pair::new(&authority, Some(&svid), provider(|_| ()), provider(|_| ()));
    assert_eq!(pair.run(), []);
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let connect =
        [b"\0\0\x19\x01\x04\0\0\0\x01".as_slice(), b"\x42\x07CONNECT\x41\x0e127.0.0.1:9080"].concat();
    let spoken = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &settings, &connect].concat();
    for piece in spoken.chunks(7) {
        pair.client.writer().write_all(piece).unwrap();
        assert_eq!(pair.run(), []);
    }
    pair.server.writer().write_all(b"\0\0\x01\x01\x04\0\0\0\x01\x88").unwrap();
    assert_eq!(pair.run(), []);
    let found = frames(&pair.decode().messages);
    let words: Vec<_> = found.iter().map(|frame| (frame.name, frame.stream, &frame.headers[..])).collect();
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let asked = [header(":method", "CONNECT"), header(":authority", "127.0.0.1:9080")];
    let answered = [header(":status", "200")];
    let expect: [(&str, u32, &[_]); 4] =
        [("preface", 0, &[]), ("SETTINGS", 0, &[]), ("HEADERS", 1, &asked), ("HEADERS", 1, &answered)];
    assert_eq!(words, expect);
}

#[test]
fn a_hello_retry_request_is_told_from_a_server_hello() {
    let authority = authority();
    let svid = authority.issue_now(&CLIENT.parse().unwrap()).unwrap();
    let client = provider(|provider| provider.kx_groups = vec![kx_group::X25519, kx_group::SECP256R1]);
    let server = provider(|provider| provider.kx_groups = vec![kx_group::SECP256R1]);
    let mut pair = Pair::new(&authority, Some(&svid), client, server);
    assert_eq!(pair.run(), []);
    let decoded = pair.decode();
    let all = words(&decoded);
    let flights: Vec<&str> = all
        .split(' ')
        .filter(|word| !word.ends_with("ChangeCipherSpec") && !word.ends_with("Ticket"))
        .collect();
    let hellos = "c:ClientHello s:HelloRetryRequest c:ClientHello s:ServerHello";
    assert_eq!(flights.join(" "), format!("{hellos} {SERVERS_FLIGHT} {CLIENTS_FLIGHT}"));
    assert_eq!(decoded.agreed.group.as_deref(), Some("secp256r1 (0x0017)"));
    assert!(decoded.agreed.was_retried);
    assert_eq!(decoded.messages[1].value("key_share"), Some("secp256r1 (0x0017)"));
}

#[test]
fn the_alert_that_refuses_a_client_is_seen() {
    let authority_of_server = authority();
    let stranger = authority().issue_now(&CLIENT.parse().unwrap()).unwrap();
    for own in [None, Some(&stranger)] {
        let mut pair = Pair::new(&authority_of_server, own, provider(|_| ()), provider(|_| ()));
        let errors = pair.run();
        let decoded = pair.decode();
        let refusal = decoded.messages.iter().find(|message| message.alert().is_some()).unwrap();
        assert_eq!((refusal.direction, refusal.encrypted), (Direction::ToClient, true));
        let MessageKind::Alert { number, level: 2 } = refusal.kind else { panic!("{refusal:?}") };
        // The client read the same alert.
        assert!(errors.contains(&rustls::Error::AlertReceived(number.into())), "{errors:?}");
        assert_eq!(own.is_none(), refusal.alert() == Some("certificate_required"));
        let list = decoded.messages.iter().filter(|message| message.kind == MessageKind::Certificate);
        assert_eq!(list.last().unwrap().certificates.is_empty(), own.is_none());
    }
}
