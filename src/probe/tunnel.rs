//! The HBONE trial: one CONNECT, and nothing inside it.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::drain::{Tasks, drain};
use crate::hbone::{Authority, Client, ConnectRequest, HboneError, Limits};
use crate::io::{Note, Noted, Pipe as _};
use crate::probe::attempt::{Attempt, End, Phase, Trial};
use crate::probe::dial::end_of;
use crate::probe::options::Options;
use crate::probe::secured::{Shaken, shake};
use crate::tls::ClientStream;

/// How long the tunnel may take to close in order.
const PARTING: Duration = Duration::from_millis(250);

/// Opens a tunnel, asks for an address, and leaves.
///
/// The address is the door's own unless another was asked for: every mesh refuses that, so that no application is
/// connected to, and the refusal tells all the same who speaks HBONE.
pub(crate) async fn hbone(to: SocketAddr, options: &Options) -> Attempt {
    let Shaken { stream, shown } = match shake(Trial::Hbone, to, options).await {
        Ok(shaken) => shaken,
        Err(failed) => return failed,
    };
    let began = Instant::now();
    let (owner, tasks) = drain();
    let authority = options.authority.clone().unwrap_or(Authority::Address(to));
    let end = connect(stream, authority, &tasks, began + options.timeout).await;
    let after = began.elapsed();
    owner.start();
    owner.finish(PARTING).await;
    Attempt { shown: Some(shown), ..Attempt::ended(Trial::Hbone, Phase::Answer, end, after) }
}

async fn connect(
    stream: ClientStream<TcpStream>,
    authority: Authority,
    tasks: &Tasks,
    deadline: Instant,
) -> End {
    let (stream, note) = Noted::new(stream, |ended| ended.map_or_else(end_of, |()| End::Closed));
    let client = match Client::handshake(stream, &Limits::default(), tasks, deadline).await {
        Ok(client) => client,
        Err(error) => return ended(&error, &note),
    };
    let Some(ticket) = client.ticket() else { return ended(&HboneError::Gone, &note) };
    let request = ConnectRequest { authority, baggage: None, forwarded: None, trace: None };
    let opened = ticket.open(&request, deadline).await;
    client.retire();
    match opened {
        Ok((mut stream, _)) => {
            // The backend gets an end, and not a reset.
            let _unheard = timeout(PARTING, poll_fn(|cx| stream.poll_finish(cx))).await;
            End::Status(200)
        }
        Err(error) => ended(&error, &note),
    }
}

fn ended(error: &HboneError, note: &Note<End>) -> End {
    match (error, note.get()) {
        (HboneError::Status { status }, _) => End::Status(status.as_u16()),
        (_, Some(end)) => end.clone(),
        (
            HboneError::AnswerTimeout { .. } | HboneError::NoRoom { .. } | HboneError::HandshakeTimeout,
            None,
        ) => End::Silent,
        (error, None) => End::Failed { problem: error.to_string() },
    }
}
