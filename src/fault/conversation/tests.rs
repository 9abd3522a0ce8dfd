//! What a scripted server says, without a socket.

use super::*;

fn frame(kind: u8, flags: u8, stream: u32, payload: &'static [u8]) -> Frame {
    Frame { kind, flags, stream, payload: Bytes::from_static(payload) }
}

fn connect(stream: u32) -> Frame {
    frame(HEADERS, 4, stream, b"")
}

/// All that is said to these frames, first words left out: `status=200/1`, `goaway/3`, `freeze`.
fn told(fault: &str, frames: &[Frame]) -> Vec<String> {
    let mut conversation = Conversation::new(fault.parse().unwrap());
    frames.iter().flat_map(|frame| conversation.hears(frame)).map(word).collect()
}

fn word(says: Says) -> String {
    let Says::Bytes(bytes) = says else { return format!("{says:?}").to_lowercase() };
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    match bytes.get(3) {
        None => "no room".to_owned(),
        Some(0) => format!("data/{}{}", number(5), if bytes[4] == 1 { " end" } else { "" }),
        Some(1) => format!("status={}/{}", String::from_utf8_lossy(&bytes[11..14]), number(5)),
        Some(3) => format!("reset={}/{}", number(9), number(5)),
        Some(4) if bytes.len() > 9 => format!("settings {}={}", bytes[10], number(11)),
        Some(4) => "settings".to_owned(),
        Some(7) => format!("goaway/{}", number(9)),
        Some(8) => "room".to_owned(),
        Some(_) => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

#[test]
fn each_fault_comes_in_its_phase() {
    let check = |fault: &str, expect: &[&str]| {
        assert_eq!(told(fault, &[connect(1), connect(3)]), expect, "{fault}");
    };
    check("h2:goaway@connect", &["goaway/0", "goaway/1"]);
    check("h2:goaway@reuse", &["status=200/1", "goaway/1"]);
    check("h2:goaway@answer", &["status=200/1", "goaway/1", "status=200/3", "goaway/3"]);
    check("h2:refuse-stream", &["reset=7/1", "reset=7/3"]);
    check("h2:refuse-stream@reuse", &["status=200/1", "reset=7/3"]);
    check("h2:rst-stream@connect", &["reset=8/1", "reset=8/3"]);
    check("h2:max-streams=0@answer", &["status=200/1", "settings 3=0", "status=200/3", "settings 3=0"]);
    check("h2:status=503@reuse", &["status=200/1", "status=503/3"]);
    check("h2:freeze@connect", &["freeze", "freeze"]);
    check("h2:freeze@reuse", &["status=200/1", "freeze"]);
    check("h2:vanish@reuse", &["status=200/1", "vanish"]);
}

#[test]
fn its_first_words() {
    let check = |fault: &str, expect: &[&str]| {
        let begun: Vec<String> =
            Conversation::new(fault.parse().unwrap()).begin().into_iter().map(word).collect();
        assert_eq!(begun, expect, "{fault}");
    };
    check("h2:goaway@connect", &["settings"]);
    check("h2:goaway@preface", &["settings", "goaway/0"]);
    check("h2:max-streams=1", &["settings 3=1"]);
    check("h2:window=16", &["settings 4=16"]);
    check("h2:freeze@preface", &["freeze"]);
    check("h2:vanish@preface", &["vanish"]);
    let mut http = Conversation::new("h2:http1".parse().unwrap()).begin();
    assert_eq!(http.pop(), Some(Says::Close));
    assert!(word(http.remove(0)).starts_with("HTTP/1.1 400"));
}

#[test]
fn a_request_is_answered_and_anything_else_comes_back() {
    let said = |payload, flags| told("h2:goaway@reuse", &[connect(1), frame(DATA, flags, 1, payload)]);
    assert_eq!(said(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 0)[1..], ["data/1 end", "room"]);
    assert_eq!(said(b"GET / HTTP/1.1\r\n\r\n", 0)[1..], ["data/1", "room"]);
    assert_eq!(said(b"hello", 0)[1..], ["data/1", "room"]);
    assert_eq!(said(b"", END_STREAM)[1..], ["data/1 end", "no room"]);
    let twice = [connect(1), frame(DATA, 0, 1, b"GET / HTTP/1.0\r\n\r\n"), frame(DATA, END_STREAM, 1, b"")];
    assert_eq!(told("h2:goaway@reuse", &twice).len(), 3, "nothing behind the end of a stream");
}

#[test]
fn who_does_not_read_gives_no_room() {
    let said = |payload| told("h2:window=16", &[connect(1), frame(DATA, 0, 1, payload)]);
    assert_eq!(said(b"GET / HTTP/1.0\r"), ["status=200/1"]);
    assert_eq!(said(b"GET / HTTP/1.0\r\n\r\n"), ["status=200/1", "data/1 end"]);
}
