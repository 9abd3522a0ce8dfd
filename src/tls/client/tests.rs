//! Tests of the handshake over an in-memory pipe: each refusal as both ends see it.

mod standing;
mod tapped;

use std::time::Duration;

use rustls::AlertDescription;
use rustls::crypto::aws_lc_rs::{cipher_suite, default_provider, kx_group};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;
use crate::ca::{Authority, AuthorityOptions, Bend, Profile};
use crate::identity::{Clock, TrustBundle};
use crate::reason::{Reason as _, Side};
use crate::tls::alert::Alert;
use crate::tls::server::{Offer, ServerTls, accept};

const CLIENT: &str = "spiffe://cluster.local/ns/default/sa/client";
const SERVER: &str = "spiffe://cluster.local/ns/default/sa/server";

fn id(text: &str) -> SpiffeId {
    text.parse().unwrap()
}

fn authority() -> Authority {
    Authority::generate(&AuthorityOptions::default()).unwrap()
}

fn authority_of(trust_domain: &str) -> Authority {
    let options = AuthorityOptions { trust_domain: trust_domain.to_owned(), ..AuthorityOptions::default() };
    Authority::generate(&options).unwrap()
}

fn bent(authority: &Authority, id_text: &str, bend: Bend) -> Svid {
    authority.issue_bent(&Profile { id: id(id_text), bend }).unwrap()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

/// What each end says of one handshake. The client reads once, because that is where TLS 1.3 tells it.
struct Ends {
    server: Result<Peer, TlsError>,
    client: Result<Peer, TlsError>,
}

async fn shake(server: &Svid, client: &Svid) -> Ends {
    shake_as(server, client, Offer::Hbone, ClientOffer::Hbone).await
}

async fn shake_as(server: &Svid, client: &Svid, offer: Offer<'_>, client_offer: ClientOffer) -> Ends {
    let (server, client) = (ServerTls::new(server).unwrap(), ClientTls::new(client).unwrap());
    let (near, far) = duplex(64 * 1024);
    let expected = [id(SERVER)];
    let (server, client) = tokio::join!(
        async {
            let (mut stream, peer) = accept(far, &server, offer, soon()).await?;
            stream.write_all(b"x").await.unwrap();
            stream.flush().await.unwrap();
            Ok(peer)
        },
        async {
            let (mut stream, peer) = connect(near, &client, &expected, client_offer, soon()).await?;
            match stream.read_u8().await {
                Ok(_) => Ok(peer),
                Err(error) => Err(TlsError::from_io(&error).expect("the late error carries the alert")),
            }
        }
    );
    Ends { server, client }
}

/// The judging end says `code` and sends the alert; the other end says which alert it got.
#[track_caller]
fn check_refusal(judge: Result<Peer, TlsError>, other: Result<Peer, TlsError>, code: &str, alert: u8) {
    let judge = judge.unwrap_err();
    assert_eq!(
        (judge.code(), judge.alert_sent().map(|alert| alert.number)),
        (code, Some(alert)),
        "{judge:?}"
    );
    let other = other.unwrap_err();
    assert_eq!(other.alert_received().map(|alert| alert.number), Some(alert), "{other:?}");
    let expected = TlsCause::Refused { alert: Alert::from(AlertDescription::from(alert)) };
    assert_eq!((other.cause(), other.side()), (&expected, Side::Us));
}

#[tokio::test]
async fn both_ends_learn_who_the_other_is() {
    for intermediate in [false, true] {
        let options = AuthorityOptions { intermediate, ..AuthorityOptions::default() };
        let authority = Authority::generate(&options).unwrap();
        let (server, client) =
            (authority.issue_now(&id(SERVER)).unwrap(), authority.issue_now(&id(CLIENT)).unwrap());
        let ends = shake(&server, &client).await;
        let (seen_by_server, seen_by_client) = (ends.server.unwrap(), ends.client.unwrap());
        assert_eq!((&seen_by_server.id, &seen_by_client.id), (&client.id, &server.id));
        assert_eq!((&seen_by_server.serial, &seen_by_client.serial), (&client.serial, &server.serial));
        assert_eq!(seen_by_server.not_after, client.not_after);
        for peer in [seen_by_server, seen_by_client] {
            assert_eq!(peer.alpn.as_deref(), Some("h2"));
            assert_eq!(
                (peer.version, peer.suite, peer.group),
                ("TLSv1.3", "TLS_AES_256_GCM_SHA384", "x25519")
            );
        }
    }
}

#[tokio::test]
async fn bent_client_certificates_are_refused_with_code_and_alert() {
    for (bend, code, alert) in [
        (Bend::Expired, "tls.expired", 45),
        (Bend::NotYetValid, "tls.not_yet_valid", 45),
        (Bend::OtherTrustDomain, "tls.wrong_trust_domain", 46),
        (Bend::NoUriSan, "tls.no_identity", 46),
        (Bend::TwoUriSans, "tls.several_identities", 46),
        (Bend::ServerOnly, "tls.wrong_purpose", 43),
        (Bend::CaFlag, "tls.leaf_is_ca", 46),
        (Bend::MaySign, "tls.leaf_may_sign", 46),
    ] {
        let authority = authority();
        let server = authority.issue_now(&id(SERVER)).unwrap();
        let ends = shake(&server, &bent(&authority, CLIENT, bend)).await;
        assert_eq!(ends.server.as_ref().unwrap_err().side(), Side::Downstream);
        check_refusal(ends.server, ends.client, code, alert);
    }
}

#[tokio::test]
async fn bent_server_certificates_are_refused_with_code_and_alert() {
    for (bend, code, alert) in [
        (Bend::Expired, "tls.expired", 45),
        (Bend::NotYetValid, "tls.not_yet_valid", 45),
        (Bend::OtherTrustDomain, "tls.wrong_identity", 46),
        (Bend::NoUriSan, "tls.no_identity", 46),
        (Bend::TwoUriSans, "tls.several_identities", 46),
        (Bend::ClientOnly, "tls.wrong_purpose", 43),
        (Bend::CaFlag, "tls.leaf_is_ca", 46),
        (Bend::MaySign, "tls.leaf_may_sign", 46),
    ] {
        let authority = authority();
        let client = authority.issue_now(&id(CLIENT)).unwrap();
        let ends = shake(&bent(&authority, SERVER, bend), &client).await;
        assert_eq!(ends.client.as_ref().unwrap_err().side(), Side::Upstream);
        check_refusal(ends.client, ends.server, code, alert);
    }
}

#[tokio::test]
async fn foreign_roots_are_told_apart_by_name_and_key() {
    let (ours, same_name, other) = (authority(), authority(), authority_of("other.domain"));
    let server = ours.issue_now(&id(SERVER)).unwrap();
    // The client trusts us, so that only the server refuses.
    let trusting = |mut svid: Svid| {
        svid.bundle = ours.bundle();
        svid
    };
    let ends = shake(&server, &trusting(same_name.issue_now(&id(CLIENT)).unwrap())).await;
    check_refusal(ends.server, ends.client, "tls.same_name_other_key", 51);
    let ends = shake(&server, &trusting(other.issue_now(&id(CLIENT)).unwrap())).await;
    check_refusal(ends.server, ends.client, "tls.unknown_issuer", 48);
    let options = AuthorityOptions { intermediate: true, ..AuthorityOptions::default() };
    let deep = Authority::generate(&options).unwrap();
    let mut forgetful = deep.issue_now(&id(CLIENT)).unwrap();
    forgetful.chain.truncate(1);
    let ends = shake(&deep.issue_now(&id(SERVER)).unwrap(), &forgetful).await;
    assert!(ends.server.as_ref().unwrap_err().hint().unwrap().contains("intermediate"));
    check_refusal(ends.server, ends.client, "tls.unknown_issuer", 48);
}

#[tokio::test]
async fn of_several_faults_the_most_useful_is_reported_and_the_others_are_named() {
    let (ours, other) = (authority(), authority_of("other.domain"));
    let server = ours.issue_now(&id(SERVER)).unwrap();
    let check = async |mut client: Svid, codes: &[&str]| {
        client.bundle = ours.bundle();
        let error = shake(&server, &client).await.server.unwrap_err();
        let found: Vec<_> = std::iter::once(error.cause()).chain(error.also()).map(TlsCause::code).collect();
        assert_eq!(found, codes, "{error:?}");
        assert!(error.also().iter().all(|also| error.plain().contains(&also.to_string())));
    };
    check(bent(&other, CLIENT, Bend::Expired), &["tls.unknown_issuer", "tls.expired"]).await;
    check(bent(&other, CLIENT, Bend::OtherTrustDomain), &["tls.unknown_issuer", "tls.wrong_trust_domain"])
        .await;
    check(bent(&other, CLIENT, Bend::ServerOnly), &["tls.unknown_issuer", "tls.wrong_purpose"]).await;
}

#[tokio::test]
async fn an_unexpected_server_is_refused_in_ztunnels_words() {
    let authority = authority();
    let (server, client) = (
        authority.issue_now(&id("spiffe://cluster.local/ns/default/sa/other")).unwrap(),
        authority.issue_now(&id(CLIENT)).unwrap(),
    );
    let ends = shake(&server, &client).await;
    let error = ends.client.as_ref().unwrap_err();
    assert_eq!(
        error.to_string(),
        "io error: invalid peer certificate: Other(OtherError(identity verification error: peer did not \
         present the expected SAN (spiffe://cluster.local/ns/default/sa/server), got \
         spiffe://cluster.local/ns/default/sa/other))"
    );
    assert_eq!(
        error.plain(),
        "the server spiffe://cluster.local/ns/default/sa/other: expected \
         spiffe://cluster.local/ns/default/sa/server, found spiffe://cluster.local/ns/default/sa/other"
    );
    check_refusal(ends.client, ends.server, "tls.wrong_identity", 46);
}

#[tokio::test]
async fn the_servers_words_are_ztunnels_too() {
    let authority = authority();
    let server = authority.issue_now(&id(SERVER)).unwrap();
    let error = shake(&server, &bent(&authority, CLIENT, Bend::OtherTrustDomain)).await.server.unwrap_err();
    assert_eq!(
        error.to_string(),
        "tls handshake error: Custom { kind: InvalidData, error: InvalidCertificate(Other(OtherError(\
         SanTrustDomainError(\"cluster.local\", [Spiffe { trust_domain: \"other.domain\", namespace: \
         \"default\", service_account: \"client\" }])))) }"
    );
    let error = shake(&server, &bent(&authority, CLIENT, Bend::Expired)).await.server.unwrap_err();
    assert!(error.plain().contains("expired 3600 s ago"), "{}", error.plain());
    assert_eq!(error.presented().unwrap().uris, [CLIENT]);
}

/// A client that we do not control: rustls with other settings, and without a certificate.
async fn stranger(configure: impl FnOnce(&mut rustls::crypto::CryptoProvider), alpn: &[u8]) -> Ends {
    let authority = authority();
    let svid = authority.issue_now(&id(SERVER)).unwrap();
    let (near, far) = duplex(64 * 1024);
    let mut provider = default_provider();
    configure(&mut provider);
    let verifier = PeerVerifier {
        role: Role::Client,
        trust: Credentials::new(&svid, Role::Client).unwrap().trust,
        rule: Rule::OneOf(vec![id(SERVER)]),
        revocations: Arc::default(),
        clock: Clock::default(),
        observed: Arc::default(),
    };
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(VERSIONS)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    let tls = ServerTls::new(&svid).unwrap();
    let (server, client) = tokio::join!(accept(far, &tls, Offer::Hbone, soon()), async {
        let mut stream = TlsConnector::from(Arc::new(config)).connect(nameless(), near).await?;
        stream.read_u8().await
    });
    let client = TlsError::from_io(&client.unwrap_err()).unwrap();
    Ends { server: server.map(|(_, peer)| peer), client: Err(client) }
}

#[tokio::test]
async fn strangers_are_refused_with_code_and_alert() {
    let ends = stranger(|_| {}, b"h2").await;
    assert!(ends.server.as_ref().unwrap_err().to_string().contains("NoCertificatesPresented"));
    check_refusal(ends.server, ends.client, "tls.no_certificate", 116);
    let check = |ends: Ends, code, alert| {
        let (server, client) = (ends.server.unwrap_err(), ends.client.unwrap_err());
        assert_eq!((server.code(), server.alert_sent().unwrap().number), (code, alert), "{server:?}");
        assert_eq!((client.alert_received().unwrap().number, client.side()), (alert, Side::Upstream));
    };
    check(stranger(|_| {}, b"http/1.1").await, "tls.no_common_alpn", 120);
    let chacha = stranger(
        |provider| provider.cipher_suites = vec![cipher_suite::TLS13_CHACHA20_POLY1305_SHA256],
        b"h2",
    );
    check(chacha.await, "tls.no_common_cipher", 40);
    let exotic = stranger(|provider| provider.kx_groups = vec![kx_group::MLKEM768], b"h2");
    check(exotic.await, "tls.no_common_group", 40);
}

#[tokio::test]
async fn a_captured_port_answers_istio_or_nothing() {
    let authority = authority();
    let (server, client) =
        (authority.issue_now(&id(SERVER)).unwrap(), authority.issue_now(&id(CLIENT)).unwrap());
    for (offered, alpn, agreed) in [
        (ClientOffer::Istio, vec![b"istio".to_vec()], Some("istio")),
        (ClientOffer::Hbone, vec![b"h2".to_vec()], None),
        (ClientOffer::None, Vec::new(), None),
    ] {
        let ends = shake_as(&server, &client, Offer::Captured { alpn: &alpn }, offered).await;
        assert_eq!(ends.server.unwrap().alpn.as_deref(), agreed);
        assert_eq!(ends.client.unwrap().alpn.as_deref(), agreed);
    }
    let ends = shake_as(&server, &client, Offer::Hbone, ClientOffer::None).await;
    assert_eq!(ends.server.unwrap().alpn, None, "no ALPN at all is let in");
}

/// Sends bytes to the server; gives its error and everything it answered.
async fn send_to_server(bytes: &[u8]) -> (TlsError, Vec<u8>) {
    let tls = ServerTls::new(&authority().issue_now(&id(SERVER)).unwrap()).unwrap();
    let (mut near, far) = duplex(64 * 1024);
    let (error, answer) = tokio::join!(
        async { accept(far, &tls, Offer::Hbone, soon()).await.map(|(_, peer)| peer).unwrap_err() },
        async {
            near.write_all(bytes).await.unwrap();
            let mut answer = Vec::new();
            let mut byte = [0];
            // Reads until the server half-closes, as a client that waits for its answer does.
            while near.read(&mut byte).await.unwrap() > 0 {
                answer.push(byte[0]);
            }
            drop(near);
            answer
        }
    );
    (error, answer)
}

#[tokio::test]
async fn bytes_that_are_no_tls_are_shown() {
    let (error, answer) = send_to_server(b"GET / HTTP/1.1\r\n\r\n").await;
    assert_eq!(error.code(), "tls.not_tls");
    assert!(
        error.plain().contains(r#"47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a "GET / HTTP/1.1\r\n""#)
    );
    assert_eq!(answer, [0x15, 3, 3, 0, 2, 2, 50], "decode_error, as in reference/failures.md 0.5");
    let (error, _) = send_to_server(&[0x16, 3, 1, 0, 4, 0xff, 0, 0, 0]).await;
    assert!(["tls.malformed", "tls.misbehaved"].contains(&error.code()), "{error:?}");
}

#[tokio::test]
async fn a_client_of_tls_1_2_is_told_so() {
    let mut hello = vec![0x03, 0x03];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x2f, 1, 0]);
    let extensions = [0, 10, 0, 4, 0, 2, 0, 0x17, 0, 13, 0, 4, 0, 2, 4, 3];
    hello.extend([0, u8::try_from(extensions.len()).unwrap()]);
    hello.extend(extensions);
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![0x16, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    let (error, answer) = send_to_server(&record).await;
    assert_eq!((error.code(), error.alert_sent().unwrap().number), ("tls.old_version", 70), "{error:?}");
    assert_eq!(answer, [0x15, 3, 3, 0, 2, 2, 70]);
}

/// A server that answers `bytes` to a ClientHello and closes.
async fn connect_to(answer: impl AsyncFnOnce(DuplexStream)) -> TlsError {
    let tls = ClientTls::new(&authority().issue_now(&id(CLIENT)).unwrap()).unwrap();
    let (near, far) = duplex(64 * 1024);
    let expected = [id(SERVER)];
    let (error, ()) = tokio::join!(connect(near, &tls, &expected, ClientOffer::Hbone, soon()), answer(far));
    error.map(|(_, peer)| peer).unwrap_err()
}

#[tokio::test]
async fn odd_servers_are_named() {
    let http = connect_to(async |mut far| {
        assert!(far.read(&mut [0; 2048]).await.unwrap() > 0);
        far.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let error = http.await;
    assert_eq!((error.code(), error.side()), ("tls.not_tls", Side::Upstream));
    assert_eq!(error.to_string(), "io error: received corrupt message of type InvalidContentType");
    let silent_end = connect_to(async |mut far| drop(far.read(&mut [0; 2048]).await));
    let error = silent_end.await;
    assert_eq!((error.code(), error.to_string().as_str()), ("tls.eof", "io error: tls handshake eof"));
    let echo = connect_to(async |mut far| {
        let mut hello = [0; 2048];
        let length = far.read(&mut hello).await.unwrap();
        far.write_all(&hello[..length]).await.unwrap();
    });
    assert_eq!(echo.await.code(), "tls.echo");
}

#[tokio::test(start_paused = true)]
async fn an_unfinished_handshake_ends_at_the_deadline() {
    let tls = ServerTls::new(&authority().issue_now(&id(SERVER)).unwrap()).unwrap();
    let (mut near, far) = duplex(1024);
    near.write_all(&[0x16, 3, 1, 2, 0, 1]).await.unwrap();
    let error = accept(far, &tls, Offer::Hbone, soon()).await.map(|(_, peer)| peer).unwrap_err();
    let expected = TlsCause::Timeout { within: Duration::from_secs(5), received: 6 };
    assert_eq!((error.code(), error.cause()), ("tls.timeout", &expected));
    assert_eq!(near.read(&mut [0]).await.unwrap(), 0, "the socket is closed");
}

#[tokio::test(start_paused = true)]
async fn a_refused_peer_cannot_hold_us() {
    let tls = ServerTls::new(&authority().issue_now(&id(SERVER)).unwrap()).unwrap();
    // Says nothing more, and never closes: a second.
    let (mut near, far) = duplex(1024);
    near.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let began = Instant::now();
    accept(far, &tls, Offer::Hbone, soon()).await.map(|(_, peer)| peer).unwrap_err();
    assert_eq!(began.elapsed().as_secs(), 1);
    // Never stops talking: 64 KiB and some, in no time.
    let (mut near, far) = duplex(1024);
    let began = Instant::now();
    let (refused, sent) = tokio::join!(accept(far, &tls, Offer::Hbone, soon()), async {
        let mut sent = 0;
        while near.write_all(&[b'x'; 1024]).await.is_ok() {
            sent += 1024;
        }
        sent
    });
    refused.map(|(_, peer)| peer).unwrap_err();
    assert!((64 * 1024..96 * 1024).contains(&sent), "{sent}");
    assert_eq!(began.elapsed().as_secs(), 0);
}

#[test]
fn our_own_certificate_without_roots_is_our_own_fault() {
    let mut svid = authority().issue_now(&id(SERVER)).unwrap();
    svid.bundle = Arc::new(TrustBundle { trust_domain: "cluster.local".to_owned(), roots: Vec::new() });
    let error = ServerTls::new(&svid).unwrap_err();
    assert_eq!((error.code(), error.side()), ("tls.own_certificate", Side::Us));
    let mut svid = authority().issue_now(&id(SERVER)).unwrap();
    svid.key = authority().issue_now(&id(SERVER)).unwrap().key;
    assert_eq!(ClientTls::new(&svid).unwrap_err().code(), "tls.own_certificate");
}

/// On a real socket: a client that is still writing when it is refused must read the alert, not a reset.
#[tokio::test]
async fn the_alert_is_never_overtaken_by_a_reset() {
    let authority = authority();
    let server = ServerTls::new(&authority.issue_now(&id(SERVER)).unwrap()).unwrap();
    let client = ClientTls::new(&bent(&authority, CLIENT, Bend::Expired)).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    for _ in 0..50 {
        let (refused, heard) = tokio::join!(
            async {
                let (stream, _) = listener.accept().await.unwrap();
                accept(stream, &server, Offer::Hbone, soon()).await.map(|(_, peer)| peer).unwrap_err()
            },
            async {
                let stream = tokio::net::TcpStream::connect(address).await.unwrap();
                let (mut stream, _) =
                    connect(stream, &client, &[id(SERVER)], ClientOffer::Hbone, soon()).await.unwrap();
                for _ in 0..32 {
                    // A write after the server's close would fail here, before the alert is read: curl's error 55.
                    stream.write_all(&[b'x'; 1024]).await.unwrap();
                    stream.flush().await.unwrap();
                    tokio::task::yield_now().await;
                }
                let error = stream.read_u8().await.unwrap_err();
                TlsError::from_io(&error).unwrap_or_else(|| panic!("{error:?}"))
            }
        );
        assert_eq!((refused.code(), heard.code()), ("tls.expired", "tls.refused_certificate_expired"));
    }
}

#[tokio::test]
async fn a_handshakes_future_stays_small() {
    let svid = authority().issue_now(&id(SERVER)).unwrap();
    let (server, client) = (ServerTls::new(&svid).unwrap(), ClientTls::new(&svid).unwrap());
    let (near, far) = duplex(16);
    let expected = [];
    let accepting = accept(far, &server, Offer::Hbone, soon());
    let connecting = connect(near, &client, &expected, ClientOffer::Hbone, soon());
    let sizes = (size_of_val(&accepting), size_of_val(&connecting));
    assert!(sizes.0 < 4096 && sizes.1 < 4096, "{sizes:?}");
}

#[test]
fn a_chain_can_be_judged_without_a_connection() {
    let authority = authority();
    let server = ServerTls::new(&authority.issue_now(&id(SERVER)).unwrap()).unwrap();
    let client = authority.issue_now(&id(CLIENT)).unwrap();
    assert_eq!(server.check_chain(&client.chain).unwrap().id, client.id);
    let error = server.check_chain(&bent(&authority, CLIENT, Bend::Expired).chain).unwrap_err();
    assert_eq!(error.code(), "tls.expired");
    assert_eq!(server.check_chain(&[]).unwrap_err().code(), "tls.no_certificate");
}
