//! Every fault of the wire at every phase where it makes sense, twenty times each. Not here, because they are races: a delay
//! that is longer than the deadline of whoever waits (which end gives up first?), and a reset or garbage in the place of the
//! CONNECT (has the destination read all of the preface? in 16 to 20 of 20 it has not, and its record says so), and a reset in
//! the place of the client's flight or of the preface (has the source written its preface? 19 to 20 of 20 agree).

use glasstunnel::lab::FaultyDoor::{Backend, Hbone};

use super::check;

#[tokio::test]
async fn resets() {
    let table = "
        tcp:refuse                  | FAIL | dial.refused CONNECT | no record | reset
        tcp:drop                    | FAIL | dial.hbone_timeout NETWORK_POLICY | no record | reset
        tcp:rst@accept              | FAIL | tls.reset TLS_FAILURE | no record | reset
        tcp:rst@connect             | FAIL | tls.reset TLS_FAILURE | tls.reset TLS_FAILURE | reset
        tcp:rst@client-hello        | FAIL | tls.reset TLS_FAILURE | tls.reset TLS_FAILURE | reset
        tcp:rst@after-client-hello  | FAIL | tls.reset TLS_FAILURE | tls.reset TLS_FAILURE | reset
        tcp:rst@server-hello        | FAIL | tls.reset TLS_FAILURE | tls.reset TLS_FAILURE | reset
        tcp:rst@after=3             | FAIL | tls.reset TLS_FAILURE | tls.reset TLS_FAILURE | reset
        tcp:rst@certificate         | FAIL | tls.reset TLS_FAILURE | tls.reset TLS_FAILURE | reset
        tcp:rst@answer              | FAIL | hbone.broken CONNECT | relay.client_reset CONNECT | reset
        tcp:rst@first-data          | FAIL | relay.backend_reset CONNECT | relay.client_reset CONNECT | reset
    ";
    check(Hbone, table).await;
}

#[tokio::test]
async fn ends_that_look_clean() {
    let table = "
        tcp:close@accept                | FAIL | tls.eof TLS_FAILURE | no record | reset
        tcp:close@connect               | FAIL | tls.eof TLS_FAILURE | tls.eof TLS_FAILURE | reset
        tcp:close@client-hello          | FAIL | tls.eof TLS_FAILURE | tls.eof TLS_FAILURE | reset
        tcp:close@server-hello          | FAIL | tls.eof TLS_FAILURE | tls.eof TLS_FAILURE | reset
        tcp:close@certificate           | FAIL | tls.eof TLS_FAILURE | tls.eof TLS_FAILURE | reset
        tcp:close@client-certificate    | FAIL | hbone.broken CONNECT | tls.eof TLS_FAILURE | reset
        tcp:close@handshake-done        | FAIL | hbone.broken CONNECT | hbone.handshake H2_HANDSHAKE_FAILURE | reset
        tcp:close@connect-request       | FAIL | hbone.broken CONNECT | no record | reset
        tcp:close@answer                | FAIL | hbone.broken CONNECT | relay.client_failed CONNECT | reset
        tcp:close@first-data            | FAIL | relay.backend_failed CONNECT | relay.client_failed CONNECT | reset
        tcp:half-close@client-hello     | FAIL | tls.eof TLS_FAILURE | tls.eof TLS_FAILURE | reset
        tcp:half-close@server-hello     | FAIL | tls.eof TLS_FAILURE | tls.eof TLS_FAILURE | reset
        tcp:half-close@connect-request  | FAIL | hbone.broken CONNECT | no record | reset
        tcp:half-close@answer           | FAIL | hbone.broken CONNECT | relay.client_failed CONNECT | reset
        tcp:half-close@first-data       | FAIL | relay.backend_failed CONNECT | relay.client_failed CONNECT | reset
    ";
    check(Hbone, table).await;
}

#[tokio::test]
async fn silence() {
    let table = "
        tcp:stall@connect             | FAIL | tls.timeout TLS_FAILURE | tls.timeout TLS_FAILURE | reset
        tcp:stall@certificate         | FAIL | tls.timeout TLS_FAILURE | tls.timeout TLS_FAILURE | reset
        tcp:stall@client-certificate  | FAIL | hbone.answer_timeout CONNECT | tls.timeout TLS_FAILURE | reset
        tcp:stall@connect-request     | FAIL | hbone.answer_timeout CONNECT | no record | reset
        tcp:stall@first-data          | FAIL | hbone.ping_timeout at relay CONNECT | hbone.ping_timeout at relay CONNECT | reset
        tls:stall@client-hello        | FAIL | tls.timeout TLS_FAILURE | tls.timeout TLS_FAILURE | reset
        tls:stall@certificate         | FAIL | tls.timeout TLS_FAILURE | tls.timeout TLS_FAILURE | reset
        tls:stall@client-certificate  | FAIL | hbone.answer_timeout CONNECT | tls.timeout TLS_FAILURE | reset
        tls:stall@answer              | FAIL | hbone.answer_timeout CONNECT | relay.client_reset CONNECT | reset
        drop-segments-over=600        | FAIL | tls.timeout TLS_FAILURE | tls.timeout TLS_FAILURE | reset
    ";
    check(Hbone, table).await;
}

#[tokio::test]
async fn what_does_no_harm() {
    let table = "
        drop-segments-over=1400      | ALLOW | ok | ok | answered
        delay=300ms@server-hello     | ALLOW | ok | ok | answered
        delay=300ms@connect-request  | ALLOW | ok | ok | answered
        delay=300ms@answer           | ALLOW | ok | ok | answered
    ";
    check(Hbone, table).await;
}

#[tokio::test]
async fn damage() {
    let (alert, table) = ("tls:alert=handshake_failure", "
        ALERT@client-hello              | FAIL | tls.eof TLS_FAILURE | tls.refused_handshake_failure TLS_FAILURE | reset
        ALERT@after-client-hello        | FAIL | tls.refused_handshake_failure TLS_FAILURE | tls.eof TLS_FAILURE | reset
        ALERT@server-hello              | FAIL | tls.refused_handshake_failure TLS_FAILURE | tls.eof TLS_FAILURE | reset
        tls:garbage@client-hello        | FAIL | tls.eof TLS_FAILURE | tls.malformed TLS_FAILURE | reset
        tls:garbage@server-hello        | FAIL | tls.malformed TLS_FAILURE | tls.eof TLS_FAILURE | reset
        tls:garbage@certificate         | FAIL | tls.misbehaved TLS_FAILURE | tls.refused TLS_FAILURE | reset
        tls:garbage@client-certificate  | FAIL | tls.refused TLS_FAILURE | tls.misbehaved TLS_FAILURE | reset
        tls:garbage@answer              | FAIL | tls.misbehaved TLS_FAILURE | relay.client_failed CONNECT | reset
        tls:truncate@client-hello       | FAIL | tls.eof TLS_FAILURE | tls.eof TLS_FAILURE | reset
        tls:truncate@server-hello       | FAIL | tls.eof TLS_FAILURE | tls.eof TLS_FAILURE | reset
        tls:truncate@certificate        | FAIL | tls.eof TLS_FAILURE | tls.eof TLS_FAILURE | reset
        tls:truncate@client-certificate | FAIL | hbone.broken CONNECT | tls.eof TLS_FAILURE | reset
        tls:truncate@connect-request    | FAIL | hbone.broken CONNECT | no record | reset
        tls:truncate@answer             | FAIL | hbone.broken CONNECT | relay.client_failed CONNECT | reset
    ");
    check(Hbone, &table.replace("ALERT", alert)).await;
}

#[tokio::test]
async fn behind_the_destinations_proxy() {
    let table = "
        tcp:refuse             | FAIL | hbone.status CONNECT | dial.refused CONNECT | reset
        tcp:rst@connect        | FAIL | relay.backend_reset CONNECT | relay.backend_reset CONNECT | reset
        tcp:rst@first-data     | FAIL | relay.backend_reset CONNECT | relay.backend_reset CONNECT | reset
        tcp:rst@answer         | FAIL | relay.backend_reset CONNECT | relay.backend_reset CONNECT | reset
        tcp:rst@after=20       | FAIL | relay.backend_reset CONNECT | relay.backend_reset CONNECT | reset
        tcp:close@after=20     | ALLOW | ok | ok | answered 20 bytes
        tcp:half-close@answer  | ALLOW | ok | ok | answered 0 bytes
    ";
    check(Backend(3000), table).await;
}
