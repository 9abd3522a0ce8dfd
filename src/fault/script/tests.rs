//! Tests of the script: what is done, fault by fault.

use super::*;

const UP: Direction = Direction::ToServer;
const DOWN: Direction = Direction::ToClient;

/// A ClientHello of four bytes, and a record that answers it.
const HELLO: &[u8] = &[22, 3, 1, 0, 4, 1, 0, 0, 0];
const SERVER_HELLO: &[u8] = &[22, 3, 3, 0, 4, 2, 0, 0, 0];

fn script(faults: &str) -> Script {
    let faults: Vec<Fault> = faults.split_whitespace().map(|text| text.parse().unwrap()).collect();
    Script::new(&faults)
}

fn one(act: &Act) -> &[Act] {
    std::slice::from_ref(act)
}

fn forward(bytes: &[u8]) -> Act {
    Act::Forward(Bytes::copy_from_slice(bytes))
}

#[test]
fn without_faults_everything_passes() {
    let mut script = script("");
    assert_eq!(script.reach(Phase::Connect), []);
    assert_eq!(script.read(UP, HELLO), [forward(HELLO)]);
    assert_eq!(script.read(DOWN, &SERVER_HELLO[..3]), []);
    assert_eq!(script.finished(DOWN), [forward(&SERVER_HELLO[..3]), Act::Finish]);
}

#[test]
fn what_happens_in_the_place_of_bytes_and_behind_them() {
    let check = |faults: &str, up: &[Act], down: &[Act]| {
        let mut script = script(faults);
        assert_eq!(script.read(UP, HELLO), up, "{faults}");
        if !matches!(up.last(), Some(Act::End(_))) {
            assert_eq!(script.read(DOWN, SERVER_HELLO), down, "{faults}");
        }
    };
    let (hello, passed) = (forward(HELLO), [forward(SERVER_HELLO)]);
    let alert = Bytes::from_static(&[21, 3, 3, 0, 2, 2, 40]);
    let [reset, close, stall] = [Ending::Reset, Ending::Close, Ending::Stall].map(Act::End);
    check("tcp:rst@client-hello", one(&reset), &[]);
    check("tcp:rst@after-client-hello", &[hello.clone(), reset.clone()], &[]);
    check("tcp:stall@server-hello", one(&hello), &[stall]);
    check("tcp:half-close@client-hello", &[Act::Finish], &passed);
    check("tls:stall@server-hello", one(&hello), &[Act::Silence]);
    check("tls:truncate@server-hello", one(&hello), &[forward(&SERVER_HELLO[..4]), close.clone()]);
    check("tls:garbage@server-hello", one(&hello), &[forward(&[22, 3, 3, 0, 4, 253, 255, 255, 255])]);
    let answered = [hello.clone(), Act::Answer(alert.clone()), close.clone()];
    check("tls:alert=handshake_failure@after-client-hello", &answered, &[]);
    let replaced = [Act::Forward(alert), close];
    check("tls:alert=handshake_failure@server-hello", one(&hello), &replaced);
    let late = [Act::Pause(Duration::from_millis(300)), forward(SERVER_HELLO)];
    check("delay=300ms@server-hello", one(&hello), &late);
    check("delay=300ms@server-hello tcp:rst@server-hello", &[hello], &[late[0].clone(), reset]);
}

#[test]
fn a_small_path_loses_what_is_long_and_all_behind_it() {
    let mut script = script("drop-segments-over=8");
    assert_eq!(script.read(UP, HELLO), [forward(HELLO)], "nobody has connected yet");
    script.reach(Phase::Connect);
    assert_eq!(script.read(DOWN, &SERVER_HELLO[..8]), []);
    assert_eq!(script.read(DOWN, &SERVER_HELLO[8..]), [Act::Silence]);
}

#[test]
fn so_many_bytes_to_the_client_and_no_more() {
    let mut counting = script("tcp:rst@after=6");
    assert_eq!(counting.read(UP, b"GET / HTTP/1.0"), [forward(b"GET / HTTP/1.0")]);
    assert_eq!(counting.read(DOWN, b"HTTP"), [forward(b"HTTP")]);
    assert_eq!(counting.read(DOWN, b"/1.0 200"), [forward(b"/1"), Act::End(Ending::Reset)]);
    let exact = script("tcp:rst@after=4").read(DOWN, b"HTTP");
    assert_eq!(exact, [forward(b"HTTP"), Act::End(Ending::Reset)]);
    let never = script("delay=1s@after=0").read(DOWN, b"HTTP");
    assert_eq!(never, [Act::Pause(Duration::from_secs(1)), forward(b"HTTP")]);
}
