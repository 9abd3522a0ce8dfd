//! Our proxy calls, Envoy terminates.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::mesh::conclusion;
use crate::peers::ends::{Backend, LARGE, dial, exchange, fifty, noise, rest, serve};
use crate::peers::envoy::{BACKENDS, Pair, REFUSED, SOMEBODY_ELSES};
use crate::peers::stand::{DENIED, THEIRS, THEIRS_SIX};

#[tokio::test]
async fn envoy_terminates_what_we_originate() {
    let Some(pair) = Pair::start("envoy_terminates_what_we_originate").await else { return };
    let [echo, first, resets, long] = BACKENDS;
    // Less than a stream's window, and much more.
    let (said, told): (&'static [u8], &'static [u8]) = (noise(900_000).leak(), noise(5 << 20).leak());
    serve(&pair.stand.theirs, THEIRS, long, Backend::SpeaksFirst(told));
    serve(&pair.stand.theirs, THEIRS, echo, Backend::Echo);
    serve(&pair.stand.theirs, THEIRS, first, Backend::SpeaksFirst(said));
    serve(&pair.stand.theirs, THEIRS, resets, Backend::Resets(b"said before"));
    let to = |port| dial(&pair.stand.ours, THEIRS, port);
    let concluded =
        async |port| conclusion(&*pair.stand.record(|record| record.destination_port() == Some(port)).await);

    // The client finishes first: what was on its way comes all the same.
    assert_eq!(exchange(to(echo), b"hello").await, (b"hello".to_vec(), true));
    assert_eq!(concluded(echo).await, "ALLOW -");

    // By IPv6, the authority too.
    assert_eq!(exchange(dial(&pair.stand.ours, THEIRS_SIX, echo), b"hello").await, (b"hello".to_vec(), true));
    assert_eq!(conclusion(&*pair.stand.record_for(THEIRS_SIX, echo).await), "ALLOW -");

    // The backend finishes first: END_STREAM, then RST_STREAM(NO_ERROR), which takes nothing from what came before it.
    assert_eq!(rest(&mut to(first)).await, (said.to_vec(), true));
    assert_eq!(concluded(first).await, "ALLOW -");

    // The same with more than our window holds: Envoy 1.40 may then drop the rest and say RST_STREAM(INTERNAL_ERROR).
    // Whatever part came is delivered, and nobody may take it for the whole.
    let (answer, clean) = rest(&mut to(long)).await;
    assert!(if clean { answer == told } else { told.starts_with(&answer) }, "{clean} {}", answer.len());
    assert_eq!(concluded(long).await == "ALLOW -", clean);

    // A backend that resets is a reset for the client, which has what was said before.
    let mut stream = to(resets);
    let mut words = [0; 11];
    stream.read_exact(&mut words).await.unwrap();
    stream.write_all(b"x").await.unwrap();
    assert_eq!((&words, rest(&mut stream).await), (b"said before", (Vec::new(), false)));
    assert_eq!(concluded(resets).await, "FAIL CONNECT relay.backend_reset at relay");

    // Envoy's refusals have bodies, which are no bytes of the connection; the first ends with RST_STREAM(CONNECT_ERROR).
    for (port, status) in [(REFUSED, "503 Service Unavailable"), (DENIED, "403 Forbidden")] {
        assert_eq!(rest(&mut to(port)).await, (Vec::new(), false));
        assert_eq!(concluded(port).await, "FAIL CONNECT hbone.status at hbone");
        let record = pair.stand.record(|record| record.destination_port() == Some(port)).await;
        assert_eq!(record.failure().unwrap().error, format!("http status: {status}"));
    }

    let bytes = noise(LARGE);
    let (answer, clean) = exchange(to(echo), &bytes).await;
    assert!(clean && answer == bytes, "{} of {LARGE} bytes", answer.len());

    fifty(|| to(echo)).await;

    // The certificate is Envoy's, whatever the address: we end the handshake and say why, to both sides.
    assert_eq!(rest(&mut dial(&pair.stand.ours, SOMEBODY_ELSES, echo)).await, (Vec::new(), false));
    let record = pair.stand.record(|record| {
        record.destination_party().workload.is_some_and(|workload| &*workload.name.name == "somebody-else")
    });
    let record = record.await;
    assert_eq!(conclusion(&record), "FAIL TLS_FAILURE tls.wrong_identity at tls");
    let error = &record.failure().unwrap().error;
    assert!(
        error.ends_with("sa/somebody-else), got spiffe://cluster.local/ns/default/sa/theirs))"),
        "{error}"
    );
    pair.envoy.says("remote address:10.244.0.1:", "SSLV3_ALERT_CERTIFICATE_UNKNOWN").await;
}
