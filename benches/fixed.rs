//! A fixed amount of work with nothing around it, so that two commits can be compared by what the work costs: counted
//! instructions do not care what else the machine does.
//!
//! `fixed WORK COUNT`: `bulk` echoes that many megabytes through the whole path, `connect` opens that many connections
//! on a warm tunnel, `handshake` makes that many TLS connections and moves 64 kB over each, both ends in memory.
//! `compare.sh` says how to use it. It calls nothing that an older commit does not have.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::time::Duration;

use glasstunnel::ca::{Authority, AuthorityOptions};
use glasstunnel::identity::SpiffeId;
use glasstunnel::lab::{Lab, LabOptions};
use glasstunnel::tls::{ClientOffer, ClientTls, Offer, ServerTls, accept, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::time::Instant;

const MESH: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Pod
metadata: {name: server, labels: {app: server}, annotations: {glasstunnel.dev/backend: echo}}
spec: {serviceAccountName: server, containers: [{ports: [{containerPort: 3000}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: server}
spec: {selector: {app: server}, ports: [{port: 3000}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {serviceAccountName: client}
";

/// What is echoed at once, as in `tunnel.rs`.
const BULK: usize = 1 << 18;

/// What goes over each connection in memory: a few records, so that the stream counts beside the handshake.
const GREETING: usize = 1 << 16;

#[derive(Clone, Copy)]
enum Work {
    Bulk,
    Connect,
    Handshake,
}

async fn dial(lab: &Lab) -> TcpStream {
    lab.dial("client", "server", 3000).await.unwrap().unwrap()
}

async fn echo(stream: &mut TcpStream, sent: &[u8], buffer: &mut [u8]) {
    let (mut read, mut write) = stream.split();
    let (written, got) = tokio::join!(write.write_all(sent), read.read_exact(buffer));
    written.unwrap();
    assert_eq!(got.unwrap(), sent.len());
}

async fn bulk(lab: &Lab, megabytes: usize) {
    let (sent, mut buffer) = (vec![7; BULK], vec![0; BULK]);
    let mut stream = dial(lab).await;
    for _ in 0..megabytes * (1 << 20) / BULK {
        echo(&mut stream, &sent, &mut buffer).await;
    }
}

async fn connections(lab: &Lab, count: usize) {
    let mut warm = dial(lab).await;
    echo(&mut warm, &[7], &mut [0]).await;
    for _ in 0..count {
        echo(&mut dial(lab).await, &[7], &mut [0]).await;
    }
}

async fn handshakes(count: usize) {
    let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
    let [server, client] = ["server", "client"]
        .map(|name| authority.issue_now(&SpiffeId::new("cluster.local", "default", name).unwrap()).unwrap());
    let expected = [server.id.clone()];
    let (server, client) = (ServerTls::new(&server).unwrap(), ClientTls::new(&client).unwrap());
    for _ in 0..count {
        greet(&server, &client, &expected).await;
    }
}

async fn greet(server: &ServerTls, client: &ClientTls, expected: &[SpiffeId]) {
    let (near, far) = duplex(1 << 18);
    let deadline = Instant::now() + Duration::from_secs(60);
    let (accepted, connected) = tokio::join!(
        accept(far, server, Offer::Hbone, deadline),
        connect(near, client, expected, ClientOffer::Hbone, deadline)
    );
    let ((mut far, _), (mut near, _)) = (accepted.unwrap(), connected.unwrap());
    let mut buffer = vec![0; GREETING];
    near.write_all(&[7; GREETING]).await.unwrap();
    near.flush().await.unwrap();
    far.read_exact(&mut buffer).await.unwrap();
}

async fn run(work: Work, count: usize) {
    if matches!(work, Work::Handshake) {
        return handshakes(count).await;
    }
    let lab = Lab::start(MESH, LabOptions::default()).await.unwrap();
    match work {
        Work::Bulk => bulk(&lab, count).await,
        Work::Connect | Work::Handshake => connections(&lab, count).await,
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let work = match arguments.first().map(String::as_str) {
        Some("connect") => Work::Connect,
        Some("handshake") => Work::Handshake,
        // As one of all benchmarks it has no arguments, and only shows that it runs.
        _ => Work::Bulk,
    };
    let count = arguments.get(1).and_then(|count| count.parse().ok()).unwrap_or(1);
    Builder::new_current_thread().enable_all().build().unwrap().block_on(run(work, count));
}
