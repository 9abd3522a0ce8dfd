//! The operations that have a budget, and what each of them does.

use std::hint::black_box;

use bytes::Bytes;
use glasstunnel::io::{ByteCounts, relay};
use glasstunnel::policy::PolicySet;
use glasstunnel::sniff::classify;
use tokio::runtime::{Builder, Runtime};

use crate::chunks::Chunks;
use crate::pair::{Pair, send_megabyte};
use crate::policies::{Asked, mesh, unrelated};
use crate::proxies::Proxies;
use crate::record::{BATCH, Recording};
use crate::streams::{MEGABYTE, relayed};
use crate::tunnel;
use crate::workloads::Workloads;

/// What is counted; it does the operation as often as its [`Operation::times`] says.
pub(crate) type Work = Box<dyn FnMut()>;

/// One operation with a budget.
pub(crate) struct Operation {
    /// Its name in the table.
    pub(crate) name: &'static str,
    /// How often one work does it: the more, the less does it matter where in a hash table something happens to be.
    pub(crate) times: u64,
    /// Everything that is not counted.
    pub(crate) prepare: fn() -> Work,
}

const fn operation(name: &'static str, times: u64, prepare: fn() -> Work) -> Operation {
    Operation { name, times, prepare }
}

/// All of them, in the order of a connection.
pub(crate) const ALL: &[Operation] = &[
    operation("classify a ClientHello", 100, || classifying(HELLO)),
    operation("classify HTTP/1", 100, || {
        classifying(b"GET /reviews/1 HTTP/1.1\r\nhost: reviews:9080\r\n\r\n")
    }),
    operation("route among 10 workloads", TURNS, || routing(10)),
    operation("route among 10 000 workloads", TURNS, || routing(10_000)),
    operation("owner of an address among 10 000 workloads", TURNS, owning),
    operation("address of a name among 10 000 workloads", TURNS, resolving),
    operation("decide under 10 policies", 100, || deciding(10)),
    operation("decide under 10 000 policies", 100, || deciding(10_000)),
    operation("verify a client's certificate", 10, verifying),
    operation("handshake, both ends", 5, shaking),
    operation("1 MB through TLS, both ends", 1, encrypting),
    operation("CONNECT on a warm tunnel, both ends", 100, connecting),
    operation("1 MB echoed through HBONE, both ends", 1, echoing),
    operation("relay a connection without a byte", 100, || relaying(0, 100)),
    operation("relay 1 MB between streams", 4, || relaying(MEGABYTE, 4)),
    operation("relay 1 MB in chunks, not copied", 4, || relaying_chunks(4)),
    operation("record a connection, both sides", BATCH, recording),
    operation("connection through two proxies, warm", 50, || proxied(50)),
];

/// As often as [`Workloads`] has services to be dialled in turn.
const TURNS: u64 = 1_000;

/// A hello with a post-quantum key share, from the corpus of the unit tests.
const HELLO: &[u8] = include_bytes!("../../tests/data/hello/rustls-mlkem-h2.bin");

/// One read of a busy socket.
const CHUNK: usize = 64 << 10;

/// What the operation of that name does.
///
/// # Errors
///
/// There is none of that name.
pub(crate) fn named(name: &str) -> Result<Work, String> {
    let found = ALL.iter().find(|operation| operation.name == name);
    found.map(|operation| (operation.prepare)()).ok_or_else(|| format!("no operation is called {name}"))
}

/// A runtime that asks no clock of the machine's: without anything to do, its time passes at once.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

fn again(times: u64, mut work: impl FnMut() + 'static) -> Work {
    Box::new(move || (0..times).for_each(|_| work()))
}

fn classifying(bytes: &'static [u8]) -> Work {
    again(100, move || drop(black_box(classify(black_box(bytes)))))
}

fn routing(count: usize) -> Work {
    let mut mesh = Workloads::new(count);
    again(TURNS, move || drop(black_box(mesh.route())))
}

fn owning() -> Work {
    let mut mesh = Workloads::new(10_000);
    again(TURNS, move || assert!(mesh.owner().is_some()))
}

fn resolving() -> Work {
    let mut mesh = Workloads::new(10_000);
    again(TURNS, move || assert!(mesh.resolve().is_some()))
}

fn deciding(count: usize) -> Work {
    let mesh = mesh(10_000);
    let asked = Asked::new(&mesh);
    let set = PolicySet::new(&mesh, unrelated(count));
    again(100, move || drop(black_box(asked.decide(&set))))
}

fn verifying() -> Work {
    let pair = Pair::new();
    again(10, move || assert!(pair.accepts.check_chain(&pair.client.chain).is_ok()))
}

fn shaking() -> Work {
    let (runtime, pair) = (runtime(), Pair::new());
    again(5, move || drop(black_box(runtime.block_on(pair.shake()))))
}

fn encrypting() -> Work {
    let runtime = runtime();
    let mut ends = runtime.block_on(Pair::new().shake());
    again(1, move || runtime.block_on(send_megabyte(&mut ends)))
}

fn connecting() -> Work {
    let (runtime, request) = (runtime(), tunnel::request());
    let (owner, client) = runtime.block_on(tunnel::echoing()).unwrap();
    again(100, move || {
        let _held = &owner;
        runtime.block_on(tunnel::open_and_finish(&client, &request));
    })
}

fn echoing() -> Work {
    let (runtime, chunk) = (runtime(), tunnel::chunk());
    let (owner, client) = runtime.block_on(tunnel::echoing()).unwrap();
    let mut stream = runtime.block_on(tunnel::open(&client, &tunnel::request()));
    again(1, move || {
        let _held = (&owner, &client);
        runtime.block_on(tunnel::echo_megabyte(&mut stream, &chunk));
    })
}

fn relaying(length: usize, times: u64) -> Work {
    let runtime = runtime();
    again(times, move || runtime.block_on(relayed(length)))
}

fn relaying_chunks(times: u64) -> Work {
    let (runtime, chunk) = (runtime(), Bytes::from(vec![7; CHUNK]));
    again(times, move || {
        let mut ends = [MEGABYTE / CHUNK, 0].map(|left| Chunks { chunk: chunk.clone(), left });
        let [client, backend] = &mut ends;
        runtime.block_on(relay(client, backend, &ByteCounts::new(), None)).unwrap();
    })
}

fn recording() -> Work {
    let mut recording = Recording::new();
    // One for the time that is not counted.
    let mut batches = vec![recording.batch(), recording.batch()];
    Box::new(move || recording.record(batches.pop().unwrap()))
}

fn proxied(times: u64) -> Work {
    let proxies = Proxies::start();
    again(times, move || proxies.connection())
}
