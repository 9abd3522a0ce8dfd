//! The real ztunnel's lines, and what a hostile peer cannot do to them.

use std::sync::{Mutex, PoisonError};

use super::*;
use crate::telemetry::tests::{denied, expired, golden, hbone, hostile, noon, outside, plaintext};
use crate::telemetry::{Opening, Wire};

/// A writer that the test can read, or that is full.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>, bool);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.1 {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(format: LogFormat) -> String {
    let sink = Sink::default();
    let mut log = AccessLog::new(format, "Kubernetes", Box::new(sink.clone())).with_opened(true);
    let (source, destination) = hbone();
    log.opened(&Opening {
        reporter: source.reporter,
        join: source.join,
        started: source.started,
        source: source.source.clone(),
        destination: source.destination.clone(),
        hbone_addr: source.hbone_addr.clone(),
        wire: Wire::Hbone,
        counts: Arc::default(),
    });
    for half in [source, destination, plaintext().0, plaintext().1, denied().0, denied().1, expired().0] {
        log.finished(&half);
    }
    for half in [expired().1, outside(), hostile()] {
        log.finished(&half);
    }
    assert!(sink.0.lock().unwrap().is_empty(), "a batch is written at its end");
    log.flush();
    assert_eq!(log.take_errors(), 0);
    String::from_utf8(sink.0.lock().unwrap().clone()).unwrap()
}

#[test]
fn plain_lines_are_ztunnels() {
    let text = logged(LogFormat::Plain);
    golden("access_log.txt", &text);
    let complete = text.lines().nth(1).unwrap();
    let expect = "2026-11-21T03:31:07.621019Z\tinfo\taccess\tconnection complete\tsrc.addr=10.0.0.1:40000 \
        src.workload=\"webapp\" src.namespace=\"default\" src.identity=\"spiffe://cluster.local/ns/default/sa/webapp\" \
        src.cluster=\"Kubernetes\" dst.addr=10.0.0.2:15008 dst.hbone_addr=10.0.0.2:3000 \
        dst.service=\"customers.default.svc.cluster.local\" dst.workload=\"customers\" dst.namespace=\"default\" \
        dst.identity=\"spiffe://cluster.local/ns/default/sa/customers\" dst.cluster=\"Kubernetes\" \
        direction=\"outbound\" bytes_sent=74 bytes_recv=63 duration=\"1ms\"";
    assert_eq!(complete, expect);
}

#[test]
fn json_lines_are_json() {
    let text = logged(LogFormat::Json);
    golden("access_log.json.txt", &text);
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["scope"], "access");
    }
}

#[test]
fn no_peer_forges_a_line() {
    for format in [LogFormat::Plain, LogFormat::Json] {
        let text = logged(format);
        assert_eq!(text.lines().count(), 11, "{text}");
        assert!(text.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control()), "{text:?}");
        assert!(!text.contains(" dst.workload=\"admin"), "{text}");
    }
}

#[test]
fn a_full_disk_is_counted() {
    let mut log = AccessLog::new(LogFormat::Plain, "Kubernetes", Box::new(Sink(Arc::default(), true)));
    for _ in 0..2 {
        log.finished(&outside());
        log.flush();
    }
    assert_eq!((log.take_errors(), log.take_errors(), log.buffer.len()), (2, 0, 0));
}

#[test]
fn times_have_microseconds() {
    let mut text = String::new();
    crate::telemetry::line::write_time(noon(), &mut text);
    assert_eq!(text, "2026-11-21T03:31:07.619119Z");
}
