//! Much at once, and for long.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

use crate::pair::{accept, app, echo, expect, repeat_until, serve};
use crate::ztunnel::stand::{Real, Unusual, WORKLOAD, both_ways, check_fields, field, try_one};

/// What is sent in bulk repeats after this many bytes, a prime, so that a piece that is lost, doubled or moved shows.
const PERIOD: usize = 65_521;

#[test]
fn two_hundred_at_once_share_a_few_tunnels() {
    both_ways("two_hundred_at_once_share_a_few_tunnels", Unusual::default(), |stand| {
        serve(app(&stand.pair.server, WORKLOAD), echo);
        let mut open: Vec<(String, TcpStream)> =
            (0..200).map(|number| (format!("I am number {number}. "), stand.dial(WORKLOAD))).collect();
        for _ in 0..3 {
            for (text, stream) in &mut open {
                stream.write_all(text.as_bytes()).unwrap();
            }
            for (text, stream) in &mut open {
                expect(stream, text.as_bytes()).unwrap();
            }
        }
        drop(open);
        let lines = stand.server.hear_times(200, &["access", "connection complete", "inbound"]);
        let tunnels: BTreeSet<_> = lines.iter().map(|line| field(line, "src.addr")).collect();
        let errors = lines.iter().filter(|line| line.contains("error=")).count();
        assert_eq!(errors, 0, "{lines:#?}");
        // A hundred streams each, and some that were dialled at once by several threads.
        assert!(tunnels.len() <= 8, "{} tunnels", tunnels.len());
    });
}

/// Two periods, so that a whole one can begin anywhere in the first.
fn pattern() -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    let period: Vec<u8> = (0..PERIOD).map(|_| next()).collect();
    [&period[..], &period].concat()
}

fn send(mut to: &TcpStream, amount: u64) {
    let pattern = pattern();
    let mut sent = 0;
    while sent < amount {
        let length = (amount - sent).min(PERIOD as u64) as usize;
        let start = (sent % PERIOD as u64) as usize;
        to.write_all(&pattern[start..start + length]).unwrap();
        sent += length as u64;
    }
    to.shutdown(Shutdown::Write).unwrap();
}

/// How many bytes come before the end, all of which must be those that were sent.
fn receive(mut from: &TcpStream) -> u64 {
    let (pattern, mut buffer) = (pattern(), vec![0; PERIOD]);
    let mut received = 0;
    loop {
        let read = from.read(&mut buffer).unwrap();
        if read == 0 {
            return received;
        }
        let start = (received % PERIOD as u64) as usize;
        assert!(
            buffer[..read] == pattern[start..start + read],
            "other bytes than were sent, near {received}"
        );
        received += read as u64;
    }
}

#[test]
fn a_gigabyte_goes_each_way_at_once() {
    let amount = 1 << 30;
    both_ways("a_gigabyte_goes_each_way_at_once", Unusual::default(), |stand| {
        let app = app(&stand.pair.server, WORKLOAD);
        let client = stand.dial(WORKLOAD);
        let (server, _) = accept(&app);
        let counts = thread::scope(|scope| {
            for stream in [&client, &server] {
                scope.spawn(move || send(stream, amount));
            }
            [&client, &server]
                .map(|stream| scope.spawn(move || receive(stream)))
                .map(|one| one.join().unwrap())
        });
        assert_eq!(counts, [amount; 2]);
        let amount = amount.to_string();
        for line in stand.logs(WORKLOAD) {
            check_fields(
                &line,
                &[("bytes_sent", Some(&amount)), ("bytes_recv", Some(&amount)), ("error", None)],
            );
        }
    });
}

#[test]
fn certificates_change_beside_it_unnoticed() {
    // Each connection has a tunnel of its own, and so a handshake with the certificate of that moment.
    let restless = Unusual {
        ours: &["--ttl", "5s", "--pool-max-streams", "1"],
        real: &[("POOL_MAX_STREAMS_PER_CONNECTION", "1")],
        ..Unusual::default()
    };
    both_ways("certificates_change_beside_it_unnoticed", restless, |stand| {
        serve(app(&stand.pair.server, WORKLOAD), echo);
        let ours = if stand.real == Real::Server { &stand.client } else { &stand.server };
        repeat_until(|| {
            try_one(stand).unwrap();
            ours.heard(&["certificate renewed"]).len() >= 2
        });
        try_one(stand).unwrap();
    });
}
