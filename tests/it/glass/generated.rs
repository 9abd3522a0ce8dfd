//! 500 generated connections: whatever was decoded from a connection's bytes must be what its record says.

use std::time::{Duration, Instant};

use glasstunnel::explain::Manner;
use glasstunnel::glass::{Lane, Sequence, trace};
use glasstunnel::lab::Lab;
use glasstunnel::telemetry::{Fact, Record, Verdict, Wire};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::{made, tapped};
use crate::mesh::Plan;

const CONNECTIONS: usize = 500;

/// How long HTTP/2 may take to write its last frames on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who calls whom, how, and whether in a tunnel of its own.
type Wanted = (&'static str, &'static str, Option<Manner>, bool);

fn connection() -> impl Strategy<Value = Wanted> {
    let callers = &["curl-client", "curl-client", "plain", "outside/curl-client"];
    let targets = &[
        "plain:80",
        "plain:3000",
        "strict:80",
        "closed:80",
        "own-tls:3000",
        "resets:80",
        "echoes:80",
        "refused:80",
    ];
    let manners =
        &[None, None, None, Some(Manner::Raw), Some(Manner::Tls), Some(Manner::Mtls), Some(Manner::Hbone)];
    (
        proptest::sample::select(callers.as_slice()),
        proptest::sample::select(targets.as_slice()),
        proptest::sample::select(manners.as_slice()),
        any::<bool>(),
    )
}

async fn mesh() -> Lab {
    let deny = "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nobody}
spec: {selector: {matchLabels: {app: refused}}}
";
    let plan = Plan::new()
        .server("plain", "http")
        .server("strict", "http")
        .mode("strict", "STRICT")
        .server("closed", "127.0.0.1:1")
        .server("own-tls", "tls")
        .server("resets", "reset")
        .server("echoes", "echo")
        .server("refused", "http")
        .yaml(deny);
    tapped(plan).start().await
}

#[tokio::test]
async fn the_decode_says_what_the_record_says() {
    let lab = mesh().await;
    let mut runner = TestRunner::deterministic();
    let (mut made_of, mut tls) = (std::collections::BTreeMap::<_, usize>::new(), 0);
    let mut wanted = Vec::new();
    while wanted.len() < CONNECTIONS {
        let (from, to, manner, fresh) = connection().new_tree(&mut runner).unwrap().current();
        // Nobody outside the mesh has an identity to show.
        let is_possible =
            !from.starts_with("outside") || !matches!(manner, Some(Manner::Mtls | Manner::Hbone));
        if is_possible && !to.starts_with(from) {
            wanted.push((from, to, manner, fresh));
        }
    }
    // Side by side, because a look at a TLS server takes half a second of its patience.
    let mut shares = wanted.chunks(CONNECTIONS.div_ceil(4));
    let mut share = || compared(&lab, shares.next().unwrap());
    let seen = tokio::join!(share(), share(), share(), share());
    for (verdict, has_handshake) in [seen.0, seen.1, seen.2, seen.3].concat() {
        *made_of.entry(verdict).or_default() += 1;
        tls += usize::from(has_handshake);
    }
    // A generator of one kind only would show nothing.
    let enough = |verdict: Verdict| made_of.get(verdict.name()).copied().unwrap_or(0) > 30;
    assert!(enough(Verdict::Allow) && enough(Verdict::Deny) && enough(Verdict::Fail), "{made_of:?}");
    assert!(tls > CONNECTIONS / 3, "{tls} of {CONNECTIONS} spoke TLS that was kept");
    lab.stop(Duration::from_secs(5)).await;
}

/// Makes each and compares it: its verdict, and whether there was a handshake to see.
async fn compared(lab: &Lab, share: &[Wanted]) -> Vec<(&'static str, bool)> {
    let mut seen = Vec::new();
    for (from, to, manner, fresh) in share {
        let record = made(lab, from, to, *manner, *fresh).await;
        let sequence = settled(&record, &format!("{from} → {to} as {manner:?}, fresh {fresh}")).await;
        seen.push((record.verdict().name(), sequence.handshake.is_some()));
    }
    seen
}

/// The sequence once it says what the record says. A record is there when its flow has ended; HTTP/2 may still be writing the
/// frames of that end.
async fn settled(record: &Record, context: &str) -> Sequence {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let sequence = trace(record, true);
        match differences(record, &sequence) {
            Ok(()) => return sequence,
            Err(difference) if Instant::now() > deadline => {
                panic!("{context}: {difference}: {}\n{:#?}", record.why(), sequence.events)
            }
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, decoded: &T, recorded: &T) -> Result<(), String> {
    match decoded == recorded {
        true => Ok(()),
        false => Err(format!("{what}: decoded {decoded:?}, recorded {recorded:?}")),
    }
}

fn differences(record: &Record, sequence: &Sequence) -> Result<(), String> {
    equal("code", &sequence.code.as_deref(), &record.code())?;
    for half in record.halves() {
        half.steps.iter().try_for_each(|step| step_differs(&step.fact, sequence))?;
        if record.wire() == Some(Wire::Hbone) && record.verdict() == Verdict::Allow {
            equal("bytes to the backend", &data(sequence, Lane::Source), &half.to_backend)?;
            equal("bytes to the client", &data(sequence, Lane::Destination), &half.to_client)?;
        }
    }
    equal("alert", &alerted(sequence), &expected_alert(record))
}

fn step_differs(fact: &Fact, sequence: &Sequence) -> Result<(), String> {
    let handshake = sequence.handshake.as_ref();
    let said = |name: &str, text: &str| {
        let mut own = sequence.events.iter().filter(|event| event.name == name);
        own.any(|event| event.says.contains(text))
    };
    match fact {
        Fact::Handshaken { peer, suite, alpn, .. } => {
            let handshake = handshake.ok_or("a handshake is on record, none was decoded")?;
            equal("suite", &handshake.suite.as_deref(), &Some(*suite))?;
            equal("version", &handshake.version.as_deref(), &Some("TLS 1.3"))?;
            equal("ALPN", &handshake.alpn.as_deref(), &alpn.as_deref())?;
            let shown = said("Certificate", &peer.to_string()) || sequence.reused_tunnel == Some(true);
            equal("the peer shows itself", &shown, &true)
        }
        Fact::Connect { authority } => equal("CONNECT", &said("CONNECT", authority), &true),
        Fact::Answered { status } => {
            let name = format!("status {status}");
            equal(&name, &sequence.events.iter().filter(|event| event.name == name).count(), &1)
        }
        _ => Ok(()),
    }
}

/// How many bytes of the application's went into the tunnel at one lane.
fn data(sequence: &Sequence, lane: Lane) -> u64 {
    let own = sequence.events.iter().filter(|event| event.name == "DATA" && event.lane == lane);
    own.filter_map(|event| event.bytes).sum()
}

/// The alert that one side sent the other, other than a farewell.
fn alerted(sequence: &Sequence) -> Option<String> {
    let alerts = sequence.events.iter().filter(|event| event.name == "Alert");
    let mut names = alerts.filter_map(|event| event.says.split(" (").next().map(str::to_owned));
    names.find(|name| name != "close_notify" && name != "user_canceled")
}

/// What the record's code means on the wire (RFC 8446 §6.2).
fn expected_alert(record: &Record) -> Option<String> {
    let name = match record.code()? {
        "tls.no_certificate" => "certificate_required",
        code if code.starts_with("tls.") => panic!("an alert for {code}"),
        _ => return None,
    };
    Some(name.to_owned())
}
