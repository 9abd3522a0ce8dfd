//! One line of a log in ztunnel's shape (reference/hbone.md 10.1), plain or JSON.
//!
//! Not here: which fields there are (`access_log.rs`, `logging.rs`).

use std::borrow::Cow;
use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use time::OffsetDateTime;

use crate::addr::push_addr;
use crate::telemetry::text::{calm, is_calm};

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Time, level, target, message between tabs, then `key=value` pairs.
    #[default]
    Plain,
    /// One JSON object per line.
    Json,
}

/// A value of a field.
#[derive(Clone, Debug)]
pub(in crate::telemetry) enum Value<'a> {
    /// An address: never quoted.
    Addr(SocketAddr),
    /// Quoted and escaped.
    Text(Cow<'a, str>),
    /// Bare when it is one harmless word, else as [`Value::Text`].
    Word(Cow<'a, str>),
    /// A count.
    Number(u64),
    /// `3ms`, as text.
    Millis(Duration),
}

/// A line about to be written.
pub(in crate::telemetry) struct Line<'a> {
    /// When it happened.
    pub(in crate::telemetry) time: SystemTime,
    /// `info`, `error`, `warn`, `debug` or `trace`.
    pub(in crate::telemetry) level: &'static str,
    /// Who speaks; `scope` in JSON.
    pub(in crate::telemetry) target: &'a str,
    /// What happened.
    pub(in crate::telemetry) message: Cow<'a, str>,
    /// The rest, in order.
    pub(in crate::telemetry) fields: Vec<(&'static str, Value<'a>)>,
}

impl Line<'_> {
    /// Appends the line and its newline to `out`.
    pub(in crate::telemetry) fn write(&self, format: LogFormat, out: &mut String) {
        match format {
            LogFormat::Plain => self.plain(out),
            LogFormat::Json => self.json(out),
        }
        out.push('\n');
    }

    fn plain(&self, out: &mut String) {
        write_time(self.time, out);
        for part in [self.level, &calm(self.target), &calm(&self.message)] {
            out.push('\t');
            out.push_str(part);
        }
        for (index, (key, value)) in self.fields.iter().enumerate() {
            out.push(if index == 0 { '\t' } else { ' ' });
            out.push_str(key);
            out.push('=');
            value.plain(out);
        }
    }

    fn json(&self, out: &mut String) {
        out.push_str("{\"level\":\"");
        out.push_str(self.level);
        out.push_str("\",\"time\":\"");
        write_time(self.time, out);
        out.push('"');
        for (key, text) in [("scope", self.target), ("message", &*self.message)] {
            write_key(key, out);
            write_json_text(text, out);
        }
        for (key, value) in &self.fields {
            write_key(key, out);
            value.json(out);
        }
        out.push('}');
    }
}

impl Value<'_> {
    fn plain(&self, out: &mut String) {
        match self {
            Self::Addr(addr) => push_addr(*addr, out),
            Self::Number(number) => append(out, format_args!("{number}")),
            Self::Millis(took) => append(out, format_args!("\"{}ms\"", took.as_millis())),
            Self::Word(word) if is_word(word) => out.push_str(word),
            // Nearly all of them; the general way looks at each character.
            Self::Word(text) | Self::Text(text) if is_plain(text) => {
                ["\"", text, "\""].into_iter().for_each(|part| out.push_str(part));
            }
            Self::Word(text) | Self::Text(text) => append(out, format_args!("{text:?}")),
        }
    }

    fn json(&self, out: &mut String) {
        match self {
            Self::Addr(addr) => append(out, format_args!("\"{addr}\"")),
            Self::Number(number) => append(out, format_args!("{number}")),
            Self::Millis(took) => append(out, format_args!("\"{}ms\"", took.as_millis())),
            Self::Word(text) | Self::Text(text) => write_json_text(text, out),
        }
    }
}

/// Writing to a `String` cannot fail.
fn append(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(arguments);
}

/// Whether `text` reads as one value without quotes.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '=' | '\\'))
}

/// Whether `text` reads the same inside quotes.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
}

fn write_key(key: &str, out: &mut String) {
    append(out, format_args!(",\"{key}\":"));
}

/// A JSON string. Beyond what RFC 8259 §7 asks for, whatever a terminal obeys or hides is escaped too.
fn write_json_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_calm(c) => out.push(c),
            // UTF-16 as RFC 8259 §7 has it: one unit, or a surrogate pair.
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    append(out, format_args!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

/// RFC 3339 in UTC with microseconds.
pub(in crate::telemetry) fn write_time(time: SystemTime, out: &mut String) {
    let time = OffsetDateTime::from(time);
    let (hour, minute, second, micros) = time.time().as_hms_micro();
    let (month, day) = (u8::from(time.month()), time.day());
    let two = |number: u8| (u32::from(number), 2);
    // A clock after the year 9999 shows the last four digits.
    let fields = [
        (time.year().unsigned_abs(), 4),
        two(month),
        two(day),
        two(hour),
        two(minute),
        two(second),
        (micros, 6),
    ];
    for ((number, width), mark) in fields.into_iter().zip(["-", "-", "T", ":", ":", ".", "Z"]) {
        push_digits(number, width, out);
        out.push_str(mark);
    }
}

/// The last `width` decimal digits of `number`.
fn push_digits(number: u32, width: u32, out: &mut String) {
    for power in (0..width).rev() {
        // A single digit.
        out.push(char::from(b'0' + (number / 10_u32.pow(power) % 10) as u8));
    }
}
