//! Tests of the texts: what is shown is read back, and who errs is shown the nearest.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::fault::endpoint_fault::{EndpointFault, EndpointPhase, EndpointWhat};
use crate::fault::injected::Injected;

fn phases() -> impl Strategy<Value = Phase> {
    let named: Vec<_> = Phase::named().collect();
    prop_oneof![prop::sample::select(named), any::<u64>().prop_map(Phase::After)]
}

fn whats() -> impl Strategy<Value = What> {
    prop_oneof![
        prop::sample::select(vec![
            What::TcpReset,
            What::TcpClose,
            What::TcpHalfClose,
            What::TcpStall,
            What::TcpRefuse,
            What::TcpDrop,
            What::TlsGarbage,
            What::TlsTruncate,
            What::TlsStall,
        ]),
        any::<u64>().prop_map(|nanoseconds| What::Delay(Duration::from_nanos(nanoseconds))),
        any::<usize>().prop_map(What::DropSegmentsOver),
        any::<u8>().prop_map(What::TlsAlert),
    ]
}

fn endpoint_faults() -> impl Strategy<Value = (EndpointWhat, EndpointPhase)> {
    let whats = prop_oneof![
        Just(EndpointWhat::GoAway),
        Just(EndpointWhat::ResetStream),
        Just(EndpointWhat::RefuseStream),
        Just(EndpointWhat::Http1),
        Just(EndpointWhat::Freeze),
        Just(EndpointWhat::Vanish),
        any::<u32>().prop_map(EndpointWhat::MaxStreams),
        (0..=0x7fff_ffffu32).prop_map(EndpointWhat::Window),
        (200..1000u16).prop_map(EndpointWhat::Status),
    ];
    let phases = prop::sample::select(vec![
        EndpointPhase::Preface,
        EndpointPhase::Connect,
        EndpointPhase::Reuse,
        EndpointPhase::Answer,
        EndpointPhase::FirstData,
    ]);
    (whats, phases)
}

proptest! {
    #[test]
    fn what_is_shown_is_read_back(what in whats(), at in phases()) {
        if let Ok(fault) = Fault::new(what, at) {
            prop_assert_eq!(fault.to_string().parse(), Ok(fault));
            prop_assert_eq!(fault.to_string().parse(), Ok(Injected::Wire(fault)));
        } else {
            let text = format!("{what}@{at}");
            prop_assert!(text.parse::<Fault>().is_err());
        }
    }

    #[test]
    fn what_is_shown_of_an_endpoint_is_read_back((what, at) in endpoint_faults()) {
        if let Ok(fault) = EndpointFault::new(what, at) {
            prop_assert_eq!(fault.to_string().parse(), Ok(Injected::Endpoint(fault)));
        }
    }

    #[test]
    fn nothing_that_is_written_panics(text in ".{0,40}") {
        let _ = text.parse::<Injected>();
    }
}

#[test]
fn the_texts_of_the_issue() {
    for text in [
        "tcp:rst@after-client-hello",
        "tls:stall@certificate",
        "delay=300ms@server-hello",
        "drop-segments-over=1400",
        "tcp:refuse",
        "tcp:rst@after=100",
        "tls:alert=handshake_failure@server-hello",
        "h2:goaway@connect",
        "h2:rst-stream@answer",
        "h2:max-streams=1",
        "h2:status=503",
    ] {
        assert_eq!(text.parse::<Injected>().unwrap().to_string(), text);
    }
}

#[test]
fn who_errs_is_shown_the_nearest() {
    let check = |text: &str, expect: &str| {
        let error = text.parse::<Injected>().unwrap_err().to_string();
        assert!(error.contains(expect), "{text}: {error}");
    };
    check("tcp:rts@connect", "found \"tcp:rts\"; the nearest is tcp:rst");
    check("tcp:rst@server-helo", "found \"server-helo\"; the nearest is server-hello");
    check("tcp:rst", "expected a phase, as in tcp:rst@after-client-hello, found none");
    check("tls:alert=unknown-ca@client-hello", "the nearest is unknown_ca");
    check(
        "tls:alert=unknown_ca@certificate",
        "at client-hello, after-client-hello, server-hello, found it at cert",
    );
    check("delay=3@connect", "expected a duration such as 300ms or 2s in delay, found \"3\"");
    check("drop-segment-over=1400", "the nearest is drop-segments-over");
    check("h2:go-away@connect", "the nearest is h2:goaway");
    check("h2:goaway@conect", "the nearest is connect");
    check("h2:status=99", "expected a status from 200 to 999");
    check("quantum", "expected a fault such as");
}
