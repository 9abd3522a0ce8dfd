//! [`Responder`]: what a message gets, whatever it travels over.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::dns::name::{DomainName, reversed};
use crate::dns::names::{Family, Found, Names};
use crate::dns::query::{Bad, Code, Query};
use crate::dns::reply::{A, AAAA, ANY, INTERNET, PTR, Record, Reply, Transport, longest, refusal};
use crate::dns::upstream;

/// The server of one pod, apart from its sockets.
pub struct Responder {
    names: Box<dyn Names>,
    namespace: String,
    upstreams: Vec<SocketAddr>,
}

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { names: _, namespace, upstreams } = self;
        f.debug_struct("Responder").field("namespace", namespace).field("upstreams", upstreams).finish()
    }
}

/// What becomes of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing is sent.
    Ignore,
    /// This is sent.
    Answer(Vec<u8>),
    /// Others are asked.
    Forward(Query),
}

impl Responder {
    /// Answers pods in `namespace` with what `names` knows, and asks `upstreams`, in that order, for the rest.
    ///
    /// Without upstreams a name that nobody in the mesh has is NXDOMAIN at once.
    pub fn new(names: impl Names, namespace: &str, upstreams: Vec<SocketAddr>) -> Self {
        Self { names: Box::new(names), namespace: namespace.to_owned(), upstreams }
    }

    /// Decides without waiting for anybody.
    pub(crate) fn decide(&self, message: &[u8], over: Transport) -> Decision {
        let query = match Query::read(message) {
            Ok(query) => query,
            Err(Bad::Ignored) => return Decision::Ignore,
            Err(Bad::Refused(header, code)) => return Decision::Answer(refusal(header, code)),
        };
        let answer = |code, authoritative, records| {
            Decision::Answer(self.reply(&query, code, authoritative, records).encode(over))
        };
        if query.edns.is_some_and(|edns| edns.version != 0) {
            return answer(Code::BadVersion, false, Vec::new());
        }
        if query.question.class != INTERNET {
            return answer(Code::Refused, false, Vec::new());
        }
        match self.look_up(&query) {
            Lookup::Records(records) => answer(Code::NoError, true, records),
            Lookup::Nobody => answer(Code::NameError, true, Vec::new()),
            Lookup::Unknown if self.upstreams.is_empty() => answer(Code::NameError, false, Vec::new()),
            Lookup::Unknown => Decision::Forward(query),
        }
    }

    /// What others say to `message`, which was decided to be forwarded as `query`; SERVFAIL if they say nothing.
    pub(crate) async fn forward(&self, query: &Query, message: &[u8], over: Transport) -> Vec<u8> {
        match upstream::ask(&self.upstreams, query, message, over).await {
            Some(answer) if answer.len() <= usize::from(longest(query, over)) => answer,
            Some(_) => self.too_long(query, over),
            None => self.failure(query, over),
        }
    }

    /// SERVFAIL, for a query that cannot be forwarded.
    pub(crate) fn failure(&self, query: &Query, over: Transport) -> Vec<u8> {
        self.reply(query, Code::ServerFailure, false, Vec::new()).encode(over)
    }

    /// A server answered more than was asked for: the client is sent to TCP, as if that had been said by the server.
    fn too_long(&self, query: &Query, over: Transport) -> Vec<u8> {
        let mut answer = self.reply(query, Code::NoError, false, Vec::new()).encode(over);
        if let Some(flags) = answer.get_mut(2) {
            // The third byte of a header holds TC (RFC 1035 §4.1.1).
            *flags |= 0x02;
        }
        answer
    }

    fn reply<'a>(
        &self,
        query: &'a Query,
        code: Code,
        authoritative: bool,
        records: Vec<Record>,
    ) -> Reply<'a> {
        Reply { query, code, authoritative, recursion: !self.upstreams.is_empty(), records }
    }

    fn look_up(&self, query: &Query) -> Lookup {
        let Some(host) = query.question.name.text() else { return Lookup::Unknown };
        let named = reversed(&host).and_then(|ip| self.names.host_of(ip));
        if let Some(name) = named.as_deref().and_then(DomainName::of) {
            let asked = matches!(query.question.kind, PTR | ANY);
            return Lookup::Records(if asked { vec![Record::Pointer(name)] } else { Vec::new() });
        }
        // ANY may be answered with what there is (RFC 8482 §4.1); other types exist for no name of the mesh.
        let families: &[Family] = match query.question.kind {
            A => &[Family::V4],
            AAAA => &[Family::V6],
            ANY => &[Family::V4, Family::V6],
            _ => &[],
        };
        match self.names.addresses(&host, &self.namespace, Family::V4) {
            Found::Nobody => return Lookup::Nobody,
            Found::Unknown => return Lookup::Unknown,
            Found::Known(_) => {}
        }
        let of = |family: &Family| match self.names.addresses(&host, &self.namespace, *family) {
            Found::Known(addresses) => addresses,
            Found::Nobody | Found::Unknown => Vec::<IpAddr>::new(),
        };
        Lookup::Records(families.iter().flat_map(of).map(Record::Address).collect())
    }
}

/// What is known of the name in a question.
enum Lookup {
    /// It exists, with these records of the type.
    Records(Vec<Record>),
    Nobody,
    Unknown,
}

#[cfg(test)]
mod tests;
