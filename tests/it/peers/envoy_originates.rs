//! Envoy calls, our proxy terminates.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::mesh::conclusion;
use crate::peers::ends::{Backend, LARGE, dial, exchange, fifty, noise, rest, serve};
use crate::peers::envoy::{BACKENDS, MISTAKEN, Pair, REFUSED, SIX, STRANGER, THROUGH};
use crate::peers::stand::{DENIED, OURS, OURS_SIX, THEIRS, THEIRS_SIX};

#[tokio::test]
async fn we_terminate_what_envoy_originates() {
    let Some(pair) = Pair::start("we_terminate_what_envoy_originates").await else { return };
    let [echo, first, resets, _] = BACKENDS;
    let said: &'static [u8] = noise(5 << 20).leak();
    serve(&pair.stand.ours, OURS, echo, Backend::Echo);
    serve(&pair.stand.ours, OURS, first, Backend::SpeaksFirst(said));
    serve(&pair.stand.ours, OURS, resets, Backend::Resets(b"said before"));
    let through = |port| dial(&pair.stand.theirs, THEIRS, port + THROUGH);
    let record = async |port| pair.stand.record(|record| record.destination_port() == Some(port)).await;

    assert_eq!(exchange(through(echo), b"hello").await, (b"hello".to_vec(), true));
    let seen = record(echo).await;
    assert_eq!(conclusion(&seen), "ALLOW -");
    let identity = seen.source_party().identity.map(|id| id.to_string());
    assert_eq!(identity.as_deref(), Some("spiffe://cluster.local/ns/default/sa/theirs"));

    // All of it by IPv6: to Envoy, to our door, the authority, and to the backend.
    serve(&pair.stand.ours, OURS_SIX, echo, Backend::Echo);
    assert_eq!(
        exchange(dial(&pair.stand.theirs, THEIRS_SIX, SIX), b"hello").await,
        (b"hello".to_vec(), true)
    );
    assert_eq!(conclusion(&*pair.stand.record_for(OURS_SIX, echo).await), "ALLOW -");

    // The backend finishes first; both halves of a stream end by themselves here.
    assert_eq!(rest(&mut through(first)).await, (said.to_vec(), true));
    assert_eq!(conclusion(&*record(first).await), "ALLOW -");

    // To its own client Envoy says nothing of a reset or a refusal: it closes, cleanly (1.40). Our record knows.
    let mut stream = through(resets);
    let mut words = [0; 11];
    stream.read_exact(&mut words).await.unwrap();
    stream.write_all(b"x").await.unwrap();
    assert_eq!((&words, rest(&mut stream).await), (b"said before", (Vec::new(), true)));
    for (port, expect) in [
        (resets, "FAIL CONNECT relay.backend_reset at relay"),
        (REFUSED, "FAIL CONNECT dial.refused at dial"),
        (DENIED, "DENY DENY authz.denied_by_policy at authz"),
    ] {
        if port != resets {
            assert_eq!(rest(&mut through(port)).await, (Vec::new(), true));
        }
        assert_eq!(conclusion(&*record(port).await), expect);
    }

    let bytes = noise(LARGE);
    let (answer, clean) = exchange(through(echo), &bytes).await;
    assert!(clean && answer == bytes, "{} of {LARGE} bytes", answer.len());

    fifty(|| through(echo)).await;

    // Envoy expects somebody else and ends the handshake; then it is the stranger, and we do.
    assert_eq!(rest(&mut dial(&pair.stand.theirs, THEIRS, MISTAKEN)).await, (Vec::new(), true));
    let refused = pair.stand.record(|record| record.code() == Some("tls.refused_certificate_unknown")).await;
    assert!(refused.failure().unwrap().error.contains("AlertReceived(CertificateUnknown)"));
    assert_eq!(rest(&mut dial(&pair.stand.theirs, THEIRS, STRANGER)).await, (Vec::new(), true));
    let refused = pair.stand.record(|record| record.code() == Some("tls.wrong_trust_domain")).await;
    assert_eq!(refused.flag().to_string(), "TLS_FAILURE");
    pair.envoy.says("remote address:10.244.0.1:15008", "SSLV3_ALERT_CERTIFICATE_UNKNOWN").await;
}
