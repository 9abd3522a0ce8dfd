//! DESIGN section 2's table read backwards, and whatever else connections may do.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use std::time::Duration;

use super::*;
use crate::probe::attempt::Shown;
use crate::tls::Alert;
use MtlsMode::{Disable, Permissive, Strict};

const ID: &str = "spiffe://cluster.local/ns/default/sa/server";

fn alert(number: u8) -> End {
    End::Alert(Alert { number, name: "some" })
}

fn ended(trial: Trial, phase: Phase, end: End) -> Attempt {
    Attempt::ended(trial, phase, end, Duration::from_millis(1))
}

fn cut(trial: Trial) -> Attempt {
    let phase = if trial == Trial::Raw { Phase::Answer } else { Phase::Handshake };
    ended(trial, phase, End::Reset)
}

fn says(bytes: &str) -> Attempt {
    Attempt { bytes: bytes.into(), ..ended(Trial::Raw, Phase::Answer, End::Answered) }
}

fn no_tls(trial: Trial) -> Attempt {
    ended(trial, Phase::Handshake, End::NotTls { first: "48 54".to_owned() })
}

fn silent(trial: Trial) -> Attempt {
    let phase = if trial == Trial::Raw { Phase::Answer } else { Phase::Handshake };
    ended(trial, phase, End::Silent)
}

/// A handshake: with an identity and a request for the client's it is a mesh's.
fn shaken(trial: Trial, alpn: Option<&str>, (identity, asks): (Option<&str>, bool), end: End) -> Attempt {
    let shown = Shown {
        version: "TLSv1.3".to_owned(),
        suite: "TLS_AES_256_GCM_SHA384".to_owned(),
        alpn: alpn.map(str::to_owned),
        identity: identity.map(str::to_owned),
        name: "somebody".to_owned(),
        issuer: "O=cluster.local".to_owned(),
        asks: asks.then(Vec::new),
    };
    Attempt { shown: Some(shown), ..ended(trial, Phase::Answer, end) }
}

fn mesh(trial: Trial, alpn: Option<&str>, end: End) -> Attempt {
    shaken(trial, alpn, (Some(ID), true), end)
}

fn app(trial: Trial) -> Attempt {
    shaken(trial, None, (None, false), End::Enough)
}

const NEITHER: &[Cell] = &[];
const ISTIO: Option<&str> = Some("istio-peer-exchange");

#[track_caller]
fn check(attempts: &[Attempt], kind: Kind, confidence: Confidence, behaves: &[Cell]) -> Finding {
    let finding = infer(attempts);
    let found = (finding.kind, finding.confidence, finding.behaves.as_slice());
    assert_eq!(found, (kind, confidence, behaves), "{attempts:#?}");
    finding
}

#[test]
fn the_modes_of_a_sniffing_port() {
    use Trial::{Raw, Sidecar, SidecarMtls, Tls};
    let istio = |end| mesh(Sidecar, ISTIO, end);
    let strict = [cut(Raw), mesh(Tls, None, alert(116)), istio(alert(116))];
    let found = check(&strict, Kind::Sniffing, Certain, &[Cell::istio(Strict)]);
    assert_eq!(found.identity.as_deref(), Some(ID));
    let permissive = &[Cell::istio(Permissive)];
    // Before an application in plaintext, with TLS of its own, silent, and dead.
    let tls = no_tls(Tls);
    check(&[says("HTTP/1.1 200"), tls, istio(alert(116))], Kind::Sniffing, Certain, permissive);
    check(
        &[says("\x15\x03\x03\0\x02\x02\x32"), app(Tls), istio(alert(116))],
        Kind::Sniffing,
        Certain,
        permissive,
    );
    check(&[silent(Raw), silent(Tls), istio(alert(116))], Kind::Sniffing, Likely, permissive);
    check(&[cut(Raw), cut(Tls), istio(alert(116))], Kind::Sniffing, Likely, permissive);
    let disable = &[Cell::istio(Disable)];
    check(&[says("HTTP/1.1 200"), no_tls(Tls), cut(Sidecar)], Kind::Http, Likely, disable);
    check(&[cut(Raw), app(Tls), cut(Sidecar)], Kind::AppTls, Likely, disable);
    check(&[silent(Raw), silent(Tls), cut(Sidecar)], Kind::Mute, Likely, disable);
    let either = [Cell::istio(Strict), Cell::istio(Permissive)];
    check(&[istio(alert(116))], Kind::Sniffing, CannotTell, &either);
    let with = [strict.as_slice(), &[mesh(SidecarMtls, ISTIO, alert(48))]].concat();
    let found = check(&with, Kind::Sniffing, Certain, &[Cell::istio(Strict)]);
    assert!(found.because.last().unwrap().starts_with("our certificate is refused"), "{found:?}");
}

#[test]
fn what_a_ztunnel_or_no_mesh_does() {
    use Trial::{Raw, Sidecar, Tls};
    let before = Attempt { phase: Phase::Listen, ..cut(Raw) };
    check(&[before, cut(Tls), cut(Sidecar)], Kind::Refusing, Likely, &[Cell::ztunnel(Strict)]);
    let any = [&[Cell::ztunnel(Strict)][..], &INVISIBLE, &[Cell::istio(Disable)]].concat();
    check(&[cut(Raw), cut(Tls), cut(Sidecar)], Kind::Refusing, CannotTell, &any);
    let anywhere = |raw: Attempt, kind, confidence| {
        check(&[raw, no_tls(Tls), no_tls(Sidecar)], kind, confidence, &INVISIBLE);
    };
    anywhere(says("HTTP/1.1 400 Bad Request"), Kind::Http, Certain);
    anywhere(says("-ERR unknown command"), Kind::Plaintext, Certain);
    anywhere(Attempt { phase: Phase::Listen, ..says("220 mail") }, Kind::ServerFirst, Certain);
    anywhere(silent(Raw), Kind::Plaintext, Certain);
    check(&[silent(Raw), silent(Tls), silent(Sidecar)], Kind::Mute, CannotTell, &INVISIBLE);
    check(&[cut(Raw), app(Tls), app(Sidecar)], Kind::AppTls, Certain, &INVISIBLE);
    let old = ended(Tls, Phase::Handshake, alert(70));
    check(&[silent(Raw), old], Kind::AppTls, Likely, &INVISIBLE);
    let wants = shaken(Tls, None, (None, true), alert(116));
    check(&[cut(Raw), wants, cut(Sidecar)], Kind::ClientTls, Certain, &INVISIBLE);
}

#[test]
fn a_tunnel_door() {
    use Trial::{H2, Hbone, Sidecar, Tls};
    let raw = says("\x15\x03\x03\0\x02\x02\x32");
    let seen = [raw, mesh(Tls, None, alert(116)), ended(Sidecar, Phase::Handshake, alert(120))];
    check(&seen, Kind::MeshTls, CannotTell, NEITHER);
    let with = |attempt: Attempt| [seen.as_slice(), &[attempt]].concat();
    check(&with(mesh(H2, Some("h2"), alert(116))), Kind::Hbone, Likely, NEITHER);
    check(&with(mesh(Hbone, Some("h2"), alert(48))), Kind::Hbone, Likely, NEITHER);
    let status = |status| with(mesh(Hbone, Some("h2"), End::Status(status)));
    assert_eq!(infer(&status(200)).modes(), [Strict, Permissive, Disable]);
    assert!(!infer(&status(200)).behaves.contains(&Cell::istio(Disable)));
    assert!(infer(&status(401)).behaves.contains(&Cell::istio(Disable)));
    check(&status(503), Kind::Hbone, Certain, NEITHER);
}

#[test]
fn nobody_there() {
    let dial = |end| [ended(Trial::Raw, Phase::Dial, end)];
    check(&dial(End::Reset), Kind::Closed, Certain, NEITHER);
    check(&dial(End::Silent), Kind::Unreachable, Likely, NEITHER);
    check(&dial(End::Failed { problem: "no route".to_owned() }), Kind::Unreachable, Certain, NEITHER);
    check(&[], Kind::Unclear, CannotTell, NEITHER);
}

fn any_end() -> impl Strategy<Value = End> {
    prop_oneof![
        Just(End::Enough),
        Just(End::Answered),
        (100_u16..600).prop_map(End::Status),
        Just(End::Closed),
        Just(End::Reset),
        Just(End::Silent),
        any::<u8>().prop_map(alert),
        Just(End::NotTls { first: String::new() }),
        Just(End::Echoed),
        Just(End::Failed { problem: String::new() }),
    ]
}

fn any_shown() -> impl Strategy<Value = Shown> {
    (of("istio|h2|http/1.1"), of(Just(ID.to_owned())), of(vec(".{0,4}", 0..2)), "TLSv1\\.[23]").prop_map(
        |(alpn, identity, asks, version)| Shown {
            version,
            suite: String::new(),
            alpn,
            identity,
            name: String::new(),
            issuer: String::new(),
            asks,
        },
    )
}

fn any_attempt() -> impl Strategy<Value = Attempt> {
    let trial = proptest::sample::select(Trial::ALL.to_vec());
    let phase = proptest::sample::select(vec![Phase::Dial, Phase::Listen, Phase::Handshake, Phase::Answer]);
    let bytes = prop_oneof![vec(any::<u8>(), 0..8), Just(b"HTTP/1.1 400 https".to_vec())];
    (trial, phase, any_end(), of(any_shown()), bytes, any::<Duration>()).prop_map(
        |(trial, phase, end, shown, bytes, after)| Attempt { trial, phase, end, shown, bytes, after },
    )
}

proptest! {
    #[test]
    fn anything_is_inferred_in_any_order(
        (attempts, shuffled) in vec(any_attempt(), 0..9).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let finding = infer(&attempts);
        prop_assert_eq!(&finding, &infer(&shuffled));
        prop_assert!(!finding.next.is_empty() && !finding.because.is_empty());
        prop_assert!(!finding.says().is_empty());
        prop_assert_eq!(finding.behaviour().is_some(), !finding.behaves.is_empty());
        for attempt in &attempts {
            let line = attempt.says();
            prop_assert!(!line.is_empty() && !line.chars().any(char::is_control), "{:?}", line);
        }
    }
}
