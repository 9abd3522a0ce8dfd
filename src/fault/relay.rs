//! [`Relay`]: a real socket in a connection's path, where its faults happen.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Mutex as AsyncMutex, Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::drain::Tasks;
use crate::fault::phase::Phase;
use crate::fault::script::{Act, Ending, Script};
use crate::fault::what::What;
use crate::fault::wire_fault::Fault;
use crate::glass::Direction;
use crate::io::reset_on_close;

/// As much as is read at once: a record of TLS, and then some.
const CHUNK: usize = 32 * 1024;

/// How long a client may take to see that it is connected, and to say something; one that waits for the server stays silent.
const CONNECTING: Duration = Duration::from_secs(1);

/// What a relay does at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayLimits {
    /// How long one connection may last; it is reset then.
    pub deadline: Duration,
    /// How many there may be at once; one more is reset.
    pub connections: usize,
}

impl Default for RelayLimits {
    /// A minute: longer than any deadline of a proxy. As many connections as an experiment makes.
    fn default() -> Self {
        Self { deadline: Duration::from_secs(60), connections: 256 }
    }
}

/// Listens on loopback, connects on to the real address, and applies its faults to every connection. Dropped, it stops and
/// cuts what is open.
///
/// It dials from the very address and port of whom it relays, as long as that socket shares them (SO_REUSEADDR), so that the
/// other end knows who calls.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    /// Holds the port of a relay that refuses, or that nothing reaches.
    _closed: Vec<Socket>,
    _running: watch::Sender<()>,
}

struct Path {
    to: SocketAddr,
    faults: Vec<Fault>,
    limits: RelayLimits,
    places: Semaphore,
}

impl Relay {
    /// Stands in front of `to`. Must be called on a runtime, which then drives it.
    ///
    /// # Errors
    ///
    /// No port of loopback can be had.
    pub fn start(to: SocketAddr, faults: &[Fault], limits: RelayLimits, tasks: &Tasks) -> io::Result<Self> {
        let ip = if to.ip().is_loopback() { to.ip() } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
        socket.bind(&SocketAddr::new(ip, 0).into())?;
        let address = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let (running, stopped) = watch::channel(());
        let has = |what| faults.iter().any(|fault| fault.what() == what);
        if has(What::TcpRefuse) {
            return Ok(Self { address, _closed: vec![socket], _running: running });
        }
        if has(What::TcpDrop) {
            let full = full(&socket, address)?;
            return Ok(Self { address, _closed: vec![full, socket], _running: running });
        }
        socket.listen(i32::try_from(limits.connections).unwrap_or(i32::MAX))?;
        socket.set_nonblocking(true)?;
        let listener = TcpListener::from_std(socket.into())?;
        let places = Semaphore::new(limits.connections);
        let path = Arc::new(Path { to, faults: faults.to_vec(), limits, places });
        let spawner = tasks.clone();
        tasks.spawn("fault relay", listen(listener, path, stopped, spawner));
        Ok(Self { address, _closed: Vec::new(), _running: running })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Fills the queue of `socket` with the one connection that it has room for: Linux drops every SYN that comes then.
fn full(socket: &Socket, address: SocketAddr) -> io::Result<Socket> {
    socket.listen(0)?;
    let first = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    first.connect(&address.into())?;
    Ok(first)
}

async fn listen(listener: TcpListener, path: Arc<Path>, stopped: watch::Receiver<()>, tasks: Tasks) {
    let mut stop = stopped.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        // Out of descriptors, or gone before it was accepted: nobody is there to be told.
        let Ok((client, _)) = accepted else {
            tokio::task::yield_now().await;
            continue;
        };
        let (path, mut stop) = (Arc::clone(&path), stopped.clone());
        tasks.spawn("faulty connection", async move {
            tokio::select! { () = path.serve(client) => {}, _ = stop.changed() => {} }
        });
    }
}

impl Path {
    async fn serve(&self, mut client: TcpStream) {
        let Ok(_place) = self.places.try_acquire() else { return reset_on_close(&client) };
        if timeout(self.limits.deadline, Box::pin(self.relay(&mut client))).await.is_err() {
            reset_on_close(&client);
        }
    }

    async fn relay(&self, client: &mut TcpStream) {
        let mut script = Script::new(&self.faults);
        if let Some(ending) = between(client, script.reach(Phase::Accept)).await {
            return end(ending, client, None).await;
        }
        let Ok(mut server) = onward(client, self.to).await else { return reset_on_close(client) };
        if let Some(ending) = between(client, script.reach(Phase::Connect)).await {
            return end(ending, client, Some(&mut server)).await;
        }
        let ending = {
            let (client, server) = (client.split(), server.split());
            both_ways(&Mutex::new(script), client, server).await
        };
        if let Some(ending) = ending {
            end(ending, client, Some(&mut server)).await;
        }
    }
}

/// Connects on from where `client` came, if that can be.
async fn onward(client: &TcpStream, to: SocketAddr) -> io::Result<TcpStream> {
    let from = client.peer_addr()?;
    let mut last = io::ErrorKind::AddrNotAvailable.into();
    // The same port; at least the same address, which says who calls; whatever there is.
    for from in [Some(from), Some(SocketAddr::new(from.ip(), 0)), None] {
        match dial(from, to).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn dial(from: Option<SocketAddr>, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if let Some(from) = from {
        socket.set_reuseaddr(true)?;
        socket.bind(from)?;
    }
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// What happens before any byte: waiting, or the end.
async fn between(client: &TcpStream, acts: Vec<Act>) -> Option<Ending> {
    for act in acts {
        match act {
            Act::Pause(delay) => sleep(delay).await,
            Act::End(ending) => {
                // A reset that overtakes the end of the client's own connect() would be a refusal, now and then.
                let _silent = timeout(CONNECTING, client.peek(&mut [0])).await;
                return Some(ending);
            }
            Act::Forward(_) | Act::Answer(_) | Act::Finish | Act::Silence => {}
        }
    }
    None
}

type Halves<'a> = (ReadHalf<'a>, WriteHalf<'a>);

/// Both directions until both have ended, or something ends the whole.
async fn both_ways(script: &Mutex<Script>, client: Halves<'_>, server: Halves<'_>) -> Option<Ending> {
    let (from_client, to_client) = (client.0, AsyncMutex::new(client.1));
    let (from_server, to_server) = (server.0, AsyncMutex::new(server.1));
    let up = Way { script, direction: Direction::ToServer, on: &to_server, back: &to_client };
    let down = Way { script, direction: Direction::ToClient, on: &to_client, back: &to_server };
    let (mut up, mut down) = (Box::pin(up.run(from_client)), Box::pin(down.run(from_server)));
    tokio::select! {
        ended = &mut up => match ended { Some(ending) => Some(ending), None => down.await },
        ended = &mut down => match ended { Some(ending) => Some(ending), None => up.await },
    }
}

/// One direction.
struct Way<'a, 'b> {
    script: &'a Mutex<Script>,
    direction: Direction,
    on: &'a AsyncMutex<WriteHalf<'b>>,
    back: &'a AsyncMutex<WriteHalf<'b>>,
}

/// What one direction does with what still comes.
enum Then {
    Read,
    Discard,
    End(Ending),
}

impl Way<'_, '_> {
    /// `None` when this direction has ended and the other one may go on.
    async fn run(self, mut from: ReadHalf<'_>) -> Option<Ending> {
        let mut chunk = vec![0; CHUNK];
        let mut then = Then::Read;
        loop {
            let Ok(read) = from.read(&mut chunk).await else { return self.reset() };
            if let (Then::Discard, 0) = (&then, read) {
                return None;
            }
            if let Then::Discard = then {
                continue;
            }
            let acts = self.acts(chunk.get(..read).unwrap_or_default());
            then = match self.perform(acts).await {
                Ok(Then::End(ending)) => return Some(ending),
                Ok(_) if read == 0 => return None,
                Ok(then) => then,
                Err(_) => return self.reset(),
            };
        }
    }

    /// A reset stays one, unless nobody is to hear of it.
    fn reset(&self) -> Option<Ending> {
        (!self.script().is_silent()).then_some(Ending::Reset)
    }

    /// Nothing panics under this lock.
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn acts(&self, bytes: &[u8]) -> Vec<Act> {
        let mut script = self.script();
        match bytes.is_empty() {
            true => script.finished(self.direction),
            false => script.read(self.direction, bytes),
        }
    }

    async fn perform(&self, acts: Vec<Act>) -> io::Result<Then> {
        for act in acts {
            match act {
                Act::Forward(bytes) => self.send(self.on, &bytes).await?,
                Act::Answer(bytes) => self.send(self.back, &bytes).await?,
                Act::Pause(delay) => sleep(delay).await,
                Act::Finish => {
                    self.on.lock().await.shutdown().await?;
                    return Ok(Then::Discard);
                }
                Act::Silence => return Ok(Then::Discard),
                Act::End(ending) => return Ok(Then::End(ending)),
            }
        }
        Ok(Then::Read)
    }

    async fn send(&self, to: &AsyncMutex<WriteHalf<'_>>, bytes: &Bytes) -> io::Result<()> {
        to.lock().await.write_all(bytes).await
    }
}

/// Ends the whole connection.
async fn end(ending: Ending, client: &mut TcpStream, server: Option<&mut TcpStream>) {
    let legs = std::iter::once(client).chain(server);
    match ending {
        Ending::Reset => legs.for_each(|leg| reset_on_close(leg)),
        // Until the deadline, or the relay is dropped.
        Ending::Stall => std::future::pending().await,
        Ending::Close => {
            let mut legs: Vec<_> = legs.collect();
            for leg in &mut legs {
                let _gone = leg.shutdown().await;
            }
            // A close with bytes unread would be a reset.
            for leg in legs {
                let mut chunk = vec![0; CHUNK];
                while leg.read(&mut chunk).await.is_ok_and(|read| read > 0) {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
