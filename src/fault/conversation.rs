//! [`Conversation`]: what a scripted server says to each frame, decided as they come.

use std::collections::HashSet;

use bytes::Bytes;

use crate::fault::endpoint_fault::{EndpointFault, EndpointPhase, EndpointWhat};
use crate::fault::frames::{
    ACK, CANCEL, DATA, END_STREAM, Frame, HEADERS, INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS, PING,
    REFUSED_STREAM, SETTINGS, acknowledge, data, go_away, reset, room, settings, status,
};

/// What a web server says that has no HTTP/2, whatever it was asked.
const HTTP1: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// What the application behind a tunnel answers to an HTTP request.
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n";

/// One thing that the server does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// It sends these.
    Bytes(Bytes),
    /// It sends no more, and reads what still comes.
    Close,
    /// It stops in the middle of everything.
    Freeze,
    /// It resets the TCP connection.
    Vanish,
}

/// One tunnel, seen from the server. Pure: the socket obeys.
pub(crate) struct Conversation {
    fault: EndpointFault,
    /// Whether a CONNECT was answered.
    is_used: bool,
    /// Streams that were ended from here.
    ended: HashSet<u32>,
}

impl Conversation {
    /// With whatever goes wrong in it.
    pub(crate) fn new(fault: EndpointFault) -> Self {
        Self { fault, is_used: false, ended: HashSet::new() }
    }

    /// Its first words.
    pub(crate) fn begin(&self) -> Vec<Says> {
        if self.fault.at() != EndpointPhase::Preface {
            return vec![Says::Bytes(settings(&[]))];
        }
        match self.fault.what() {
            EndpointWhat::MaxStreams(streams) => vec![limit(streams)],
            EndpointWhat::Window(bytes) => vec![Says::Bytes(settings(&[(INITIAL_WINDOW_SIZE, bytes)]))],
            EndpointWhat::GoAway => vec![Says::Bytes(settings(&[])), Says::Bytes(go_away(0))],
            EndpointWhat::Http1 => vec![Says::Bytes(Bytes::from_static(HTTP1)), Says::Close],
            EndpointWhat::Freeze => vec![Says::Freeze],
            EndpointWhat::Vanish => vec![Says::Vanish],
            EndpointWhat::ResetStream | EndpointWhat::RefuseStream | EndpointWhat::Status(_) => {
                vec![Says::Bytes(settings(&[]))]
            }
        }
    }

    /// What it says to a frame.
    pub(crate) fn hears(&mut self, frame: &Frame) -> Vec<Says> {
        match frame.kind {
            SETTINGS | PING if frame.flags & ACK == 0 => vec![Says::Bytes(acknowledge(frame))],
            HEADERS => self.asked(frame),
            DATA if self.fault.at() == EndpointPhase::FirstData => self.strike(frame.stream),
            DATA => self.answered(frame),
            _ => Vec::new(),
        }
    }

    /// A CONNECT has come.
    fn asked(&mut self, frame: &Frame) -> Vec<Says> {
        let is_reuse = std::mem::replace(&mut self.is_used, true);
        match self.fault.at() {
            EndpointPhase::Connect => return self.strike(frame.stream),
            EndpointPhase::Reuse if is_reuse => return self.strike(frame.stream),
            _ => {}
        }
        let mut says = vec![Says::Bytes(status(frame.stream, 200))];
        if self.fault.at() == EndpointPhase::Answer {
            says.extend(self.strike(frame.stream));
        }
        says
    }

    /// The application has heard something.
    fn answered(&mut self, heard: &Frame) -> Vec<Says> {
        if self.ended.contains(&heard.stream) {
            return Vec::new();
        }
        let is_request = heard.payload.starts_with(b"GET ") && heard.payload.ends_with(b"\r\n\r\n");
        let does_not_read = matches!(self.fault.what(), EndpointWhat::Window(_));
        if does_not_read && !is_request {
            return Vec::new();
        }
        let ends = heard.flags & END_STREAM != 0 || is_request && !stays(&heard.payload);
        if ends {
            self.ended.insert(heard.stream);
        }
        let words = if is_request { OK } else { &heard.payload };
        let mut says = vec![Says::Bytes(data(heard.stream, words, ends))];
        if !does_not_read {
            says.push(Says::Bytes(room(heard)));
        }
        says
    }

    /// What goes wrong.
    fn strike(&self, stream: u32) -> Vec<Says> {
        // Client's streams have odd numbers (RFC 9113 §5.1.1): those before this one were taken.
        let is_taken = matches!(self.fault.at(), EndpointPhase::Answer | EndpointPhase::FirstData);
        let taken = if is_taken { stream } else { stream.saturating_sub(2) };
        let says = match self.fault.what() {
            EndpointWhat::GoAway => go_away(taken),
            EndpointWhat::ResetStream => reset(stream, CANCEL),
            EndpointWhat::RefuseStream => reset(stream, REFUSED_STREAM),
            EndpointWhat::Status(code) => status(stream, code),
            EndpointWhat::MaxStreams(streams) => return vec![limit(streams)],
            EndpointWhat::Freeze => return vec![Says::Freeze],
            EndpointWhat::Vanish => return vec![Says::Vanish],
            EndpointWhat::Window(_) | EndpointWhat::Http1 => return Vec::new(),
        };
        vec![Says::Bytes(says)]
    }
}

fn limit(streams: u32) -> Says {
    Says::Bytes(settings(&[(MAX_CONCURRENT_STREAMS, streams)]))
}

/// Whether a request leaves its connection open (RFC 9112 §9.3).
fn stays(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    !text.contains("http/1.0") && !text.contains("connection: close")
}

#[cfg(test)]
mod tests;
