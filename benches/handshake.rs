//! What a new connection costs before its first byte: the handshake, its certificate work, and issuing.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use glasstunnel::ca::{Authority, AuthorityOptions};
use glasstunnel::identity::{Leaf, SpiffeId, Svid};
use glasstunnel::tls::{ClientOffer, ClientTls, Offer, ServerTls, accept, connect};
use tokio::io::duplex;
use tokio::time::Instant;

/// Two workloads of one authority.
struct Pair {
    authority: Authority,
    server: Svid,
    client: Svid,
}

fn pair() -> Result<Pair, Box<dyn std::error::Error>> {
    let authority = Authority::generate(&AuthorityOptions::default())?;
    let server = authority.issue_now(&SpiffeId::new("cluster.local", "default", "server")?)?;
    let client = authority.issue_now(&SpiffeId::new("cluster.local", "default", "client")?)?;
    Ok(Pair { authority, server, client })
}

/// Both ends of one handshake, in memory, on one thread.
async fn shake(server: &ServerTls, client: &ClientTls, expected: &[SpiffeId]) -> bool {
    let (near, far) = duplex(64 * 1024);
    let deadline = Instant::now() + Duration::from_secs(10);
    let (accepted, connected) = tokio::join!(
        accept(far, server, Offer::Hbone, deadline),
        connect(near, client, expected, ClientOffer::Hbone, deadline)
    );
    accepted.is_ok() && connected.is_ok()
}

fn handshake(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Ok(runtime), Ok(pair)) = (runtime, pair()) else { return };
    let (Ok(server), Ok(client)) = (ServerTls::new(&pair.server), ClientTls::new(&pair.client)) else {
        return;
    };
    let expected = [pair.server.id.clone()];
    criterion.bench_function("tls/handshake, both ends", |bencher| {
        bencher.iter(|| assert!(runtime.block_on(shake(&server, &client, &expected))));
    });
    criterion.bench_function("tls/ServerTls::new (once per certificate)", |bencher| {
        bencher.iter(|| black_box(ServerTls::new(&pair.server).is_ok()));
    });
    criterion.bench_function("identity/Leaf::parse", |bencher| {
        bencher.iter(|| black_box(Leaf::parse(&pair.client.chain[0]).is_ok()));
    });
    criterion.bench_function("tls/verify a client's certificate", |bencher| {
        bencher.iter(|| black_box(server.check_chain(&pair.client.chain).is_ok()));
    });
    criterion.bench_function("ca/issue one certificate", |bencher| {
        bencher.iter(|| black_box(pair.authority.issue_now(&pair.client.id).is_ok()));
    });
}

criterion_group!(benches, handshake);
criterion_main!(benches);
