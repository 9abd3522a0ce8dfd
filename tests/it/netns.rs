//! Pods' networks for real: namespaces, links, rules, and what is left of them.
//!
//! A test that may not make networks says so by name, and fails where CI is set.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use glasstunnel::net::Namespace;
use glasstunnel::netns::{
    DNS_PORT, HBONE_PORT, INBOUND_PORT, NetnsError, OUTBOUND_PORT, PODS_MAX, PROXY_MARK, Plan, Pod, Pods,
    enter_pod,
};
use socket2::{Domain, SockRef, Socket, Type};

/// Long enough for a busy machine; nothing waits for it unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);
/// Says to a copy of this program that it is the one to be killed.
const HOLDS: &str = "GLASSTUNNEL_IT_HOLDS_PODS";

/// A bridge, unless this machine or user has none to give.
fn bridge(test: &str) -> Option<Pods> {
    match Pods::new() {
        Ok(pods) => Some(pods),
        Err(error @ (NetnsError::Namespace { .. } | NetnsError::ToolMissing { .. })) => {
            assert!(!is_set("CI"), "{test} cannot run: {error}");
            eprintln!("{test} did not run: {error}");
            None
        }
        Err(error) => panic!("{test}: {error}"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "only the environment tells CI and copies of this program apart"
)]
fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some()
}

fn v4(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 244, 0, last).into()
}

fn v6(last: u16) -> IpAddr {
    Ipv6Addr::new(0xfd00, 0x10, 0x244, 0, 0, 0, 0, last).into()
}

fn plan(last: u8, captured: bool) -> Plan {
    Plan {
        name: format!("default/pod-{last}"),
        addresses: vec![v4(last), v6(last.into())],
        outbound: captured,
        inbound: captured,
        dns: captured,
    }
}

/// A captured pod `.1` and one that is not, `.2`.
fn pair(pods: &Pods) -> (Pod, Pod) {
    let made = pods.add_all(&[plan(1, true), plan(2, false)]).unwrap();
    (made[0].clone(), made[1].clone())
}

/// A listener in a pod whose `accept` gives up at last.
fn listen(pod: &Pod, address: impl Into<IpAddr>, port: u16) -> TcpListener {
    let address = SocketAddr::new(address.into(), port);
    let listener = pod.namespace().run(|| TcpListener::bind(address)).unwrap();
    SockRef::from(&listener).set_read_timeout(Some(PATIENCE)).unwrap();
    listener
}

fn dial(pod: &Pod, address: IpAddr, port: u16) -> io::Result<TcpStream> {
    pod.namespace().run(|| TcpStream::connect_timeout(&(address, port).into(), PATIENCE))
}

/// Dials as the proxy does: with its mark, and from an address that may be another's.
fn dial_marked(pod: &Pod, from: Option<IpAddr>, to: SocketAddr) -> io::Result<TcpStream> {
    pod.namespace().run(|| {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        socket.set_mark(PROXY_MARK)?;
        if let Some(from) = from {
            match from {
                IpAddr::V4(_) => socket.set_ip_transparent_v4(true)?,
                IpAddr::V6(_) => socket.set_ip_transparent_v6(true)?,
            }
            socket.bind(&SocketAddr::new(from, 0).into())?;
        }
        socket.connect_timeout(&to.into(), PATIENCE)?;
        Ok(socket.into())
    })
}

/// Where a connection was going before it was taken here.
fn original(stream: &TcpStream) -> SocketAddr {
    let socket = SockRef::from(stream);
    let found = match stream.local_addr().unwrap() {
        SocketAddr::V4(_) => socket.original_dst_v4(),
        SocketAddr::V6(_) => socket.original_dst_v6(),
    };
    found.unwrap().as_socket().unwrap()
}

/// One message there and one back.
fn assert_connected(client: &mut TcpStream, server: &mut TcpStream) {
    for stream in [&*client, &*server] {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
    }
    let mut read = [0; 4];
    client.write_all(b"ping").unwrap();
    server.read_exact(&mut read).unwrap();
    server.write_all(b"pong").unwrap();
    client.read_exact(&mut read).unwrap();
    assert_eq!(&read, b"pong");
}

fn wildcard(like: IpAddr) -> IpAddr {
    if like.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() }
}

#[test]
fn pods_reach_each_other() {
    let Some(pods) = bridge("pods_reach_each_other") else { return };
    let made = pods.add_all(&[plan(1, false), plan(2, false)]).unwrap();
    for (from, to) in [(v4(1), v4(2)), (v6(1), v6(2))] {
        let listener = listen(&made[1], to, 8080);
        let mut client = dial(&made[0], to, 8080).unwrap();
        let (mut server, peer) = listener.accept().unwrap();
        assert_eq!(peer.ip(), from);
        assert_connected(&mut client, &mut server);
    }
}

#[test]
fn what_leaves_a_pod_is_taken_to_the_proxy() {
    let Some(pods) = bridge("what_leaves_a_pod_is_taken_to_the_proxy") else { return };
    let pod = pods.add(&plan(1, true)).unwrap();
    // A service's address, which nobody has.
    for to in [v4(200), v6(200)] {
        let proxy = listen(&pod, wildcard(to), OUTBOUND_PORT);
        let mut client = dial(&pod, to, 80).unwrap();
        let (mut server, _) = proxy.accept().unwrap();
        assert_eq!(original(&server), SocketAddr::new(to, 80));
        assert_connected(&mut client, &mut server);
    }
}

#[test]
fn what_comes_to_a_pod_is_taken_to_the_proxy_unless_it_is_a_tunnel() {
    let Some(pods) = bridge("what_comes_to_a_pod_is_taken_to_the_proxy_unless_it_is_a_tunnel") else {
        return;
    };
    let (captured, other) = pair(&pods);
    for (from, to) in [(v4(2), v4(1)), (v6(2), v6(1))] {
        for (dialled, taken) in [(8080, INBOUND_PORT), (HBONE_PORT, HBONE_PORT)] {
            let proxy = listen(&captured, wildcard(to), taken);
            let mut client = dial(&other, to, dialled).unwrap();
            let (mut server, peer) = proxy.accept().unwrap();
            assert_eq!(peer.ip(), from);
            if dialled != taken {
                assert_eq!(original(&server), SocketAddr::new(to, dialled));
            }
            assert_connected(&mut client, &mut server);
        }
    }
}

#[test]
fn what_the_proxy_sends_goes_where_it_is_sent() {
    let Some(pods) = bridge("what_the_proxy_sends_goes_where_it_is_sent") else { return };
    let (captured, other) = pair(&pods);
    for (from, to) in [(v4(1), v4(2)), (v6(1), v6(2))] {
        let server = listen(&other, to, 8080);
        let mut client = dial_marked(&captured, None, (to, 8080).into()).unwrap();
        let (mut server, peer) = server.accept().unwrap();
        assert_eq!(peer.ip(), from);
        assert_connected(&mut client, &mut server);
    }
}

#[test]
fn a_pod_speaks_to_itself_without_the_proxy() {
    let Some(pods) = bridge("a_pod_speaks_to_itself_without_the_proxy") else { return };
    let pod = pods.add(&plan(1, true)).unwrap();
    let loopback: [IpAddr; 3] =
        [Ipv4Addr::LOCALHOST.into(), Ipv4Addr::new(127, 0, 0, 9).into(), Ipv6Addr::LOCALHOST.into()];
    for address in [v4(1), v6(1)].into_iter().chain(loopback) {
        let app = listen(&pod, address, 8080);
        let mut client = dial(&pod, address, 8080).unwrap();
        let (mut server, _) = app.accept().unwrap();
        assert_connected(&mut client, &mut server);
    }
}

#[test]
fn the_app_sees_the_address_that_the_proxy_speaks_from() {
    let Some(pods) = bridge("the_app_sees_the_address_that_the_proxy_speaks_from") else { return };
    let pod = pods.add(&plan(1, true)).unwrap();
    // A pod inherits these from the host, and distributions differ.
    pod.namespace()
        .run(|| {
            ["all", "lo", "eth0"]
                .into_iter()
                .try_for_each(|link| fs::write(format!("/proc/sys/net/ipv4/conf/{link}/rp_filter"), "1"))
        })
        .unwrap();
    for (from, to) in [(v4(77), v4(1)), (v6(77), v6(1))] {
        let app = listen(&pod, to, 8080);
        let mut client = dial_marked(&pod, Some(from), (to, 8080).into()).unwrap();
        let (mut server, peer) = app.accept().unwrap();
        assert_eq!(peer.ip(), from);
        assert_connected(&mut client, &mut server);
    }
}

#[test]
fn questions_for_names_are_taken_to_the_proxy() {
    let Some(pods) = bridge("questions_for_names_are_taken_to_the_proxy") else { return };
    let pod = pods.add(&plan(1, true)).unwrap();
    let asked: [IpAddr; 4] =
        [Ipv4Addr::new(127, 0, 0, 53).into(), Ipv6Addr::LOCALHOST.into(), v4(53), v6(53)];
    for server in asked {
        let proxy: IpAddr =
            if server.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        let answers = pod.namespace().run(|| UdpSocket::bind((proxy, DNS_PORT))).unwrap();
        // Connected: it takes answers from the server that it asked only.
        let client = pod
            .namespace()
            .run(|| {
                let client = UdpSocket::bind((wildcard(server), 0))?;
                client.connect((server, 53))?;
                Ok(client)
            })
            .unwrap();
        for socket in [&answers, &client] {
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
        }
        client.send(b"who?").unwrap();
        let mut read = [0; 4];
        let (_, asker) = answers.recv_from(&mut read).unwrap();
        answers.send_to(b"you!", asker).unwrap();
        client.recv(&mut read).unwrap();
        assert_eq!(&read, b"you!");

        let listener = listen(&pod, proxy, DNS_PORT);
        let mut client = dial(&pod, server, 53).unwrap();
        let (mut accepted, _) = listener.accept().unwrap();
        assert_eq!(original(&accepted), SocketAddr::new(server, 53));
        assert_connected(&mut client, &mut accepted);
    }
    let refused = dial_marked(&pod, None, (Ipv4Addr::new(127, 0, 0, 53), 53).into()).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused, "the proxy's own questions are not taken");
}

/// The links of a namespace, or of the host, as `ip` lists them.
fn links(namespace: Option<&Namespace>) -> Vec<String> {
    let list = || Command::new("ip").args(["-o", "link"]).output();
    let output = namespace.map_or_else(list, |namespace| namespace.run(list)).unwrap();
    let name = |line: &str| {
        line.split(": ").nth(1).unwrap_or_default().split('@').next().unwrap_or_default().to_owned()
    };
    String::from_utf8(output.stdout).unwrap().lines().map(name).collect()
}

/// The kernel takes namespaces down when it gets round to it.
fn eventually(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < PATIENCE, "still not: {what}");
        thread::yield_now();
    }
}

/// A namespace with one end of a cable whose other end is in another: it goes when the other namespace goes.
fn witness(of: &str) -> Namespace {
    let witness = Namespace::create().unwrap();
    let cable = ["link", "add", "seen", "type", "veth", "peer", "name", "seer", "netns", of];
    let status = witness.run(|| Command::new("ip").args(cable).status()).unwrap();
    assert!(status.success());
    assert!(links(Some(&witness)).contains(&"seen".to_owned()));
    witness
}

fn is_gone(witness: &Namespace) -> bool {
    !links(Some(witness)).contains(&"seen".to_owned())
}

#[test]
fn a_dropped_pod_leaves_nothing() {
    let Some(pods) = bridge("a_dropped_pod_leaves_nothing") else { return };
    let host = links(None);
    let (first, second) = pair(&pods);
    assert_eq!(links(Some(pods.node())), ["lo", "br0", "v1", "v2"]);
    assert_eq!(links(Some(first.namespace())), ["lo", "eth0"]);
    let clone = first.clone();
    drop(first);
    assert_eq!(links(Some(clone.namespace())), ["lo", "eth0"]);
    drop(clone);
    eventually("one end less in the node", || links(Some(pods.node())) == ["lo", "br0", "v2"]);

    let witnesses = [witness(&pods.node().path()), witness(&second.namespace().path())];
    drop(pods);
    assert_eq!(links(Some(second.namespace())).len(), 3, "a pod holds its bridge");
    drop(second);
    eventually("no namespace", || witnesses.iter().all(is_gone));
    assert_eq!(links(None), host);
}

#[test]
fn a_killed_mesh_leaves_nothing() {
    let Some(pods) = bridge("a_killed_mesh_leaves_nothing") else { return };
    if is_set(HOLDS) {
        let (first, second) = pair(&pods);
        let paths = [pods.node(), first.namespace(), second.namespace()].map(Namespace::path);
        writeln!(io::stdout(), "\nheld: {}", paths.join(" ")).unwrap();
        loop {
            thread::park();
        }
    }
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "netns::a_killed_mesh_leaves_nothing", "--nocapture"])
        .env(HOLDS, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let held = io::BufRead::lines(io::BufReader::new(holder.stdout.take().unwrap()))
        .find_map(|line| Some(line.unwrap().strip_prefix("held: ")?.to_owned()))
        .unwrap();
    let witnesses: Vec<_> = held.split(' ').map(witness).collect();
    assert_eq!(witnesses.len(), 3);
    holder.kill().unwrap();
    holder.wait().unwrap();
    eventually("no namespace", || witnesses.iter().all(is_gone));
}

#[test]
fn more_pods_than_ports_are_refused() {
    let Some(pods) = bridge("more_pods_than_ports_are_refused") else { return };
    let _one = pods.add(&plan(1, false)).unwrap();
    let error = pods.add_all(&vec![plan(2, false); PODS_MAX]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "too many pods: expected at most 1023, the ports of one bridge, found 1024"
    );
}

#[test]
fn a_bad_address_is_blamed() {
    let Some(pods) = bridge("a_bad_address_is_blamed") else { return };
    let twice = Plan { addresses: vec![v4(1), v4(1)], ..plan(1, true) };
    let error = pods.add(&twice).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "`ip -4 -batch -` failed in the network of default/pod-1: expected exit status: 0, found "
        ) && error.ends_with(" (at `address add 10.244.0.1/32 dev eth0`)"),
        "{error}"
    );
}

#[test]
fn a_program_that_enters_a_pod_asks_the_pods_server() {
    let Some(pods) = bridge("a_program_that_enters_a_pod_asks_the_pods_server") else { return };
    let pod = pods.add(&plan(1, true)).unwrap();
    let path = pod.namespace().path();
    let before = (fs::read("/etc/resolv.conf").unwrap(), fs::read("/proc/self/mounts").unwrap());
    // A thread can enter as a process does, as long as it stays in its user namespace.
    let enter_and_look = || {
        enter_pod(None, Path::new(&path), "nameserver 127.0.0.1\n").unwrap();
        let run = |program: &str, arguments: &[&str]| {
            String::from_utf8(Command::new(program).args(arguments).output().unwrap().stdout).unwrap()
        };
        let left = || fs::read_dir("/tmp").unwrap().any(|entry| entry.unwrap().file_name() == "resolv.conf");
        (run("cat", &["/etc/resolv.conf"]), run("ip", &["-o", "addr"]), left())
    };
    let (file, addresses, left) = thread::scope(|scope| scope.spawn(enter_and_look).join().unwrap());
    assert_eq!(file, "nameserver 127.0.0.1\n");
    assert!(addresses.contains("10.244.0.1/32"), "{addresses}");
    assert!(!left);
    assert_eq!((fs::read("/etc/resolv.conf").unwrap(), fs::read("/proc/self/mounts").unwrap()), before);
}
