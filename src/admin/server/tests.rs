//! The listeners over real sockets: who is let in, and when somebody is let go.

use std::sync::atomic::Ordering;

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::TcpStream;

use super::*;
use crate::admin::client::Client;
use crate::admin::context::Context;
use crate::admin::error::ClientError;
use crate::admin::tests::state;
use crate::drain::drain;

async fn raw(address: SocketAddr, request: String) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_context_answers_its_own_user() {
    let (drain, tasks) = drain();
    let (state, stopped) = state();
    let context = Context::new(&format!("api-{}", std::process::id())).unwrap();
    tasks.spawn("context", serve_context(context.listen().unwrap(), state, tasks.clone()));
    let client = Client::of(context);
    assert_eq!(client.info().await.unwrap().trust_domain, "cluster.local");
    assert_eq!(client.workloads().await.unwrap().len(), 1);
    assert_eq!(client.workload("reviews.default").await.unwrap().mode.mode, "STRICT");
    assert!(client.services().await.unwrap().is_empty());
    assert_eq!(client.policies().await.unwrap()[0].action, "STRICT");
    assert!(client.connections(true).await.unwrap().is_empty());
    let refused = client.record(17).await.unwrap_err();
    assert!(matches!(&refused, ClientError::Refused { status: 404, .. }), "{refused}");
    assert_eq!(refused.to_string(), "there is no finished connection #17");
    client.quit().await.unwrap();
    assert!(stopped.load(Ordering::Relaxed));
    drain.finish(Duration::from_secs(5)).await;
    assert!(matches!(client.info().await, Err(ClientError::Context(_))));
}

#[tokio::test]
async fn tcp_answers_only_to_its_own_name() {
    let (drain, tasks) = drain();
    let (state, stopped) = state();
    let listener = bind_tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn("tcp", serve_tcp(listener, state, tasks.clone()));
    assert_eq!(Client::at(address).info().await.unwrap().context, "default");
    let get = |head: &str| format!("GET /api/v1/info HTTP/1.1\r\n{head}\r\n");
    let check = async |request: String, status: &str| {
        let answer = raw(address, request.clone()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answer}");
    };
    check(get(&format!("host: localhost:{}\r\n", address.port())), "200").await;
    check(get("host: evil.example\r\n"), "403").await;
    check(get(""), "403").await;
    check(get(&format!("host: {address}\r\nhost: evil.example\r\n")), "403").await;
    check(format!("GET http://evil.example/ HTTP/1.1\r\nhost: {address}\r\n\r\n"), "403").await;
    let quit = |head: &str| format!("POST /quitquitquit HTTP/1.1\r\nhost: {address}\r\n{head}\r\n");
    check(quit("origin: http://evil.example\r\n"), "403").await;
    check(get(&format!("host: {address}\r\nx: {}\r\n", "x".repeat(HEAD_LIMIT))), "431").await;
    assert!(!stopped.load(Ordering::Relaxed));
    check(quit(""), "200").await;
    assert!(stopped.load(Ordering::Relaxed));
    drain.finish(Duration::from_secs(5)).await;
}

/// A listener for both families knows its IPv4 callers as IPv4-mapped ones.
#[tokio::test]
async fn a_name_of_either_family_is_its_own() {
    let (drain, tasks) = drain();
    let listener = bind_tcp(SocketAddr::new(crate::net::any_address(), 0)).await.unwrap();
    let address = SocketAddr::new([127, 0, 0, 1].into(), listener.local_addr().unwrap().port());
    tasks.spawn("tcp", serve_tcp(listener, state().0, tasks.clone()));
    assert_eq!(Client::at(address).info().await.unwrap().context, "default");
    drain.finish(Duration::from_secs(5)).await;
}

/// Nothing that a call over TCP may do takes a body of that size.
#[tokio::test]
async fn a_body_is_bounded_by_who_may_send_it() {
    for (channel, length, refused) in [
        (Channel::Context, TCP_BODY_LIMIT + 1, false),
        (Channel::Tcp(([127, 0, 0, 1], 80).into()), TCP_BODY_LIMIT, false),
        (Channel::Tcp(([127, 0, 0, 1], 80).into()), TCP_BODY_LIMIT + 1, true),
    ] {
        let sent = Full::new(Bytes::from(vec![b'x'; length]));
        assert_eq!(body(sent, most(&channel)).await.is_err(), refused, "{length}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_sends_no_head_is_let_go() {
    let (mut caller, ours) = duplex(1024);
    let places = places();
    let place = Arc::clone(&places).acquire_owned().await.unwrap();
    caller.write_all(b"GET /api/v1/info HT").await.unwrap();
    let before = tokio::time::Instant::now();
    converse(ours, Channel::Context, state().0, place).await;
    assert!(before.elapsed() <= HEAD_TIMEOUT + Duration::from_secs(1));
    assert_eq!(places.available_permits(), CONNECTIONS);
}

#[tokio::test]
async fn the_address_that_is_taken_is_named() {
    let taken = bind_tcp("127.0.0.1:0".parse().unwrap()).await.unwrap().local_addr().unwrap();
    let listener = bind_tcp(taken).await.unwrap();
    let error = bind_tcp(listener.local_addr().unwrap()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {taken} for the admin API"));
}
