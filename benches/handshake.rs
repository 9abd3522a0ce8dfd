//! What a new connection costs before its first byte: the handshake, its certificate work, and issuing; and what TLS
//! makes of a megabyte.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "work/pair.rs"]
mod pair;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use glasstunnel::identity::Leaf;
use glasstunnel::tls::ServerTls;

use pair::Pair;

fn handshake(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let pair = Pair::new();
    criterion.bench_function("tls/handshake, both ends", |bencher| {
        bencher.iter(|| runtime.block_on(pair.shake()));
    });
    criterion.bench_function("tls/a megabyte, both ends", |bencher| {
        let mut ends = runtime.block_on(pair.shake());
        bencher.iter(|| runtime.block_on(pair::send_megabyte(&mut ends)));
    });
    criterion.bench_function("tls/ServerTls::new (once per certificate)", |bencher| {
        bencher.iter(|| black_box(ServerTls::new(&pair.server).is_ok()));
    });
    criterion.bench_function("identity/Leaf::parse", |bencher| {
        bencher.iter(|| black_box(Leaf::parse(&pair.client.chain[0]).is_ok()));
    });
    criterion.bench_function("tls/verify a client's certificate", |bencher| {
        bencher.iter(|| black_box(pair.accepts.check_chain(&pair.client.chain).is_ok()));
    });
    criterion.bench_function("ca/issue one certificate", |bencher| {
        bencher.iter(|| black_box(pair.authority.issue_now(&pair.client.id).is_ok()));
    });
}

criterion_group!(benches, handshake);
criterion_main!(benches);
