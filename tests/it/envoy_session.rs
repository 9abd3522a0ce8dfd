//! The README's session with Envoy is what happens, whichever side it is on.

use crate::netns::bridge;
use crate::peers::{KEPT, peer};
use crate::side_by_side::{Manners, hold};

const README: &str = include_str!("../../README.md");
const MARKER: &str = "<!-- session: tests/it/envoy_session.rs -->";
const PAIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/envoy/pair");

#[tokio::test]
async fn the_session_with_envoy_is_true() {
    let test = "the_session_with_envoy_is_true";
    let Some(program) = peer(KEPT, "envoy", test) else { return };
    if bridge(test).is_none() {
        return;
    }
    let program = format!("ENVOY_BIN={}", program.display());
    let check = async |client, server, expect: &[&str]| {
        let logs =
            hold((README, MARKER), &["env", &program, PAIR, client, server], Manners::MayCloseEarly).await;
        for words in expect {
            assert!(logs.contains(words), "{client} to {server}: no {words:?} in\n{logs}");
        }
    };
    let refused = "http status: 403 Forbidden";
    assert!(README.contains(refused));
    let theirs = "CONNECT 10.244.0.2:8081 from spiffe://cluster.local/ns/default/sa/client: 403 \
                  rbac_access_denied_matched_policy[no-clients]";
    check("glasstunnel", "envoy", &[&format!("error=\"{refused}\""), theirs]).await;
    let ours = "connection closed due to policy rejection: explicitly denied by: default/no-clients";
    check(
        "envoy",
        "glasstunnel",
        &[&format!("error=\"{ours}\""), "CONNECT 10.244.0.2:8081 at 10.244.0.2:15008"],
    )
    .await;
}
