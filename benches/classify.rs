//! What a verdict costs, in nanoseconds per call: once per captured connection.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use glasstunnel::sniff::classify;

/// A hello as curl sends it, and one with a post-quantum key share, from the corpus of the unit tests.
const SMALL_HELLO: &[u8] = include_bytes!("../tests/data/hello/curl-http2.bin");
const KEY_SHARE_HELLO: &[u8] = include_bytes!("../tests/data/hello/rustls-mlkem-h2.bin");

/// A hello of 40 KiB in three records: a padding extension (RFC 7685) makes up its length.
fn large_hello() -> Vec<u8> {
    let padding: u16 = 40 * 1024;
    let mut body = vec![3, 3];
    body.extend([9; 32]);
    body.extend([0, 0, 2, 0x13, 1, 1, 0]);
    body.extend((padding + 4).to_be_bytes());
    body.extend([0, 21]);
    body.extend(padding.to_be_bytes());
    body.resize(body.len() + usize::from(padding), 0);
    let mut message = (body.len() as u32).to_be_bytes().to_vec();
    message[0] = 1;
    message.extend(body);
    let records = message.chunks(16 * 1024).map(|part| {
        let mut record = vec![0x16, 3, 1];
        record.extend((part.len() as u16).to_be_bytes());
        record.extend(part);
        record
    });
    records.flatten().collect()
}

fn verdicts(criterion: &mut Criterion) {
    let large = large_hello();
    let inputs: [(&str, &[u8]); 6] = [
        ("http/1", b"GET /reviews/1 HTTP/1.1\r\nhost: reviews:9080\r\n\r\n"),
        ("http/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
        ("opaque", b"\x80\x2e\x01\x03\x01"),
        ("hello 517 B", SMALL_HELLO),
        ("hello 1.4 KB", KEY_SHARE_HELLO),
        ("hello 40 KiB", &large),
    ];
    let mut group = criterion.benchmark_group("classify");
    for (name, bytes) in inputs {
        group.bench_function(name, |bencher| bencher.iter(|| classify(black_box(bytes))));
    }
    group.finish();
}

criterion_group!(benches, verdicts);
criterion_main!(benches);
