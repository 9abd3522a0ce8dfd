//! An HBONE server that breaks its own protocol, twenty times each. With `h2:max-streams=0` it is a race whether the client's
//! CONNECT is on its way before it hears of that: of 20, 17 were answered all the same.

use glasstunnel::lab::FaultyDoor::Hbone;

use super::check;

#[tokio::test]
async fn what_the_source_says_of_a_server_that_breaks_the_protocol() {
    let table = "
        h2:goaway@preface         | FAIL | hbone.broken CONNECT | no record | reset
        h2:goaway@connect         | FAIL | hbone.broken CONNECT | no record | reset
        h2:goaway@answer          | ALLOW | ok | no record | answered 24 bytes
        h2:goaway@first-data      | FAIL | relay.backend_failed CONNECT | no record | reset
        h2:rst-stream@connect     | FAIL | hbone.broken CONNECT | no record | reset
        h2:rst-stream@answer      | FAIL | relay.backend_reset CONNECT | no record | reset
        h2:rst-stream@first-data  | FAIL | relay.backend_reset CONNECT | no record | reset
        h2:max-streams=1          | ALLOW | ok | no record | answered 24 bytes
        h2:status=401             | FAIL | hbone.status CONNECT | no record | reset
        h2:status=503             | FAIL | hbone.status CONNECT | no record | reset
    ";
    check(Hbone, table).await;
}
