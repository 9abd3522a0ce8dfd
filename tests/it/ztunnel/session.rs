//! The README's session next to a real ztunnel is what happens: its commands are run, in a view of the machine of their own.

use crate::netns::bridge;
use crate::pair::{environment, tell};
use crate::side_by_side::{Manners, hold};

const README: &str = include_str!("../../../README.md");
const MARKER: &str = "<!-- session: tests/it/ztunnel/session.rs -->";
const PAIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/ztunnel/pair");

#[tokio::test]
async fn the_session_next_to_a_ztunnel_is_true() {
    let test = "the_session_next_to_a_ztunnel_is_true";
    if environment("ZTUNNEL_BIN").is_none() {
        return tell(&format!("skipped: {test}: ZTUNNEL_BIN is not set"));
    }
    if bridge(test).is_none() {
        return;
    }
    for sides in [["glasstunnel", "ztunnel"], ["ztunnel", "glasstunnel"]] {
        // The real one as the client's may close before it has heard what curl says; ours hears it out.
        let manners = if sides[0] == "ztunnel" { Manners::MayCloseEarly } else { Manners::HearsOut };
        let logs = hold((README, MARKER), &[&[PAIR][..], &sides].concat(), manners).await;
        for error in [
            "http status: 401 Unauthorized",
            "connection closed due to policy rejection: explicitly denied by: default/no-clients",
        ] {
            assert!(
                README.contains(error) && logs.contains(&format!("error=\"{error}\"")),
                "{sides:?} {logs}"
            );
        }
    }
}
