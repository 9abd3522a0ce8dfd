//! The process's own log: tracing events as lines in ztunnel's shape.

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::reason::{Reason, Side};
use crate::telemetry::line::{Line, LogFormat, Value};
use crate::telemetry::outlet::Outlet;

/// Why the log cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The filter does not read.
    #[error(
        "expected a log filter such as `info` or `glasstunnel::tls=debug,warn`, found `{found}`: {source}"
    )]
    Filter {
        /// The filter, escaped.
        found: String,
        /// What is wrong with it.
        source: ParseError,
    },
    /// Somebody was faster.
    #[error("the log of this process is already set up")]
    Taken(#[source] TryInitError),
}

impl Reason for LoggingError {
    fn code(&self) -> &'static str {
        match self {
            Self::Filter { .. } => "telemetry.log_filter",
            Self::Taken(_) => "telemetry.log_taken",
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Filter { .. } => Some("try --log debug".to_owned()),
            Self::Taken(_) => None,
        }
    }
}

/// Sends the process's log to `outlet` in `format`, as far as `filter` lets it through.
///
/// # Errors
///
/// [`LoggingError`] when `filter` does not read, or when the process has a log already.
pub fn init(format: LogFormat, filter: &str, outlet: Outlet) -> Result<(), LoggingError> {
    subscriber(format, filter, move || outlet.clone())?.try_init().map_err(LoggingError::Taken)
}

/// Whether the process's log shows `connection opened` lines.
pub fn shows_opened() -> bool {
    tracing::enabled!(target: "access", Level::DEBUG)
}

fn subscriber<W>(
    format: LogFormat,
    filter: &str,
    writer: W,
) -> Result<impl Subscriber + Send + Sync + 'static, LoggingError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let bad = |source| LoggingError::Filter { found: filter.escape_debug().to_string(), source };
    let filter = EnvFilter::try_new(filter).map_err(bad)?;
    // What cannot be written is lost: to say so on stderr, as the library would, is to wait for who does not read it.
    let builder =
        tracing_subscriber::fmt().with_ansi(false).log_internal_errors(false).with_env_filter(filter);
    Ok(builder.event_format(Shape(format)).with_writer(writer).finish())
}

/// The shape of an event's line. Spans are not shown: one id, not a stack of spans, names a connection here.
struct Shape(LogFormat);

impl<S, N> FormatEvent<S, N> for Shape
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut parts = Parts::default();
        event.record(&mut parts);
        let target = event.metadata().target();
        let line = Line {
            time: SystemTime::now(),
            level: level(*event.metadata().level()),
            target: target.strip_prefix("glasstunnel::").unwrap_or(target),
            message: Cow::Owned(parts.message),
            fields: parts.fields,
        };
        let mut text = String::with_capacity(128);
        line.write(self.0, &mut text);
        writer.write_str(&text)
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// What an event says.
#[derive(Default)]
struct Parts {
    message: String,
    fields: Vec<(&'static str, Value<'static>)>,
}

impl Parts {
    fn push(&mut self, field: &Field, value: Value<'static>) {
        self.fields.push((field.name(), value));
    }
}

impl Visit for Parts {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            _ => self.push(field, Value::Word(Cow::Owned(text))),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            _ => self.push(field, Value::Text(Cow::Owned(value.to_owned()))),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, Value::Number(value));
    }
}

#[cfg(test)]
mod tests;
