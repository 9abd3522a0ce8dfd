//! Lines of the process's own log.

use std::io;
use std::sync::{Arc, Mutex};

use super::*;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Sink {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn logged(format: LogFormat) -> Vec<String> {
    let sink = Sink::default();
    let subscriber = subscriber(format, "info,glasstunnel::quiet=error", sink.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        let name = "a\nb";
        tracing::info!(target: "glasstunnel::inbound", address = %"[::]:15008", name, count = 3_u64, "listening");
        tracing::debug!(target: "glasstunnel::inbound", "too detailed");
        tracing::warn!(target: "glasstunnel::quiet", "too quiet");
        tracing::error!(target: "glasstunnel::tls", error = %"bad\r\n2026\tinfo\tforged \u{1b}[2J", "gone: {name}");
    });
    let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    // The time in front is now.
    text.lines().map(str::to_owned).collect()
}

#[test]
fn plain_lines_have_ztunnels_shape() {
    let lines = logged(LogFormat::Plain);
    let rests: Vec<&str> = lines.iter().map(|line| line.split_once('\t').unwrap().1).collect();
    let expect = [
        "info\tinbound\tlistening\taddress=[::]:15008 name=\"a\\nb\" count=3",
        "error\ttls\tgone: a\\nb\terror=\"bad\\r\\n2026\\tinfo\\tforged \\u{1b}[2J\"",
    ];
    assert_eq!(rests, expect);
}

#[test]
fn json_lines_are_json() {
    let lines = logged(LogFormat::Json);
    let values: Vec<serde_json::Value> =
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((values[0]["level"].as_str(), values[0]["count"].as_u64()), (Some("info"), Some(3)));
    assert_eq!(
        (values[1]["scope"].as_str(), values[1]["message"].as_str()),
        (Some("tls"), Some("gone: a\nb"))
    );
    assert_eq!(values.len(), 2);
}

#[test]
fn a_filter_that_does_not_read_is_named() {
    let error = subscriber(LogFormat::Plain, "glasstunnel=loud\n", Sink::default()).err().unwrap();
    assert!(error.to_string().contains("found `glasstunnel=loud\\n`"), "{error}");
    assert_eq!((error.code(), error.side()), ("telemetry.log_filter", Side::Us));
}
