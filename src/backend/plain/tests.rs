//! What the simple backends do, as their clients see it.

use tokio::io::duplex;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::*;
use crate::backend::about::Caller;

fn about() -> About {
    let nobody = |_| Caller { workload: None, identity: None, wire: "raw".to_owned() };
    About { workload: "mail".to_owned(), namespace: "default".to_owned(), caller: Box::new(nobody) }
}

/// Sends `bytes`, finishes, and returns all that comes back.
async fn talk<S: AsyncRead + AsyncWrite>(
    bytes: &[u8],
    client: S,
    serve: impl Future<Output = io::Result<()>>,
) -> Vec<u8> {
    let (mut reader, mut writer) = tokio::io::split(client);
    let mut answer = Vec::new();
    let speak = async {
        writer.write_all(bytes).await.unwrap();
        writer.shutdown().await.unwrap();
    };
    let (served, (), heard) = tokio::join!(serve, speak, reader.read_to_end(&mut answer));
    served.unwrap();
    heard.unwrap();
    answer
}

#[tokio::test(start_paused = true)]
async fn echo_and_silence() {
    let bytes = vec![7; 100_000];
    let (client, server) = duplex(1000);
    assert_eq!(talk(&bytes, client, serve_echo(server)).await, bytes);
    let (client, server) = duplex(1000);
    assert_eq!(talk(&bytes, client, serve_silent(server)).await, b"");
}

#[tokio::test(start_paused = true)]
async fn slow_is_late_and_then_slow() {
    let bytes = vec![7; 10 * SLOW_CHUNK];
    let (client, server) = duplex(100_000);
    let since = Instant::now();
    assert_eq!(talk(&bytes, client, serve_slow(server)).await, bytes);
    assert_eq!(since.elapsed(), FIRST_BYTE + 9 * PAUSE);
}

#[tokio::test(start_paused = true)]
async fn the_server_speaks_first() {
    let (mut client, server) = duplex(1000);
    let about = about();
    let speak = async {
        let mut banner = [0; 34];
        client.read_exact(&mut banner).await.unwrap();
        assert_eq!(&banner, b"220 mail glasstunnel server-first\r\n"[..34].as_ref());
        talk(b"HELO a\r\nQUIT", client, async { Ok(()) }).await
    };
    let (served, rest) = tokio::join!(serve_server_first(server, &about), speak);
    served.unwrap();
    assert_eq!(rest, b"\nHELO a\r\nQUIT");
}

#[tokio::test]
async fn reset_is_a_reset() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    client.write_all(b"GET /").await.unwrap();
    serve_reset(server).await.unwrap();
    let error = client.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}
