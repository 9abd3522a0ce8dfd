//! The server as its clients see it: messages in, messages out, then the same over sockets.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use super::*;
use crate::dns::tcp::serve_tcp;
use crate::dns::udp::serve_udp;
use crate::drain::{Drain, drain};

/// `web` has an address of each family, `many` a hundred, `v6` none of IPv4; 10.0.0.1 is called `web`.
struct Few;

impl Names for Few {
    fn addresses(&self, host: &str, namespace: &str, family: Family) -> Found {
        assert_eq!(namespace, "default");
        let v4 = |last: u8| IpAddr::from([10, 0, 0, last]);
        let v6: IpAddr = "fd00::1".parse().unwrap();
        match (host, family) {
            ("web", Family::V4) => Found::Known(vec![v4(1)]),
            ("web" | "v6", Family::V6) => Found::Known(vec![v6]),
            ("many", Family::V4) => Found::Known((0..100).map(v4).collect()),
            ("many", Family::V6) | ("v6", Family::V4) => Found::Known(Vec::new()),
            _ if host.ends_with("cluster.local") => Found::Nobody,
            _ => Found::Unknown,
        }
    }

    fn host_of(&self, ip: IpAddr) -> Option<String> {
        (ip == IpAddr::from([10, 0, 0, 1])).then(|| "web.default".to_owned())
    }
}

fn responder(upstreams: &[SocketAddr]) -> Arc<Responder> {
    Arc::new(Responder::new(Few, "default", upstreams.to_vec()))
}

/// A query with RD and id 0x0102, and with EDNS if `size` is given.
fn query(name: &str, kind: u16, size: Option<u16>) -> Vec<u8> {
    let mut message = vec![1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(size.is_some())];
    message.extend(DomainName::of(name).unwrap().wire());
    message.extend([kind.to_be_bytes(), [0, 1]].concat());
    if let Some(size) = size {
        message.extend([0, 0, 41]);
        message.extend(size.to_be_bytes());
        message.extend([0; 6]);
    }
    message
}

/// `CODE flags answers/additional length`, with the flags that are set.
fn shown(message: &[u8]) -> String {
    assert_eq!((message[0], message[1], message[2] & 0x80), (1, 2, 0x80), "the query's id, and QR");
    let flags = u16::from_be_bytes([message[2], message[3]]);
    let named = [("aa", 0x400), ("tc", 0x200), ("rd", 0x100), ("ra", 0x80)];
    let set: Vec<_> = named.iter().filter(|(_, bit)| flags & bit != 0).map(|(name, _)| *name).collect();
    let answers = u16::from_be_bytes([message[6], message[7]]);
    format!("{} {} {answers}/{}", flags & 0xf, set.join(","), message[11])
}

fn answer(message: &[u8], over: Transport) -> Vec<u8> {
    match responder(&[]).decide(message, over) {
        Decision::Answer(answer) => answer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_kind_of_question() {
    let check = |name: &str, kind: u16, size: Option<u16>, over: Transport, expect: &str| {
        assert_eq!(shown(&answer(&query(name, kind, size), over)), expect, "{name} {kind} {size:?} {over:?}");
    };
    use Transport::{Tcp, Udp};
    check("web", A, None, Udp, "0 aa,rd 1/0");
    check("WEB", AAAA, Some(4096), Udp, "0 aa,rd 1/1");
    check("web", ANY, None, Udp, "0 aa,rd 2/0");
    check("v6", A, None, Udp, "0 aa,rd 0/0");
    // MX, HTTPS, and a type that nobody knows.
    [15, 65, 4711].into_iter().for_each(|kind| check("web", kind, None, Udp, "0 aa,rd 0/0"));
    check("nobody.cluster.local", A, None, Udp, "3 aa,rd 0/0");
    check("example.org", A, None, Udp, "3 rd 0/0");
    check("1.0.0.10.in-addr.arpa", PTR, None, Udp, "0 aa,rd 1/0");
    check("1.0.0.10.in-addr.arpa", A, None, Udp, "0 aa,rd 0/0");
    check("2.0.0.10.in-addr.arpa", PTR, None, Udp, "3 rd 0/0");
    // 12 + 10 for header and question, 16 for each answer, 11 for EDNS.
    check("many", A, None, Udp, "0 aa,tc,rd 30/0");
    check("many", A, Some(100), Udp, "0 aa,tc,rd 29/1");
    check("many", A, Some(65535), Udp, "0 aa,tc,rd 74/1");
    check("many", A, None, Tcp, "0 aa,rd 100/0");
}

#[test]
fn an_answer_byte_by_byte() {
    let expect = [
        &[1, 2, 0x85, 0, 0, 1, 0, 1, 0, 0, 0, 1][..],
        b"\x03WeB\0\0\x01\0\x01",
        &[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 0, 0, 1],
        &[0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0],
    ];
    assert_eq!(answer(&query("WeB", A, Some(512)), Transport::Udp), expect.concat());
}

#[test]
fn what_cannot_be_answered() {
    let good = query("web", A, None);
    let mut chaos = good.clone();
    *chaos.last_mut().unwrap() = 3;
    assert_eq!(shown(&answer(&chaos, Transport::Udp)), "5 rd 0/0");
    let mut newer = query("web", A, Some(512));
    let at = newer.len() - 5;
    newer[at] = 1;
    let refused = answer(&newer, Transport::Udp);
    assert_eq!((shown(&refused).as_str(), refused[refused.len() - 6]), ("0 rd 0/1", 1), "BADVERS is 16");
    assert_eq!(answer(&good[..20], Transport::Udp), [1, 2, 0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    let response = answer(&good, Transport::Udp);
    assert_eq!(responder(&[]).decide(&response, Transport::Udp), Decision::Ignore, "no loops");
}

proptest! {
    #[test]
    fn nothing_grows_beyond_its_limit(bytes in vec(any::<u8>(), 0..600), name in "[a-z]{1,9}", size in any::<u16>()) {
        for message in [&bytes, &query(&name, A, Some(size)), &query("many", A, Some(size))] {
            if let Decision::Answer(answer) = responder(&[]).decide(message, Transport::Udp) {
                assert!(answer.len() <= usize::from(size.clamp(512, 1232)).max(512));
                assert_eq!(responder(&[]).decide(&answer, Transport::Udp), Decision::Ignore);
            }
        }
    }
}

/// Both sockets of a server.
async fn started(upstreams: &[SocketAddr]) -> (Drain, SocketAddr, SocketAddr) {
    let (owner, tasks) = drain();
    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addrs = (udp.local_addr().unwrap(), tcp.local_addr().unwrap());
    tasks.spawn("udp", serve_udp(udp, responder(upstreams), tasks.clone()));
    tasks.spawn("tcp", serve_tcp(tcp, responder(upstreams), tasks.clone()));
    (owner, addrs.0, addrs.1)
}

async fn over_udp(server: SocketAddr, message: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(message, server).await.unwrap();
    let mut answer = vec![0; 2000];
    let (length, from) = socket.recv_from(&mut answer).await.unwrap();
    assert_eq!(from, server);
    answer.truncate(length);
    answer
}

async fn over_tcp(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = vec![0; usize::from(stream.read_u16().await.unwrap())];
    stream.read_exact(&mut answer).await.unwrap();
    answer
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&u16::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

#[tokio::test]
async fn sockets_answer_and_a_drain_ends_them() {
    let (owner, udp, tcp) = started(&[]).await;
    assert_eq!(shown(&over_udp(udp, &query("web", A, None)).await), "0 aa,rd 1/0");
    let mut stream = TcpStream::connect(tcp).await.unwrap();
    // Two at once, the second in two pieces.
    let both = [framed(&query("many", A, None)), framed(&query("example.org", A, None))].concat();
    stream.write_all(&both[..30]).await.unwrap();
    assert_eq!(shown(&over_tcp(&mut stream).await), "0 aa,rd 100/0");
    stream.write_all(&both[30..]).await.unwrap();
    assert_eq!(shown(&over_tcp(&mut stream).await), "3 rd 0/0");
    // A message that is too short to be one ends the connection.
    let mut other = TcpStream::connect(tcp).await.unwrap();
    other.write_all(&[0, 1, 0]).await.unwrap();
    assert_eq!(other.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(owner.finish(std::time::Duration::from_secs(10)).await.cut, 0);
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn others_are_asked_for_what_is_theirs() {
    // The first server speaks of something else, and then is gone; the second knows everybody.
    let (_second_owner, second_udp, second_tcp) = {
        let (owner, tasks) = drain();
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpListener::bind(udp.local_addr().unwrap()).await.unwrap();
        let addrs = (udp.local_addr().unwrap(), tcp.local_addr().unwrap());
        let all = || Arc::new(Responder::new(Everybody, "x", Vec::new()));
        tasks.spawn("udp", serve_udp(udp, all(), tasks.clone()));
        tasks.spawn("tcp", serve_tcp(tcp, all(), tasks.clone()));
        (owner, addrs.0, addrs.1)
    };
    assert_eq!(second_udp, second_tcp);
    let gone = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (_owner, udp, tcp) = started(&[gone, second_udp]).await;
    let asked = over_udp(udp, &query("example.org", A, None)).await;
    assert_eq!(shown(&asked), "0 aa,tc,rd 30/0", "the other's answer, as it is");
    let mut stream = TcpStream::connect(tcp).await.unwrap();
    stream.write_all(&framed(&query("example.org", A, None))).await.unwrap();
    assert_eq!(shown(&over_tcp(&mut stream).await), "0 aa,rd 200/0");
    assert_eq!(shown(&over_udp(udp, &query("nobody.cluster.local", A, None)).await), "3 aa,rd,ra 0/0");
    let (_owner, udp, _) = started(&[gone]).await;
    assert_eq!(shown(&over_udp(udp, &query("example.org", A, None)).await), "2 rd,ra 0/0");
}

/// Knows 200 addresses for every name.
struct Everybody;

impl Names for Everybody {
    fn addresses(&self, _: &str, _: &str, _: Family) -> Found {
        Found::Known((0..200).map(|last| IpAddr::from([192, 0, 2, last])).collect())
    }

    fn host_of(&self, _: IpAddr) -> Option<String> {
        None
    }
}
