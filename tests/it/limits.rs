//! Volume, numbers and stalls.

use std::time::Duration;

use glasstunnel::lab::Lab;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::mesh::Plan;
use crate::up::Up;

/// Bytes that repeat only after a long while, so that a lost or doubled chunk shows.
fn pattern(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        // SplitMix64: any generator with a long period does.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)).to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(length).collect()
}

async fn dial(lab: &Lab) -> TcpStream {
    lab.dial("default/curl-client", "server", 80).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_hundred_megabytes_both_ways_byte_for_byte() {
    const LENGTH: usize = 100 << 20;
    let lab = Plan::new().server("server", "echo").start().await;
    let (mut read, mut write) = dial(&lab).await.into_split();
    let sent = pattern(LENGTH, 7);
    let upload = async {
        write.write_all(&sent).await.unwrap();
        write.shutdown().await.unwrap();
    };
    let download = async {
        let mut got = Vec::with_capacity(LENGTH);
        read.read_to_end(&mut got).await.unwrap();
        got
    };
    let ((), got) = tokio::join!(upload, download);
    assert_eq!(got.len(), LENGTH);
    assert!(got == sent, "the bytes differ");
}

#[tokio::test]
async fn a_thousand_connections_at_once_over_one_pair() {
    let lab = Plan::new().server("server", "echo").start().await;
    let mut streams = Vec::new();
    for _ in 0..1000 {
        streams.push(dial(&lab).await);
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        stream.write_all(&number.to_be_bytes()).await.unwrap();
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        let mut echoed = [0; 8];
        stream.read_exact(&mut echoed).await.unwrap();
        assert_eq!(usize::from_be_bytes(echoed), number);
    }
    let tunnels = 1000 / 100 + 1;
    let open = lab.running().recorder().open();
    let peers: std::collections::HashSet<_> =
        open.iter().filter_map(|connection| connection.opening.join.socket).collect();
    assert!(peers.len() <= tunnels + 1, "{} tunnels for 1000 streams", peers.len());
}

/// A reader that stalls stops its writer; what is held in between is bounded, and its neighbour goes on.
#[tokio::test]
async fn a_stalled_reader_is_bounded_and_alone() {
    let lab = Plan::new().server("server", "echo").start().await;
    let mut stalled = dial(&lab).await;
    let chunk = vec![7; 1 << 16];
    let mut taken: usize = 0;
    while let Ok(written) = tokio::time::timeout(Duration::from_secs(2), stalled.write(&chunk)).await {
        taken += written.unwrap();
        assert!(taken < 256 << 20, "nothing stops the writer");
    }
    // Socket buffers of six sockets (the kernel lets each grow to some megabytes), two stream windows of 4 MiB.
    assert!(taken < 64 << 20, "{taken} bytes are held for a reader that reads nothing");
    let mut neighbour = dial(&lab).await;
    neighbour.write_all(b"still here").await.unwrap();
    let mut echoed = [0; 10];
    neighbour.read_exact(&mut echoed).await.unwrap();
    assert_eq!(&echoed, b"still here");
}

#[tokio::test]
async fn one_byte_at_a_time() {
    let lab = Plan::new().server("server", "echo").start().await;
    let mut stream = dial(&lab).await;
    stream.set_nodelay(true).unwrap();
    for number in 0..2000_u32 {
        let byte = number.to_be_bytes()[3];
        stream.write_all(&[byte]).await.unwrap();
        let mut echoed = [0; 1];
        if let Err(error) = stream.read_exact(&mut echoed).await {
            let record = lab.record(|_| true).await;
            panic!("after {number} bytes: {error}\n{}", glasstunnel::telemetry::explain_text(&record));
        }
        assert_eq!(echoed[0], byte);
    }
}

/// Buffers that are done with serve again: after the first bytes, a tunnel needs no more memory from the kernel. Without
/// `keep_memory` of `src/app/threads.rs` it is given thirteen to fifty pages for each of these megabytes.
#[tokio::test]
async fn many_megabytes_need_few_new_pages() {
    const CONNECTIONS: usize = 8;
    const EACH_MB: usize = 16;
    /// Where eight readers lag together a turn may hold more than any before it, and then does need pages: the median counts.
    const TURNS: usize = 5;
    let up = Up::start(&[]).await;
    let file = std::env::temp_dir().join(format!("glasstunnel-it-pages-{}", std::process::id()));
    std::fs::write(&file, vec![0; EACH_MB << 20]).unwrap();
    let upload = ["-T", file.to_str().unwrap(), "http://customers/", "-o", "/dev/null"];
    let mut words = vec!["curl-client", "--", "curl", "-sS", "-Z"];
    words.extend(upload.repeat(CONNECTIONS));
    let upload = async || {
        let before = up.page_faults();
        let ran = up.ask(&["exec"], &words).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        up.page_faults() - before
    };
    upload().await;
    let megabytes = (CONNECTIONS * EACH_MB) as u64;
    let mut pages = Vec::new();
    for _ in 0..TURNS {
        pages.push(upload().await);
    }
    pages.sort_unstable();
    std::fs::remove_file(&file).unwrap();
    assert!(pages[TURNS / 2] < 10 * megabytes, "{pages:?} pages for {megabytes} MB");
}
