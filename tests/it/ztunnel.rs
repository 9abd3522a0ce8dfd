//! The real ztunnel as client and as server: plaintext in, HBONE between, plaintext out, by one mesh file that both read.
//!
//! ZTUNNEL_BIN is its program, built with `--features testing` so that it is its own CA, and ZTUNNEL_SRC the checkout that it
//! was built from, whose CA we are given. Without ZTUNNEL_BIN each test says by its name that it was skipped.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use glasstunnel::netns::{HBONE_PORT, PROXY_MARK};

use crate::pair::{
    End, Folder, Pair, Running, accept, app, dial, echo, environment, exchange, expect, glasstunnel,
    repeat_until, reset, rest, serve, tell,
};

/// The port of the service, and of its workload.
const SERVICE: u16 = 80;
const WORKLOAD: u16 = 8080;
/// A port of the server's that the client may not speak to, and one that nobody listens on.
const DENIED: u16 = 8081;
const CLOSED: u16 = 8089;
/// What h2 calls CONNECT_ERROR (RFC 9113 §7).
const ABNORMAL: &str =
    "connection established in response to a CONNECT request was reset or abnormally closed";

/// A ztunnel's local configuration (reference/hbone.md 8.2).
const MESH: &str = include_str!("../../examples/ztunnel/mesh.yaml");
/// The policies of the server in it, and those that make it STRICT as well.
const POLICIES: [&str; 2] = [
    r#"authorizationPolicies: ["default/no-clients"]"#,
    r#"authorizationPolicies: ["default/no-clients", "istio-system/istio_converted_static_strict"]"#,
];

/// Where the real ztunnel stands; the other one is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Real {
    Server,
    Client,
}

/// What is not as usual in a test.
#[derive(Clone, Copy, Default)]
struct Unusual<'a> {
    /// The server takes no plaintext.
    strict: bool,
    /// Arguments of ours.
    ours: &'a [&'a str],
    /// Environment of the real one.
    real: &'a [(&'a str, &'a str)],
}

/// Both proxies, and the pods that they are in.
struct Stand {
    pair: Pair,
    real: Real,
    client: Running,
    server: Running,
    _folder: Folder,
}

/// Runs `case` in both directions: with the real one as the server, then as the client.
fn both_ways(test: &str, unusual: Unusual<'_>, case: impl Fn(&mut Stand)) {
    let Some(program) = environment("ZTUNNEL_BIN") else {
        return tell(&format!("skipped: ztunnel::{test}: ZTUNNEL_BIN is not set"));
    };
    for real in [Real::Server, Real::Client] {
        let Some(pair) = Pair::new(test) else { return };
        let folder = Folder::new();
        assert!(MESH.contains(POLICIES[0]));
        let mesh = MESH.replace(POLICIES[0], POLICIES[usize::from(unusual.strict)]);
        let mesh = folder.write("mesh.yaml", mesh.as_bytes());
        let theirs = |workload| ztunnel(&program, &mesh, workload, unusual.real);
        let ours = |workload| ours(&mesh, workload, unusual.ours);
        let (client, server) = match real {
            Real::Server => (ours("client"), theirs("server")),
            Real::Client => (theirs("client"), ours("server")),
        };
        let client = Running::start(&pair.client, &format!("the client's proxy (real: {real:?})"), client);
        let server = Running::start(&pair.server, &format!("the server's proxy (real: {real:?})"), server);
        for proxy in [&client, &server] {
            // Ours says `ready`, the real one `marking server ready`.
            proxy.hear(&["ready"]);
        }
        case(&mut Stand { pair, real, client, server, _folder: folder });
    }
}

/// The real one, in its dedicated mode (reference/hbone.md 9).
fn ztunnel(program: &str, mesh: &Path, workload: &str, more: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LOCAL_XDS_PATH", mesh).env("PROXY_MODE", "dedicated").env("FAKE_CA", "true");
    command.env("XDS_ADDRESS", "").env("PROXY_WORKLOAD_INFO", format!("default/{workload}/{workload}"));
    command.env("PACKET_MARK", PROXY_MARK.to_string()).env("ENABLE_ORIG_SRC", "true").env("RUST_LOG", "info");
    command.env("ZTUNNEL_WORKER_THREADS", "2").envs(more.iter().copied());
    command
}

/// Ours, with the real one's CA.
fn ours(mesh: &Path, workload: &str, more: &[&str]) -> Command {
    let Some(checkout) = environment("ZTUNNEL_SRC") else {
        panic!("expected ZTUNNEL_SRC beside ZTUNNEL_BIN: the checkout that it was built from, for its CA");
    };
    let ca = Path::new(&checkout).join("src/tls");
    let mut command = glasstunnel(mesh, &format!("default/{workload}"));
    command.arg("--ca-cert").arg(ca.join("root-cert.pem")).arg("--ca-key").arg(ca.join("ca-key.pem"));
    command.args(more);
    command
}

impl Stand {
    /// The address of the server of the first family.
    fn server() -> IpAddr {
        Pair::server_addresses()[0]
    }

    /// A program in the client's pod dials the server.
    fn dial(&self, port: u16) -> TcpStream {
        dial(&self.pair.client, (Self::server(), port)).unwrap()
    }

    /// The lines of both proxies about a connection to `port`: `[outbound, inbound]`.
    fn logs(&self, port: u16) -> [String; 2] {
        let authority = format!("dst.hbone_addr={}:{port} ", Self::server());
        [(&self.client, "outbound"), (&self.server, "inbound")]
            .map(|(proxy, way)| proxy.hear(&["access", &authority, &format!("direction=\"{way}\"")]))
    }
}

/// The value of a field in a line of an access log, without its quotes.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = line.split_once(&format!("{name}="))?;
    match after.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => after.split_whitespace().next(),
    }
}

#[track_caller]
fn check_fields(line: &str, expect: &[(&str, Option<&str>)]) {
    for (name, value) in expect {
        assert_eq!(field(line, name), *value, "{name} in {line}");
    }
}

/// What a program sees that is refused: nothing, and a reset. The real one may close before it has heard what the program
/// says, and then the end looks clean.
#[track_caller]
fn check_refused(mut program: TcpStream, by_ours: bool) {
    let (read, end) = rest(&mut program);
    assert!(read.is_empty() && (end == End::Reset || !by_ours), "{read:?}, then {end:?}");
}

/// No connection waits for this app.
#[track_caller]
fn check_unheard(app: &TcpListener) {
    app.set_nonblocking(true).unwrap();
    let error = app.accept().expect_err("the app was dialled");
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    app.set_nonblocking(false).unwrap();
}

#[test]
fn a_pod_and_a_service_are_reached_and_both_logs_agree() {
    both_ways("a_pod_and_a_service_are_reached_and_both_logs_agree", Unusual::default(), |stand| {
        let app = app(&stand.pair.server, WORKLOAD);
        let [four, six] = Pair::server_addresses();
        let vips: [IpAddr; 2] =
            [Ipv4Addr::new(10, 96, 0, 10).into(), Ipv6Addr::new(0xfd00, 0x10, 0x96, 0, 0, 0, 0, 0x10).into()];
        let cases =
            [(four, WORKLOAD, four), (six, WORKLOAD, six), (vips[0], SERVICE, four), (vips[1], SERVICE, six)];
        for (count, (to, port, reached)) in (1..).zip(cases) {
            let mut client = dial(&stand.pair.client, (to, port)).unwrap();
            client.write_all(b"ping").unwrap();
            let (mut server, from) = accept(&app);
            assert!(Pair::client_addresses().contains(&from), "the app sees {from}");
            expect(&mut server, b"ping").unwrap();
            server.write_all(b"pong!").unwrap();
            drop(server);
            assert_eq!(rest(&mut client), (b"pong!".to_vec(), End::Clean));
            drop(client);
            let out = stand.client.hear_times(count, &["access", "direction=\"outbound\""]).pop().unwrap();
            let into = stand.server.hear_times(count, &["access", "direction=\"inbound\""]).pop().unwrap();
            let door = SocketAddr::new(reached, HBONE_PORT).to_string();
            let authority = SocketAddr::new(reached, WORKLOAD).to_string();
            for line in [&out, &into] {
                check_fields(
                    line,
                    &[
                        ("src.workload", Some("client")),
                        ("src.identity", Some("spiffe://cluster.local/ns/default/sa/client")),
                        ("dst.addr", Some(&door)),
                        ("dst.hbone_addr", Some(&authority)),
                        ("dst.workload", Some("server")),
                        ("dst.identity", Some("spiffe://cluster.local/ns/default/sa/server")),
                        ("error", None),
                    ],
                );
            }
            check_fields(&out, &[("bytes_sent", Some("4")), ("bytes_recv", Some("5"))]);
            check_fields(&into, &[("bytes_sent", Some("5")), ("bytes_recv", Some("4"))]);
            let service = (port == SERVICE).then_some("server.default.svc.cluster.local");
            check_fields(&out, &[("dst.service", service)]);
        }
    });
}

#[test]
fn a_policy_refuses_with_401() {
    both_ways("a_policy_refuses_with_401", Unusual::default(), |stand| {
        let app = app(&stand.pair.server, DENIED);
        let mut client = stand.dial(DENIED);
        client.write_all(b"may I?").unwrap();
        check_refused(client, stand.real == Real::Server);
        let [out, into] = stand.logs(DENIED);
        assert_eq!(field(&out, "error"), Some("http status: 401 Unauthorized"), "{out}");
        let sentence = "connection closed due to policy rejection: explicitly denied by: default/no-clients";
        assert_eq!(field(&into, "error"), Some(sentence), "{into}");
        check_unheard(&app);
    });
}

#[test]
fn an_app_that_is_not_there_is_503() {
    both_ways("an_app_that_is_not_there_is_503", Unusual::default(), |stand| {
        let mut client = stand.dial(CLOSED);
        client.write_all(b"anybody?").unwrap();
        check_refused(client, stand.real == Real::Server);
        let [out, into] = stand.logs(CLOSED);
        assert_eq!(field(&out, "error"), Some("http status: 503 Service Unavailable"), "{out}");
        assert_eq!(
            field(&into, "error"),
            Some("connection failed: Connection refused (os error 111)"),
            "{into}"
        );
    });
}

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
        let [out, into] = stand.logs(WORKLOAD).map(|line| field(&line, "error").map(str::to_owned));
        let told = match stand.real {
            Real::Server => [
                Some("send: io error: Connection reset by peer (os error 104)".to_owned()),
                Some(format!("send: io error: stream error received: {ABNORMAL}")),
            ],
            Real::Client => [None, None],
        };
        assert_eq!([out, into], told);
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
        let [out, into] = stand.logs(WORKLOAD).map(|line| field(&line, "error").map(str::to_owned));
        let told = match stand.real {
            Real::Server => [None, None],
            Real::Client => [
                Some(format!("while closing connection: send: io error: protocol error: {ABNORMAL}")),
                Some("receive: io error: Connection reset by peer (os error 104)".to_owned()),
            ],
        };
        assert_eq!([out, into], told);
    });
}

/// A connection to an app that echoes.
fn try_one(stand: &Stand) -> io::Result<()> {
    let mut new = dial(&stand.pair.client, (Stand::server(), WORKLOAD))?;
    exchange(&mut new, b"a new one")
}

/// More than what is open takes to end by itself.
const LONG: Unusual<'_> =
    Unusual { strict: false, ours: &["--grace", "60s"], real: &[("CONNECTION_TERMINATION_DEADLINE", "60s")] };

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
        // The real server drops its connections, ours says CANCEL on each stream, which the real client takes for an end.
        let expect = match stand.real {
            Real::Server => (
                End::Reset,
                Some("receive: io error: expected the end of the stream, found that of the tunnel it is in"),
            ),
            Real::Client => (End::Clean, None),
        };
        assert_eq!((end, field(&line, "error")), expect, "{line}");
    });
}

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

/// What is sent in bulk repeats after this many bytes, a prime, so that a piece that is lost, doubled or moved shows.
const PERIOD: usize = 65_521;

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
        let since = std::time::Instant::now();
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
        tell(&format!("bulk, real {:?}: {} MB each way in {:?}", stand.real, amount >> 20, since.elapsed()));
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
fn plaintext_into_a_permissive_workload_passes() {
    both_ways("plaintext_into_a_permissive_workload_passes", Unusual::default(), |stand| {
        let app = app(&stand.pair.server, WORKLOAD);
        for (count, (to, from)) in
            (1..).zip(Pair::server_addresses().into_iter().zip(Pair::outsider_addresses()))
        {
            let mut outsider = dial(&stand.pair.outsider, (to, WORKLOAD)).unwrap();
            outsider.write_all(b"plain").unwrap();
            let (mut server, seen) = accept(&app);
            assert_eq!(seen, from, "whom the app sees");
            expect(&mut server, b"plain").unwrap();
            server.write_all(b"and back").unwrap();
            drop(server);
            assert_eq!(rest(&mut outsider), (b"and back".to_vec(), End::Clean));
            drop(outsider);
            let line = stand.server.hear_times(count, &["access", "direction=\"inbound\""]).pop().unwrap();
            let door = SocketAddr::new(to, WORKLOAD).to_string();
            check_fields(
                &line,
                &[
                    ("src.identity", None),
                    ("dst.addr", Some(&door)),
                    ("dst.hbone_addr", None),
                    ("dst.workload", Some("server")),
                    ("dst.identity", None),
                    ("bytes_sent", Some("8")),
                    ("bytes_recv", Some("5")),
                    ("error", None),
                ],
            );
        }
    });
}

#[test]
fn plaintext_into_a_strict_workload_is_refused() {
    let strict = Unusual { strict: true, ..Unusual::default() };
    both_ways("plaintext_into_a_strict_workload_is_refused", strict, |stand| {
        let app = app(&stand.pair.server, WORKLOAD);
        for (count, to) in (1..).zip(Pair::server_addresses()) {
            let mut outsider = dial(&stand.pair.outsider, (to, WORKLOAD)).unwrap();
            let _ = outsider.write_all(b"plain");
            check_refused(outsider, stand.real == Real::Client);
            let line = stand.server.hear_times(count, &["access", "direction=\"inbound\""]).pop().unwrap();
            let sentence = "connection closed due to policy rejection: explicitly denied by: \
                            istio-system/istio_converted_static_strict";
            check_fields(&line, &[("src.identity", None), ("error", Some(sentence))]);
        }
        check_unheard(&app);
        serve(app, echo);
        exchange(&mut stand.dial(WORKLOAD), b"through the mesh").unwrap();
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
