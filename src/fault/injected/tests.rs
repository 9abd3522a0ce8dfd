//! Faults of clocks and of the CA as texts; those of wires and endpoints are tested where they are.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

#[test]
fn texts_are_read_and_written() {
    let texts = [
        "clock=+25h",
        "clock=-30s",
        "clock=+0s",
        "clock=-90ms",
        "ca:down",
        "ca:deny",
        "ca:slow=30s",
        "ca:wrong-identity",
        "ca:empty-chain",
        "ca:other-key",
        "ca:sec1-key",
    ];
    for text in texts {
        assert_eq!(text.parse::<Injected>().unwrap().to_string(), text);
    }
}

#[test]
fn mistakes_say_what_was_meant() {
    let check = |text: &str, says: &str| {
        let error = text.parse::<Injected>().unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    };
    check("ca:dwon", "the nearest is ca:down");
    check("ca:slow", "the nearest is ca:slow");
    check("ca:slow=5", "a duration such as 300ms or 2s");
    check("ca-deny", "the nearest is ca:deny");
    check("clock=25h", "a time ahead or behind such as +25h or -30s");
    check("clock=+25", "such as +25h");
    check("clock=+900000h", "such as +25h");
    check("clock=+1ns", "such as +25h");
    check("clocks=+25h", "the nearest is clock=+25h");
    check("cloc=+25h", "the nearest is clock=+25h");
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(milliseconds in -4_000_000_000_000_i64..4_000_000_000_000, delay: u32) {
        let clock = Injected::Clock(ClockFault::new(time::Duration::milliseconds(milliseconds)));
        prop_assert_eq!(clock.to_string().parse(), Ok(clock));
        let slow = Injected::Ca(CaFault::Slow(Duration::from_millis(delay.into())));
        prop_assert_eq!(slow.to_string().parse(), Ok(slow));
    }

    #[test]
    fn a_clock_is_never_wrong_beyond_a_century(seconds: i64, nanoseconds: i32) {
        let fault = ClockFault::new(time::Duration::new(seconds, nanoseconds));
        prop_assert!(fault.ahead().abs() <= time::Duration::days(36_525));
        prop_assert_eq!(fault.to_string().parse(), Ok(Injected::Clock(fault)));
    }
}
