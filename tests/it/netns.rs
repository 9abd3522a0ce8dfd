//! Pods' networks for real: who reaches whom, and what is taken where.
//!
//! A test that may not make networks says so by name, and fails where CI is set.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use glasstunnel::netns::{
    DNS_PORT, HBONE_PORT, INBOUND_PORT, NetnsError, OUTBOUND_PORT, PODS_MAX, PROXY_MARK, Plan, Pod, Pods,
    enter_pod,
};
use socket2::{Domain, SockRef, Socket, Type};

/// Long enough for a busy machine; nothing waits for it unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A bridge, unless this machine or user has none to give.
#[expect(clippy::explicit_write, reason = "the harness swallows what eprintln! writes")]
pub(crate) fn bridge(test: &str) -> Option<Pods> {
    match Pods::new() {
        Ok(pods) => Some(pods),
        Err(error @ (NetnsError::Namespace { .. } | NetnsError::ToolMissing { .. })) => {
            assert!(!is_set("CI"), "{test} cannot run: {error}");
            writeln!(io::stderr(), "{test} did not run: {error}").unwrap();
            None
        }
        Err(error) => panic!("{test}: {error}"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "only the environment tells CI and copies of this program apart"
)]
pub(crate) fn is_set(variable: &str) -> bool {
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
pub(crate) fn pair(pods: &Pods) -> (Pod, Pod) {
    let made = pods.add_all(&[plan(1, true), plan(2, false)]).unwrap();
    (made[0].clone(), made[1].clone())
}

/// A listener in a pod whose `accept` gives up at last.
fn listen(pod: &Pod, address: impl Into<IpAddr>, port: u16) -> TcpListener {
    let address = SocketAddr::new(address.into(), port);
    // What another test has just forked holds every socket of this process until it becomes another program, also one
    // that was closed meanwhile.
    let since = Instant::now();
    let listener = loop {
        match pod.namespace().run(|| TcpListener::bind(address)) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && since.elapsed() < PATIENCE => {}
            bound => break bound.unwrap(),
        }
    };
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
    let _proxy = listen(&pod, Ipv4Addr::LOCALHOST, DNS_PORT);
    let refused = dial_marked(&pod, None, (Ipv4Addr::new(127, 0, 0, 53), 53).into()).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused, "the proxy's own questions are not taken");
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
