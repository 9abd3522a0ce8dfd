//! HTTP/1.1 around the routes: on the context's socket and on TCP, bounded in every direction.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::addr::LocalAddr;
use crate::admin::abstract_socket::own_uid;
use crate::admin::answer::Answer;
use crate::admin::error::RequestError;
use crate::admin::guard::{self, Headers};
use crate::admin::request::{Call, Channel};
use crate::admin::routes;
use crate::admin::state::State;
use crate::drain::Tasks;
use crate::reason::{Reason, Side};

/// How many calls are answered at once; the next one waits in the kernel's queue.
const CONNECTIONS: usize = 64;
/// How long a caller may take to send its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a call may take altogether: a scrape of a slow reader ends here.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// How large a request's head may be, in bytes; hyper's floor is 8 KiB.
const HEAD_LIMIT: usize = 16 * 1024;
/// How large a request's body may be, in bytes: as large as a file that is loaded.
const BODY_LIMIT: usize = 64 << 20;
/// How large it may be over TCP, where nothing that is read has one.
const TCP_BODY_LIMIT: usize = 64 << 10;
/// How long to wait after a failed accept, which is nearly always a lack of descriptors.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Why the API does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be bound.
    #[error("cannot listen on {address} for the admin API")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl Reason for ServeError {
    fn code(&self) -> &'static str {
        "admin.bind"
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        Some("choose another with --admin ADDR, or none with --admin none".to_owned())
    }
}

/// Binds the TCP side of the API.
///
/// # Errors
///
/// [`ServeError::Bind`] with the address that was wanted.
pub async fn bind_tcp(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Bind { address, source })
}

/// Serves the API on TCP until `tasks` drain.
pub async fn serve_tcp(listener: TcpListener, state: State, tasks: Tasks) {
    let places = places();
    let mut draining = tasks.draining();
    loop {
        let accepted = tokio::select! {
            () = &mut draining => return,
            accepted = accept(&places, listener.accept()) => accepted,
        };
        let Ok((place, (stream, _))) = accepted else {
            tokio::time::sleep(BACK_OFF).await;
            continue;
        };
        // Without its own address there is nothing to hold the Host header against. A listener for both families knows an IPv4
        // caller's as IPv4-mapped, which is not what the caller wrote.
        if let Ok(LocalAddr(local)) = stream.local_addr().map(LocalAddr::from) {
            tasks.spawn("admin", converse(stream, Channel::Tcp(local), state.clone(), place));
        }
    }
}

/// Serves the API to this user's own processes on a context's socket until `tasks` drain.
pub async fn serve_context(listener: UnixListener, state: State, tasks: Tasks) {
    let places = places();
    let mut draining = tasks.draining();
    loop {
        let accepted = tokio::select! {
            () = &mut draining => return,
            accepted = accept(&places, listener.accept()) => accepted,
        };
        let Ok((place, (stream, _))) = accepted else {
            tokio::time::sleep(BACK_OFF).await;
            continue;
        };
        // An abstract socket has no file mode: the kernel's word on who calls stands in for it.
        if stream.peer_cred().is_ok_and(|peer| own_uid().is_ok_and(|own| own == peer.uid())) {
            tasks.spawn("admin", converse(stream, Channel::Context, state.clone(), place));
        }
    }
}

fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(CONNECTIONS))
}

/// Accepts once there is a place for one more.
async fn accept<T>(
    places: &Arc<Semaphore>,
    accept: impl Future<Output = io::Result<T>>,
) -> io::Result<(OwnedSemaphorePermit, T)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    Ok((place, accept.await?))
}

/// Answers one call; a connection carries no second one, so that no idle caller keeps a place.
async fn converse<S>(stream: S, channel: Channel, state: State, place: OwnedSemaphorePermit)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request: Request<Incoming>| {
        let (state, channel) = (&state, &channel);
        async move { Ok::<_, Infallible>(respond(state, channel, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_LIMIT)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // Either way the call is over: a caller that broke off or stalled gets no further answer.
    let _ended = tokio::time::timeout(CALL_TIMEOUT, connection).await;
    drop(place);
}

async fn respond<B>(state: &State, channel: &Channel, request: Request<B>) -> Response<Full<Bytes>>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let answer = match admit(channel, &request) {
        Ok(call) => match body(request.into_body(), most(channel)).await {
            Ok(body) => routes::answer(state, &Call { body, ..call }),
            Err(error) => error.into(),
        },
        Err(error) => error.into(),
    };
    into_http(answer)
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn most(channel: &Channel) -> usize {
    match channel {
        Channel::Context => BODY_LIMIT,
        Channel::Tcp(_) => TCP_BODY_LIMIT,
    }
}

/// What was sent along, as text and not without end.
async fn body<B>(body: B, most: usize) -> Result<String, RequestError>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let wrong = |found: String| RequestError::BadBody { most, found };
    let bytes = Limited::new(body, most).collect().await;
    let bytes = bytes.map_err(|error| wrong(error.to_string()))?.to_bytes();
    String::from_utf8(bytes.into()).map_err(|error| wrong(error.to_string()))
}

fn admit<B>(channel: &Channel, request: &Request<B>) -> Result<Call, RequestError> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let method = request.method().as_str();
    if let Channel::Tcp(local) = channel {
        let authority = request.uri().authority().map(|authority| authority.as_str());
        // Two Host headers are none: RFC 9112 §3.2 wants exactly one, and readers differ in which they believe.
        let one_host = request.headers().get_all(HOST).iter().count() == 1;
        let host = authority.or_else(|| header(HOST).filter(|_| one_host));
        // An origin that is no text is somebody's all the same.
        let origin = request.headers().get(ORIGIN).map(|value| value.to_str().unwrap_or("(not text)"));
        guard::check(*local, Headers { host, origin }, method)?;
    }
    Ok(Call {
        method: method.to_owned(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        wants_openmetrics: header(ACCEPT)
            .is_some_and(|accept| accept.contains("application/openmetrics-text")),
        is_from_context: *channel == Channel::Context,
        body: String::new(),
    })
}

fn into_http(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(allow) = answer.allow {
        headers.insert(ALLOW, HeaderValue::from_static(allow));
    }
    response
}

#[cfg(test)]
mod tests;
