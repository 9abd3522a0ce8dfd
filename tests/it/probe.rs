//! `probe` against doors whose mode is known, servers whose protocol is, and programs that are not ours.

#[path = "probe/servers.rs"]
mod servers;
#[path = "probe/foreign.rs"]
mod foreign;

use std::net::SocketAddr;
use std::time::Duration;

use glasstunnel::hbone::Authority;
use glasstunnel::identity::{Credential, Svid};
use glasstunnel::lab::Lab;
use glasstunnel::mesh::Semantics;
use glasstunnel::policy::MtlsMode;
use glasstunnel::probe::{Attempt, Cell, Confidence, End, Kind, LIMIT, Options, Probed, Trial, run};

use crate::mesh::Plan;
use servers::Serving;

const MODES: [(&str, MtlsMode); 3] =
    [("STRICT", MtlsMode::Strict), ("PERMISSIVE", MtlsMode::Permissive), ("DISABLE", MtlsMode::Disable)];

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

fn options() -> Options {
    Options {
        name: "127.0.0.1".to_owned(),
        client: None,
        authority: None,
        timeout: PATIENCE,
        pause: Duration::ZERO,
        // A door under ztunnel's semantics looks for 100 ms before it cuts.
        listen: Duration::from_millis(800),
    }
}

fn with(svid: &Svid) -> Options {
    let client = Credential { chain: svid.chain.clone(), roots: Vec::new(), key: Some(svid.key.clone()) };
    Options { client: Some(client), ..options() }
}

async fn lab(semantics: Semantics, mode: &str, backend: &str) -> Lab {
    Plan::new().server("server", backend).mode("server", mode).semantics(semantics).start().await
}

fn trials(probed: &Probed) -> Vec<Trial> {
    probed.attempts.iter().map(|attempt| attempt.trial).collect()
}

/// What the captured door's declared mode must look like: itself, or all that do the same.
fn looks_like(semantics: Semantics, mode: MtlsMode) -> Vec<Cell> {
    match (semantics, mode) {
        (Semantics::Ztunnel, MtlsMode::Permissive | MtlsMode::Disable) => {
            vec![Cell::ztunnel(MtlsMode::Permissive), Cell::ztunnel(MtlsMode::Disable)]
        }
        (semantics, mode) => vec![Cell { semantics, mode }],
    }
}

/// The inferred mode is the declared one: DESIGN section 2's table, cell by cell.
async fn captured(backend: &str, timeout: Duration) {
    let cell = |semantics, mode| captured_cell(semantics, mode, backend, timeout);
    let [strict, permissive, disable] = MODES;
    tokio::join!(
        cell(Semantics::Istio, strict),
        cell(Semantics::Istio, permissive),
        cell(Semantics::Istio, disable),
        cell(Semantics::Ztunnel, strict),
        cell(Semantics::Ztunnel, permissive),
        cell(Semantics::Ztunnel, disable),
    );
}

/// One cell, with a certificate and without.
async fn captured_cell(
    semantics: Semantics,
    (word, mode): (&str, MtlsMode),
    backend: &str,
    timeout: Duration,
) {
    let lab = lab(semantics, word, backend).await;
    let door = lab.captured("server", 3000).unwrap();
    let sniffs = semantics == Semantics::Istio && mode != MtlsMode::Disable;
    for options in [options(), with(&lab.svid("curl-client").unwrap())] {
        let probed = run(door, &Options { timeout, ..options.clone() }).await;
        let cell = format!("{semantics} {word} before {backend}: {probed:#?}");
        assert_eq!(probed.finding.behaves, looks_like(semantics, mode), "{cell}");
        // Only who says nothing at all, with no mode that shows, leaves it open whether anybody is there.
        let unsure = probed.finding.confidence == Confidence::CannotTell;
        assert_eq!(unsure, backend == "silent" && probed.finding.behaves.len() == 2, "{cell}");
        assert_eq!(probed.finding.kind == Kind::Sniffing, sniffs, "{cell}");
        assert_eq!(probed.finding.identity.is_some(), sniffs, "{cell}");
        let untried = sniffs && options.client.is_none();
        assert_eq!(probed.untried, untried.then_some(Trial::SidecarMtls), "{cell}");
        let accepted = probed.attempts.iter().any(Attempt::is_accepted);
        assert_eq!(accepted, sniffs && options.client.is_some(), "{cell}");
    }
}

#[tokio::test]
async fn every_mode_at_the_captured_door_of_an_http_server() {
    Box::pin(captured("http", PATIENCE)).await;
}

#[tokio::test]
async fn every_mode_at_the_captured_door_of_an_echo_server() {
    Box::pin(captured("echo", PATIENCE)).await;
}

#[tokio::test]
async fn every_mode_at_the_captured_door_of_an_application_with_tls() {
    Box::pin(captured("tls", PATIENCE)).await;
}

#[tokio::test]
async fn every_mode_at_the_captured_door_of_a_server_that_speaks_first() {
    Box::pin(captured("server-first", PATIENCE)).await;
}

/// Every attempt that reaches the server ends with our patience.
#[tokio::test]
async fn every_mode_at_the_captured_door_of_a_silent_server() {
    Box::pin(captured("silent", Duration::from_secs(2))).await;
}

/// A tunnel door tells less: which modes would do what it did.
#[tokio::test]
async fn every_mode_at_the_tunnel_door() {
    for semantics in [Semantics::Istio, Semantics::Ztunnel] {
        for (word, mode) in MODES {
            let lab = lab(semantics, word, "http").await;
            let door = lab.hbone("server").unwrap();
            let bare = run(door, &options()).await;
            assert_eq!((bare.finding.kind, bare.untried), (Kind::Hbone, Some(Trial::Hbone)), "{bare:#?}");
            let authority = Authority::Address(lab.workload("server").unwrap().address(3000).0);
            let known = Options { authority: Some(authority), ..with(&lab.svid("curl-client").unwrap()) };
            let probed = run(door, &known).await;
            let (refused, cell) =
                (semantics == Semantics::Istio && mode == MtlsMode::Disable, Cell { semantics, mode });
            assert_eq!((probed.finding.kind, probed.finding.confidence), (Kind::Hbone, Confidence::Certain));
            let status = End::Status(if refused { 401 } else { 200 });
            assert_eq!(probed.attempts.last().unwrap().end, status, "{probed:#?}");
            assert!(probed.finding.behaves.contains(&cell), "{cell}: {probed:#?}");
            assert_eq!(
                probed.finding.behaves.contains(&Cell::istio(MtlsMode::Disable)),
                refused,
                "{probed:#?}"
            );
        }
    }
}

/// The CONNECT that is sent unless another was asked for reaches no application.
#[tokio::test]
async fn the_door_itself_is_asked_for_by_default() {
    let lab = lab(Semantics::Istio, "STRICT", "http").await;
    let probed = run(lab.hbone("server").unwrap(), &with(&lab.svid("curl-client").unwrap())).await;
    assert_eq!(trials(&probed), [Trial::Raw, Trial::Tls, Trial::Sidecar, Trial::Hbone]);
    let end = &probed.attempts.last().unwrap().end;
    assert!(matches!(end, End::Status(400 | 503)), "{probed:#?}");
    let finding = &probed.finding;
    assert_eq!(
        (finding.kind, finding.confidence, finding.behaves.len()),
        (Kind::Hbone, Confidence::Certain, 0)
    );
}

/// A certificate of another CA: both doors say so late, after the client believes the handshake to be done.
#[tokio::test]
async fn a_refused_certificate_is_told_by_its_alert() {
    let lab = lab(Semantics::Istio, "STRICT", "http").await;
    let stranger = crate::desk::authority("cluster.local", 3600);
    let id = lab.workload("curl-client").unwrap().identity.clone();
    let options = with(&stranger.issue_now(&id).unwrap());
    for (door, kind) in [(lab.captured("server", 3000), Kind::Sniffing), (lab.hbone("server"), Kind::Hbone)] {
        let probed = run(door.unwrap(), &options).await;
        assert_eq!(probed.finding.kind, kind, "{probed:#?}");
        let last = probed.attempts.last().unwrap();
        assert!(last.trial.needs_certificate() && last.alert().is_some(), "{probed:#?}");
        let said = probed.finding.because.last().unwrap();
        assert!(said.starts_with("our certificate is refused with the alert"), "{said}");
    }
}

async fn check(to: SocketAddr, options: &Options, kind: Kind, expect: &[Trial]) -> Probed {
    let probed = run(to, options).await;
    assert_eq!((probed.finding.kind, trials(&probed).as_slice()), (kind, expect), "{probed:#?}");
    assert!(probed.attempts.len() <= LIMIT);
    probed
}

#[tokio::test]
async fn servers_without_a_mesh() {
    const THREE: [Trial; 3] = [Trial::Raw, Trial::Tls, Trial::Sidecar];
    let echo = Serving::echo().await;
    check(echo.at, &options(), Kind::Plaintext, &THREE).await;
    assert_eq!(echo.connections(), 3);
    let first = Serving::first().await;
    check(first.at, &options(), Kind::ServerFirst, &THREE).await;
    let short = Options { timeout: Duration::from_millis(300), ..options() };
    let silent = Serving::silent().await;
    let probed = check(silent.at, &short, Kind::Mute, &THREE).await;
    assert_eq!(probed.finding.confidence, Confidence::CannotTell);
    let gone = Serving::gone().await;
    let probed = check(gone, &options(), Kind::Closed, &[Trial::Raw]).await;
    assert_eq!(probed.attempts[0].end, End::Reset);
}
