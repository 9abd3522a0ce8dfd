//! How connections end: by halves, by resets, and with the proxy that carries them.

use std::io::{ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

use crate::pair::{End, Running, accept, app, echo, exchange, expect, repeat_until, reset, rest, serve};
use crate::ztunnel::stand::{Real, Unusual, WORKLOAD, both_ways, field, try_one};

/// What a proxy says of an app beside it that resets.
const OWN_SIDE: &str = "io error: Connection reset by peer (os error 104)";
/// What h2 calls CONNECT_ERROR (RFC 9113 §7).
const ABNORMAL: &str =
    "connection established in response to a CONNECT request was reset or abnormally closed";

#[test]
fn either_side_may_stop_speaking_first() {
    both_ways("either_side_may_stop_speaking_first", Unusual::default(), |stand| {
        let app = app(&stand.pair.server, WORKLOAD);
        for client_first in [true, false] {
            let mut client = stand.dial(WORKLOAD);
            client.write_all(b"hello").unwrap();
            let (mut server, _) = accept(&app);
            expect(&mut server, b"hello").unwrap();
            let (first, last) =
                if client_first { (&mut client, &mut server) } else { (&mut server, &mut client) };
            first.write_all(b"that is all").unwrap();
            first.shutdown(Shutdown::Write).unwrap();
            assert_eq!(rest(last), (b"that is all".to_vec(), End::Clean));
            // More than any buffer on the way takes at once, into a connection that is closed the other way.
            let much = vec![b'x'; 3 << 20];
            let reader = {
                let mut first = first.try_clone().unwrap();
                thread::spawn(move || rest(&mut first))
            };
            last.write_all(&much).unwrap();
            last.shutdown(Shutdown::Write).unwrap();
            let (read, end) = reader.join().unwrap();
            assert!(read == much && end == End::Clean, "{} bytes, then {end:?}", read.len());
        }
        for line in stand.client.hear_times(2, &["access", "outbound"]) {
            assert_eq!(field(&line, "error"), None, "{line}");
        }
    });
}

/// Each line has an error with these words, or none.
#[track_caller]
fn check_told(lines: &[String], told: [Option<&str>; 2]) {
    for (line, told) in lines.iter().zip(told) {
        let error = field(line, "error");
        let as_told = match told {
            None => error.is_none(),
            Some(told) => error.is_some_and(|error| error.contains(told)),
        };
        assert!(as_told, "{told:?} in {line}");
    }
}

/// A ztunnel shows its app a clean end for whatever reset there was, and says none itself (reference/hbone.md 2.7); ours
/// says it on the wire, and both logs tell.
#[test]
fn a_reset_of_the_client_is_told_by_ours() {
    both_ways("a_reset_of_the_client_is_told_by_ours", Unusual::default(), |stand| {
        let app = app(&stand.pair.server, WORKLOAD);
        let mut client = stand.dial(WORKLOAD);
        client.write_all(b"half a sen").unwrap();
        let (mut server, _) = accept(&app);
        expect(&mut server, b"half a sen").unwrap();
        reset(client);
        assert_eq!(rest(&mut server), (Vec::new(), End::Clean));
        drop(server);
        let told = match stand.real {
            Real::Server => [OWN_SIDE, ABNORMAL].map(Some),
            Real::Client => [None, None],
        };
        check_told(&stand.logs(WORKLOAD), told);
    });
}

#[test]
fn a_reset_of_the_app_is_told_by_ours() {
    both_ways("a_reset_of_the_app_is_told_by_ours", Unusual::default(), |stand| {
        let app = app(&stand.pair.server, WORKLOAD);
        let mut client = stand.dial(WORKLOAD);
        client.write_all(b"ask").unwrap();
        let (mut server, _) = accept(&app);
        expect(&mut server, b"ask").unwrap();
        server.write_all(b"half an ans").unwrap();
        expect(&mut client, b"half an ans").unwrap();
        reset(server);
        assert_eq!(rest(&mut client), (Vec::new(), End::Clean));
        drop(client);
        let told = match stand.real {
            Real::Server => [None, None],
            Real::Client => [ABNORMAL, OWN_SIDE].map(Some),
        };
        check_told(&stand.logs(WORKLOAD), told);
    });
}

/// More than what is open takes to end by itself.
const LONG: Unusual<'_> = Unusual {
    client: ["", ""],
    server: ["", ""],
    ours: &["--grace", "60s"],
    real: &[("CONNECTION_TERMINATION_DEADLINE", "60s")],
};

/// What is open goes on, and ends the drain.
fn check_drained(mut open: TcpStream, drained: &mut Running) {
    exchange(&mut open, b"during").unwrap();
    open.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(&mut open), (Vec::new(), End::Clean));
    drop(open);
    let status = drained.ended();
    assert!(status.success(), "{status}");
}

#[test]
fn a_server_that_drains_finishes_what_is_open() {
    both_ways("a_server_that_drains_finishes_what_is_open", LONG, |stand| {
        serve(app(&stand.pair.server, WORKLOAD), echo);
        let mut open = stand.dial(WORKLOAD);
        exchange(&mut open, b"before").unwrap();
        stand.server.terminate();
        // The tunnel is there and has room: who dials anew has heard its GOAWAY. A door that is about to close may reset.
        let dialled = ["access", "error=", "Connection refused (os error 111)"];
        repeat_until(|| try_one(stand).is_err() && !stand.client.heard(&dialled).is_empty());
        check_drained(open, &mut stand.server);
    });
}

#[test]
fn a_client_that_drains_finishes_what_is_open() {
    both_ways("a_client_that_drains_finishes_what_is_open", LONG, |stand| {
        serve(app(&stand.pair.server, WORKLOAD), echo);
        let mut open = stand.dial(WORKLOAD);
        exchange(&mut open, b"before").unwrap();
        stand.client.terminate();
        // Nobody listens where programs are taken.
        repeat_until(|| try_one(stand).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused));
        check_drained(open, &mut stand.client);
    });
}

#[test]
fn what_outlives_the_grace_is_cut() {
    let short = Unusual {
        ours: &["--grace", "200ms"],
        real: &[("CONNECTION_TERMINATION_DEADLINE", "200ms")],
        ..Unusual::default()
    };
    both_ways("what_outlives_the_grace_is_cut", short, |stand| {
        serve(app(&stand.pair.server, WORKLOAD), echo);
        let mut open = stand.dial(WORKLOAD);
        exchange(&mut open, b"before").unwrap();
        stand.server.terminate();
        let (read, end) = rest(&mut open);
        drop(open);
        let status = stand.server.ended();
        assert!(read.is_empty() && status.success(), "{read:?}, {status}");
        let line = stand.client.hear(&["access", "direction=\"outbound\""]);
        match stand.real {
            // The real server drops its connections, and ours says so to its client.
            Real::Server => {
                assert!(end == End::Reset && line.contains("error=\"receive: io error: "), "{end:?} {line}");
            }
            // Ours says CANCEL on each stream, which the real client takes for an end, or finds when it ends its own side.
            Real::Client => assert_eq!(end, End::Clean, "{line}"),
        }
    });
}
