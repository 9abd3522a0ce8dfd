//! Messages byte by byte, and what somebody on the network sees of a connection.

use crate::glass::field::Field;
use crate::glass::frames::Frame;
use crate::glass::message::{Message, MessageKind};
use crate::glass::opened::Wire;
use crate::glass::relay_events::Run;
use crate::glass::sequence::{Detail, Eavesdropper, Part};
use crate::glass::tapped::Direction;
use crate::glass::wire_events;
use crate::io;

/// How many bytes of a message are written out.
const MOST_HEX: usize = 4096;

/// A TLS message.
pub(crate) fn of_message(message: &Message) -> Detail {
    Detail {
        from: message.direction.sender().to_owned(),
        name: message.name().to_owned(),
        encrypted: message.encrypted,
        hex: hex(&message.bytes),
        length: message.bytes.len(),
        parts: message.fields.iter().map(part).collect(),
        eavesdropped: message.eavesdropped(),
    }
}

/// An HTTP/2 frame.
pub(crate) fn of_frame(frame: &Frame) -> Detail {
    Detail {
        from: frame.direction.sender().to_owned(),
        name: format!("HTTP/2 {}", wire_events::frame_name(frame)),
        encrypted: true,
        hex: hex(&frame.bytes),
        length: frame.bytes.len(),
        parts: frame.fields.iter().map(part).collect(),
        eavesdropped: "part of a record of type application_data: no name, no content".to_owned(),
    }
}

/// Bytes that an application said in the clear.
pub(crate) fn of_run(run: &Run<'_>) -> Detail {
    let from = match run.direction {
        io::Direction::Out => Direction::ToServer,
        io::Direction::In => Direction::ToClient,
    };
    let part = Part {
        name: "bytes".to_owned(),
        start: 0,
        end: run.bytes.len(),
        depth: 0,
        value: run.says(),
        meaning: "The application's own bytes, as its proxy relayed them.".to_owned(),
    };
    Detail {
        from: from.sender().to_owned(),
        name: "bytes".to_owned(),
        encrypted: false,
        hex: hex(&run.bytes),
        length: run.bytes.len(),
        parts: vec![part],
        eavesdropped: "all of it".to_owned(),
    }
}

fn part(field: &Field) -> Part {
    Part {
        name: field.name.to_string(),
        start: field.range.start,
        end: field.range.end,
        depth: field.depth,
        value: field.value.clone(),
        meaning: field.meaning.to_owned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(MOST_HEX).map(|byte| format!("{byte:02x}")).collect()
}

/// What somebody on the network sees of a TLS connection.
pub(crate) fn eavesdropper(wire: &Wire) -> Eavesdropper {
    let messages: Vec<&Message> = wire.messages().into_iter().map(|(_, message)| message).collect();
    let clear = messages.iter().filter(|message| !message.encrypted);
    let mut sees: Vec<String> =
        clear.filter(|message| is_worth_telling(message)).map(|it| in_the_clear(it)).collect();
    for direction in [Direction::ToServer, Direction::ToClient] {
        let mut records: Vec<_> = messages
            .iter()
            .filter(|message| message.encrypted && message.direction == direction)
            .map(|message| message.raw.clone())
            .collect();
        // Messages that share a record share its range.
        records.dedup();
        let bytes: usize = records.iter().map(|range| range.len()).sum();
        if !records.is_empty() {
            let count =
                if records.len() == 1 { "1 record".to_owned() } else { format!("{} records", records.len()) };
            sees.push(format!(
                "{count} of encrypted bytes from the {}, {bytes} bytes: when, and how long",
                direction.sender()
            ));
        }
    }
    let hidden = messages.iter().filter(|message| message.encrypted);
    let mut does_not_see: Vec<String> = Vec::new();
    for message in hidden {
        let what = match message.kind {
            MessageKind::Certificate => "who the two are: TLS 1.3 encrypts both certificates",
            MessageKind::CertificateRequest => "that a client certificate is demanded",
            MessageKind::Alert { .. } => "which alert it was, or that it was one",
            MessageKind::ApplicationData => "anything that is said: neither the CONNECT nor the bytes in it",
            _ => continue,
        };
        if !does_not_see.iter().any(|known| known == what) {
            does_not_see.push(what.to_owned());
        }
    }
    Eavesdropper { sees, does_not_see }
}

/// The same, of a connection in a tunnel that was there already.
pub(crate) fn eavesdropper_of_a_tunnel() -> Eavesdropper {
    let sees = ["records of the tunnel, in which this connection has no mark of its own: when, and how long"];
    let does_not_see = [
        "that a connection began or ended",
        "who the two are",
        "anything that is said: neither the CONNECT nor the bytes in it",
    ];
    Eavesdropper {
        sees: sees.map(str::to_owned).to_vec(),
        does_not_see: does_not_see.map(str::to_owned).to_vec(),
    }
}

fn is_worth_telling(message: &Message) -> bool {
    message.kind != MessageKind::ChangeCipherSpec
}

fn in_the_clear(message: &Message) -> String {
    let said = wire_events::says(message);
    format!("{} from the {}: {said}", message.name(), message.direction.sender())
}
