//! [`Script`]: what is to be done with a connection's bytes, decided as they come.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::fault::phase::Phase;
use crate::fault::watcher::{Piece, Watcher};
use crate::fault::what::What;
use crate::fault::wire_fault::Fault;
use crate::glass::Direction;

/// A record's header (RFC 8446 §5.1), which garbage leaves as it is.
const HEADER: usize = 5;

/// How the whole connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Both ends get a reset.
    Reset,
    /// Both ends get a FIN.
    Close,
    /// Neither end hears anything any more.
    Stall,
}

/// One thing to do, in the direction that bytes came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Send these on.
    Forward(Bytes),
    /// Wait.
    Pause(Duration),
    /// Finish this direction: the receiver gets a FIN. Whatever else comes is thrown away.
    Finish,
    /// Throw away whatever else comes, and do not tell the receiver.
    Silence,
    /// Answer in the other direction with these.
    Answer(Bytes),
    /// End it; nothing of the acts behind counts.
    End(Ending),
}

/// What is to be done with one connection. Pure: sockets obey.
#[derive(Debug)]
pub struct Script {
    watcher: Watcher,
    faults: Vec<Fault>,
    /// How many bytes have gone to the client.
    to_client: u64,
    /// From here on, nothing longer passes.
    longest: Option<usize>,
    is_over: bool,
    /// One end is not heard any more, and hears neither that the other one has left.
    is_silent: bool,
}

impl Script {
    /// The faults of one connection; those of one phase happen in this order.
    #[must_use]
    pub fn new(faults: &[Fault]) -> Self {
        Self {
            watcher: Watcher::new(),
            faults: faults.to_vec(),
            to_client: 0,
            longest: None,
            is_over: false,
            is_silent: false,
        }
    }

    /// What is done when a phase is reached that has no bytes: [`Phase::Accept`], [`Phase::Connect`].
    pub fn reach(&mut self, phase: Phase) -> Vec<Act> {
        let mut acts = Vec::new();
        let mut nothing = Bytes::new();
        self.strike(phase, &mut nothing, &mut acts);
        acts
    }

    /// What is done with bytes that came one way.
    pub fn read(&mut self, direction: Direction, bytes: &[u8]) -> Vec<Act> {
        let pieces = self.watcher.push(direction, bytes);
        self.pieces(pieces)
    }

    /// Whether an end has fallen silent: then neither hears that the other one leaves, and each waits for as long as it does.
    pub fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// What is done when one way has ended.
    pub fn finished(&mut self, direction: Direction) -> Vec<Act> {
        if self.is_silent {
            return Vec::new();
        }
        let rest = self.watcher.rest(direction);
        let mut acts = self.pieces(rest.into_iter().collect());
        acts.push(Act::Finish);
        acts
    }

    fn pieces(&mut self, pieces: Vec<Piece>) -> Vec<Act> {
        let mut acts = Vec::new();
        for piece in pieces {
            if self.is_over || matches!(acts.last(), Some(Act::Silence | Act::Finish)) {
                break;
            }
            self.piece(piece, &mut acts);
        }
        acts
    }

    fn piece(&mut self, piece: Piece, acts: &mut Vec<Act>) {
        let mut bytes = piece.bytes;
        for phase in piece.phases {
            if !self.strike(phase, &mut bytes, acts) {
                return;
            }
        }
        if self.longest.is_some_and(|longest| bytes.len() > longest) {
            self.is_silent = true;
            return acts.push(Act::Silence);
        }
        if piece.direction == Direction::ToClient {
            self.count(bytes, acts);
        } else if !bytes.is_empty() {
            acts.push(Act::Forward(bytes));
        }
        if piece.completes_client_hello && !self.is_over {
            self.strike(Phase::AfterClientHello, &mut Bytes::new(), acts);
        }
    }

    /// Forwards to the client, and stops where an `after=N` says.
    fn count(&mut self, mut bytes: Bytes, acts: &mut Vec<Act>) {
        while let Some(after) = self.next_stop(bytes.len()) {
            let until = usize::try_from(after - self.to_client).unwrap_or(usize::MAX);
            let first = bytes.split_to(until.min(bytes.len()));
            self.to_client = after;
            if !first.is_empty() {
                acts.push(Act::Forward(first));
            }
            if !self.strike(Phase::After(after), &mut Bytes::new(), acts) {
                return;
            }
        }
        self.to_client += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if !bytes.is_empty() {
            acts.push(Act::Forward(bytes));
        }
    }

    /// The nearest `after=N` within the next `length` bytes.
    fn next_stop(&self, length: usize) -> Option<u64> {
        let end = self.to_client.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        let stops = self.faults.iter().filter_map(|fault| match fault.at() {
            Phase::After(bytes) => Some(bytes),
            _ => None,
        });
        stops.filter(|stop| (self.to_client..=end).contains(stop)).min()
    }

    /// Does what is due at `phase`, once; says whether this direction goes on.
    fn strike(&mut self, phase: Phase, bytes: &mut Bytes, acts: &mut Vec<Act>) -> bool {
        let due: Vec<_> = self.faults.extract_if(.., |fault| fault.at() == phase).collect();
        for fault in due {
            match fault.what() {
                What::Delay(delay) => acts.push(Act::Pause(delay)),
                What::DropSegmentsOver(longest) => self.longest = Some(longest),
                What::TlsGarbage => *bytes = inverted(bytes),
                what => {
                    self.cut(what, phase, bytes, acts);
                    return false;
                }
            }
        }
        true
    }

    /// What ends the connection, or this direction of it.
    fn cut(&mut self, what: What, phase: Phase, bytes: &Bytes, acts: &mut Vec<Act>) {
        let end = |ending| Act::End(ending);
        match what {
            What::TcpHalfClose => acts.push(Act::Finish),
            What::TlsStall => {
                self.is_silent = true;
                acts.push(Act::Silence);
            }
            What::TlsAlert(number) => {
                // What comes next goes the other way only behind a ClientHello, which nobody has answered yet.
                let alert = Bytes::from(vec![21, 3, 3, 0, 2, 2, number]);
                let is_answer = phase == Phase::AfterClientHello;
                acts.push(if is_answer { Act::Answer(alert) } else { Act::Forward(alert) });
                acts.push(end(Ending::Close));
            }
            What::TlsTruncate => {
                acts.push(Act::Forward(bytes.slice(..bytes.len() / 2)));
                acts.push(end(Ending::Close));
            }
            What::TcpClose => acts.push(end(Ending::Close)),
            What::TcpStall => acts.push(end(Ending::Stall)),
            What::TcpReset
            | What::TcpRefuse
            | What::TcpDrop
            | What::Delay(_)
            | What::DropSegmentsOver(_)
            | What::TlsGarbage => acts.push(end(Ending::Reset)),
        }
        self.is_over = matches!(acts.last(), Some(Act::End(_)));
    }
}

/// Every bit of a record's content is the other way round; without a record, of everything.
fn inverted(bytes: &Bytes) -> Bytes {
    let is_record = bytes.first().is_some_and(|kind| (20..=24).contains(kind));
    let kept = if is_record { HEADER.min(bytes.len()) } else { 0 };
    let mut inverted = BytesMut::from(bytes.slice(..kept).as_ref());
    inverted.extend(bytes.slice(kept..).iter().map(|byte| !byte));
    inverted.freeze()
}

#[cfg(test)]
mod tests;
