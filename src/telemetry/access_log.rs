//! The access log: one line per half, exactly as ztunnel writes it (reference/hbone.md 10.1).

use std::borrow::Cow;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use crate::telemetry::event::Opening;
use crate::telemetry::half::{Half, Party, Reporter, is_mutual_tls};
use crate::telemetry::line::{Line, LogFormat, Value};

/// How much text may gather before it is written in the middle of a batch.
const BUFFER: usize = 256 * 1024;

/// Writes access log lines, a batch at a time.
pub struct AccessLog {
    format: LogFormat,
    cluster: Arc<str>,
    writer: Box<dyn io::Write + Send>,
    buffer: String,
    logs_opened: bool,
    errors: u64,
}

type Fields<'a> = Vec<(&'static str, Value<'a>)>;

impl AccessLog {
    /// Lines in `format` to `writer`; `cluster` is the name in `src.cluster` and `dst.cluster`.
    pub fn new(format: LogFormat, cluster: impl Into<Arc<str>>, writer: Box<dyn io::Write + Send>) -> Self {
        let cluster = cluster.into();
        Self { format, cluster, writer, buffer: String::new(), logs_opened: false, errors: 0 }
    }

    /// Also writes `connection opened` lines, which ztunnel logs at DEBUG, where the process's log shows those.
    #[must_use]
    pub fn with_opened(self, logs_opened: bool) -> Self {
        Self { logs_opened, ..self }
    }

    /// Takes down that a half relays now.
    pub(in crate::telemetry) fn opened(&mut self, opening: &Opening) {
        if self.logs_opened {
            let line = opened(opening, &self.cluster);
            line.write(self.format, &mut self.buffer);
        }
    }

    /// Takes down how a half ended.
    pub(in crate::telemetry) fn finished(&mut self, half: &Half) {
        finished(half, &self.cluster).write(self.format, &mut self.buffer);
        if self.buffer.len() >= BUFFER {
            self.flush();
        }
    }

    /// Writes what has gathered. An error loses those lines and is counted; traffic goes on.
    pub(in crate::telemetry) fn flush(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        let written = self.writer.write_all(self.buffer.as_bytes()).and_then(|()| self.writer.flush());
        self.errors += u64::from(written.is_err());
        self.buffer.clear();
    }

    /// How many writes failed since the last call.
    pub(in crate::telemetry) fn take_errors(&mut self) -> u64 {
        std::mem::take(&mut self.errors)
    }
}

/// The line of an end.
fn finished<'a>(half: &'a Half, cluster: &'a str) -> Line<'a> {
    let failure = half.outcome.failure();
    let (level, message, mut fields) = match failure {
        Some(_) if half.early => ("warn", "connection failed", early(half)),
        Some(_) => ("error", "connection complete", complete(half, cluster)),
        None => ("info", "connection complete", complete(half, cluster)),
    };
    if let Some(failure) = failure {
        fields.push(("error", text(&failure.error)));
    }
    line(half.started + half.took, level, message, fields)
}

/// The line of a beginning.
fn opened<'a>(opening: &'a Opening, cluster: &'a str) -> Line<'a> {
    let identities = is_mutual_tls(Some(opening.wire), &opening.source);
    let mut fields = Vec::with_capacity(16);
    party(&mut fields, &SOURCE, (&opening.source, None), (identities, cluster));
    party(&mut fields, &DESTINATION, (&opening.destination, None), (identities, cluster));
    fields.push(("direction", text(opening.reporter.direction())));
    line(opening.started, "debug", "connection opened", fields)
}

fn line<'a>(time: SystemTime, level: &'static str, message: &'a str, fields: Fields<'a>) -> Line<'a> {
    Line { time, level, target: "access", message: Cow::Borrowed(message), fields }
}

/// All that ztunnel knows before it tracks a connection.
fn early(half: &Half) -> Fields<'_> {
    let mut fields = Vec::with_capacity(4);
    fields.extend(half.source.addr.map(|addr| (SOURCE.addr, Value::Addr(addr))));
    fields.extend(half.destination.addr.map(|addr| (DESTINATION.addr, Value::Addr(addr))));
    fields.push(("direction", text(half.reporter.direction())));
    fields
}

fn complete<'a>(half: &'a Half, cluster: &'a str) -> Fields<'a> {
    let identities = half.is_mutual_tls();
    let mut fields = Vec::with_capacity(17);
    party(&mut fields, &SOURCE, (&half.source, None), (identities, cluster));
    let authority = half.hbone_addr.as_deref();
    party(&mut fields, &DESTINATION, (&half.destination, authority), (identities, cluster));
    // As the local workload sees them: the callee's proxy sends what its application answers.
    let (sent, received) = match half.reporter {
        Reporter::Source => (half.to_backend, half.to_client),
        Reporter::Destination => (half.to_client, half.to_backend),
    };
    fields.push(("direction", text(half.reporter.direction())));
    fields.push(("bytes_sent", Value::Number(sent)));
    fields.push(("bytes_recv", Value::Number(received)));
    fields.push(("duration", Value::Millis(half.took)));
    fields
}

/// The keys of one end.
struct Keys {
    addr: &'static str,
    hbone_addr: &'static str,
    service: &'static str,
    workload: &'static str,
    namespace: &'static str,
    identity: &'static str,
    cluster: &'static str,
}

const SOURCE: Keys = Keys {
    addr: "src.addr",
    hbone_addr: "src.hbone_addr",
    service: "src.service",
    workload: "src.workload",
    namespace: "src.namespace",
    identity: "src.identity",
    cluster: "src.cluster",
};

const DESTINATION: Keys = Keys {
    addr: "dst.addr",
    hbone_addr: "dst.hbone_addr",
    service: "dst.service",
    workload: "dst.workload",
    namespace: "dst.namespace",
    identity: "dst.identity",
    cluster: "dst.cluster",
};

fn party<'a>(
    fields: &mut Fields<'a>,
    keys: &Keys,
    (party, authority): (&'a Party, Option<&'a str>),
    (identities, cluster): (bool, &'a str),
) {
    fields.extend(party.addr.map(|addr| (keys.addr, Value::Addr(addr))));
    fields.extend(authority.map(|authority| (keys.hbone_addr, address(authority))));
    fields.extend(party.service.as_ref().map(|service| (keys.service, text(&service.hostname))));
    if let Some(workload) = &party.workload {
        fields.push((keys.workload, text(&workload.name.name)));
        fields.push((keys.namespace, text(&workload.name.namespace)));
    }
    if let Some(identity) = party.identity.as_ref().filter(|_| identities) {
        fields.push((keys.identity, text(identity.as_str())));
    }
    if party.workload.is_some() {
        fields.push((keys.cluster, text(cluster)));
    }
}

/// An authority is an address or a host name; whatever else a peer wrote is quoted.
fn address(authority: &str) -> Value<'_> {
    match authority.parse::<SocketAddr>() {
        Ok(addr) => Value::Addr(addr),
        Err(_) => Value::Word(Cow::Borrowed(authority)),
    }
}

fn text(text: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests;
