//! A tap sees what is on the wire, at both ends the same, and the secrets by which it is read.

use bytes::Bytes;

use super::*;
use crate::io::{Direction, Tap};

/// The bytes that went one way.
fn bytes(tap: &Tap, direction: Direction) -> Bytes {
    let chunks = tap.chunks();
    let wanted = chunks.iter().filter(|chunk| chunk.direction == direction);
    wanted.flat_map(|chunk| chunk.bytes.clone()).collect()
}

#[tokio::test]
async fn both_ends_see_the_same() {
    let authority = authority();
    let [server, client] = [SERVER, CLIENT].map(|who| authority.issue_now(&id(who)).unwrap());
    let (at_server, at_client) = (Tap::new(1 << 16), Tap::new(1 << 16));
    let server = ServerTls::new(&server).unwrap().telling(&at_server);
    let client = ClientTls::new(&client).unwrap().telling(&at_client);
    let (near, far) = duplex(64 * 1024);
    let expected = [id(SERVER)];
    tokio::join!(
        async {
            let (mut stream, _) = accept(far, &server, Offer::Hbone, soon()).await.unwrap();
            let mut word = [0; 4];
            stream.read_exact(&mut word).await.unwrap();
        },
        async {
            let connected = connect(near, &client, &expected, ClientOffer::Hbone, soon()).await;
            let (mut stream, _) = connected.unwrap();
            stream.write_all(b"ping").await.unwrap();
            stream.flush().await.unwrap();
        }
    );
    let (hello, answer) = (bytes(&at_client, Direction::Out), bytes(&at_client, Direction::In));
    assert_eq!(bytes(&at_server, Direction::In), hello);
    assert_eq!(bytes(&at_server, Direction::Out), answer);
    // A handshake record that begins with a ClientHello, and one with a ServerHello (RFC 8446 §5.1 and §4).
    assert_eq!((hello[0], hello[5], answer[0], answer[5]), (22, 1, 22, 2));
    assert!(!hello.windows(4).any(|window| window == b"ping"), "a tap sees the wire");
    let secrets = at_client.secrets();
    let labels: Vec<&str> = secrets.iter().map(|secret| &*secret.label).collect();
    for label in [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
    ] {
        assert!(labels.contains(&label), "{labels:?}");
        let ours = secrets.iter().find(|secret| secret.label == label).unwrap();
        assert!(at_server.secrets().contains(ours), "both ends have the same {label}");
        // The random stands in the ClientHello, behind type, length and version (RFC 8446 §4.1.2).
        assert_eq!(ours.client_random, hello[11..43]);
    }
}

#[tokio::test]
async fn a_refusals_alert_is_on_the_tap() {
    let (authority, stranger) = (authority(), authority());
    let server = ServerTls::new(&authority.issue_now(&id(SERVER)).unwrap()).unwrap();
    let mut foreign = stranger.issue_now(&id(CLIENT)).unwrap();
    foreign.bundle = authority.bundle();
    let tap = Tap::new(1 << 16);
    let client = ClientTls::new(&foreign).unwrap().telling(&tap);
    let (near, far) = duplex(64 * 1024);
    let expected = [id(SERVER)];
    let (refused, _) = tokio::join!(accept(far, &server, Offer::Hbone, soon()), async {
        let connected = connect(near, &client, &expected, ClientOffer::Hbone, soon()).await;
        let (mut stream, _) = connected.unwrap();
        let _ = stream.read(&mut [0; 1]).await;
    });
    assert!(refused.is_err());
    // The last record that came is the server's alert: encrypted, two bytes, the type and the tag (RFC 8446 §5.2, §6).
    let came = bytes(&tap, Direction::In);
    let last = came.get(came.len() - 24..).unwrap();
    assert_eq!(last.get(..5).unwrap(), [23, 3, 3, 0, 19]);
}
