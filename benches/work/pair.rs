//! Two workloads of one authority, and TLS between them in memory.

use std::time::Duration;

use glasstunnel::ca::{Authority, AuthorityOptions};
use glasstunnel::identity::{SpiffeId, Svid};
use glasstunnel::tls::{
    ClientOffer, ClientStream, ClientTls, Offer, ServerStream, ServerTls, accept, connect,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;

/// What is moved where the price of a megabyte is asked for.
const MEGABYTE: usize = 1 << 20;

/// What the sender has at once.
const CHUNK: usize = 64 << 10;

/// A client's end and a server's.
pub(crate) type Ends = (ClientStream<DuplexStream>, ServerStream<DuplexStream>);

/// Two workloads of one authority, with their certificates.
pub(crate) struct Pair {
    pub(crate) authority: Authority,
    pub(crate) server: Svid,
    pub(crate) client: Svid,
    pub(crate) accepts: ServerTls,
    pub(crate) connects: ClientTls,
}

impl Pair {
    pub(crate) fn new() -> Self {
        let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
        let issue =
            |name| authority.issue_now(&SpiffeId::new("cluster.local", "default", name).unwrap()).unwrap();
        let (server, client) = (issue("server"), issue("client"));
        let (accepts, connects) = (ServerTls::new(&server).unwrap(), ClientTls::new(&client).unwrap());
        Self { authority, server, client, accepts, connects }
    }

    /// Both ends of one handshake, in memory, on one thread.
    pub(crate) async fn shake(&self) -> Ends {
        let (near, far) = duplex(256 << 10);
        let deadline = Instant::now() + Duration::from_secs(10);
        let expected = [self.server.id.clone()];
        let (accepted, connected) = tokio::join!(
            accept(far, &self.accepts, Offer::Hbone, deadline),
            connect(near, &self.connects, &expected, ClientOffer::Hbone, deadline)
        );
        (connected.unwrap().0, accepted.unwrap().0)
    }
}

/// A megabyte from the client to the server.
pub(crate) async fn send_megabyte((client, server): &mut Ends) {
    let (sent, mut buffer) = ([7; CHUNK], [0; CHUNK]);
    for _ in 0..MEGABYTE / CHUNK {
        client.write_all(&sent).await.unwrap();
        client.flush().await.unwrap();
        server.read_exact(&mut buffer).await.unwrap();
    }
}
