//! An HBONE server that breaks its own protocol, twenty times each. With `h2:max-streams=0` it is a race whether the client's
//! CONNECT is on its way before it hears of that: of 20, 17 were answered all the same.

use glasstunnel::lab::FaultyDoor::Hbone;

use super::{check, check_again};

#[tokio::test]
async fn what_the_source_says_of_a_server_that_breaks_the_protocol() {
    let table = "
        h2:goaway@preface         | FAIL | hbone.goaway CONNECT | no record | reset
        h2:goaway@connect         | FAIL | hbone.goaway CONNECT | no record | reset
        h2:goaway@answer          | ALLOW | ok | no record | answered
        h2:goaway@first-data      | FAIL | relay.backend_failed CONNECT | no record | reset
        h2:rst-stream@connect     | FAIL | hbone.broken CONNECT | no record | reset
        h2:rst-stream@answer      | FAIL | relay.backend_reset CONNECT | no record | reset
        h2:rst-stream@first-data  | FAIL | relay.backend_reset CONNECT | no record | reset
        h2:refuse-stream          | FAIL | hbone.refused CONNECT | no record | reset
        h2:max-streams=1          | ALLOW | ok | no record | answered
        h2:max-streams=0@answer   | ALLOW | ok | no record | answered
        h2:window=65535           | ALLOW | ok | no record | answered
        h2:status=401             | FAIL | hbone.status CONNECT | no record | reset
        h2:status=503             | FAIL | hbone.status CONNECT | no record | reset
        h2:http1                  | FAIL | hbone.not_http2 H2_HANDSHAKE_FAILURE | no record | reset
        h2:freeze@preface         | FAIL | hbone.answer_timeout CONNECT | no record | reset
        h2:freeze@connect         | FAIL | hbone.answer_timeout CONNECT | no record | reset
        h2:freeze@answer          | FAIL | hbone.ping_timeout at relay CONNECT | no record | reset
        h2:freeze@first-data      | FAIL | hbone.ping_timeout at relay CONNECT | no record | reset
        h2:vanish@connect         | FAIL | hbone.broken CONNECT | no record | reset
        h2:vanish@first-data      | FAIL | relay.backend_reset CONNECT | no record | reset
    ";
    check(Hbone, table).await;
}

/// The second connection finds the first one's tunnel in the pool. Not here, because it is a race: `h2:freeze@reuse`, of which
/// the deadline for the answer or a PING that is due by then tells first.
#[tokio::test]
async fn what_the_source_says_when_it_uses_a_tunnel_again() {
    let table = "
        h2:goaway@reuse         | ALLOW | ok | no record | answered
        h2:refuse-stream@reuse  | FAIL | hbone.refused CONNECT | no record | reset
        h2:rst-stream@reuse     | FAIL | hbone.broken CONNECT | no record | reset
        h2:status=503@reuse     | FAIL | hbone.status CONNECT | no record | reset
        h2:vanish@reuse         | FAIL | hbone.broken CONNECT | no record | reset
        h2:max-streams=0@answer | FAIL | hbone.no_room CONNECT | no record | reset
    ";
    check_again(Hbone, table).await;
}
