//! Each bend fails its own check, in the role that it concerns, and the answer is the wire's.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::io::duplex;
use tokio::time::Instant;

use super::*;
use crate::ca::{Authority, AuthorityOptions, Bend, Profile};
use crate::identity::Svid;
use crate::tls::client::{ClientOffer, ClientTls, connect};
use crate::tls::server::{Offer, ServerTls, accept};

fn id(account: &str) -> SpiffeId {
    SpiffeId::new("cluster.local", "default", account).unwrap()
}

fn question(role: Role, svid: &Svid) -> Question {
    Question {
        role,
        bundle: Arc::clone(&svid.bundle),
        expected: match role {
            Role::Server => Expected::OurTrustDomain(Vec::new()),
            Role::Client => Expected::OneOf(vec![id("peer")]),
        },
        revocations: Arc::default(),
        at: SystemTime::now(),
    }
}

fn failed(acceptance: &Acceptance) -> Vec<Checked> {
    let bad = |(check, found): &(Checked, Found)| matches!(found, Found::Bad(_)).then_some(*check);
    acceptance.checks.iter().filter_map(bad).collect()
}

#[test]
fn each_bend_fails_its_own_check() {
    let own = authority().issue_now(&id("own")).unwrap();
    let check = |bend: Bend, as_client: &[Checked], as_server: &[Checked]| {
        let peer = bent(bend);
        for (role, expect) in [(Role::Server, as_client), (Role::Client, as_server)] {
            let acceptance = question(role, &own).ask(&peer.chain).unwrap();
            assert_eq!(failed(&acceptance), expect, "{bend:?} before a {role:?}: {acceptance:?}");
            assert_eq!(acceptance.refused.is_some(), !expect.is_empty(), "{bend:?}");
        }
    };
    let both = |bend, expect: Checked| check(bend, &[expect], &[expect]);
    check(Bend::Straight, &[], &[]);
    both(Bend::Expired, Checked::Dates);
    both(Bend::NotYetValid, Checked::Dates);
    both(Bend::NoUriSan, Checked::Identity);
    both(Bend::NoSan, Checked::Identity);
    both(Bend::TwoUriSans, Checked::Identity);
    both(Bend::NotIstio, Checked::Identity);
    both(Bend::OtherTrustDomain, Checked::Expected);
    both(Bend::CaFlag, Checked::NoCa);
    both(Bend::MaySign, Checked::NoSigner);
    both(Bend::OtherRoot, Checked::Path);
    both(Bend::SameNameRoot, Checked::Path);
    both(Bend::MissingIntermediate, Checked::Path);
    both(Bend::LongChain, Checked::Path);
    check(Bend::ServerOnly, &[Checked::Purpose], &[]);
    check(Bend::ClientOnly, &[], &[Checked::Purpose]);
    check(Bend::IntermediateServerOnly, &[Checked::Purpose], &[]);
    check(Bend::WithRoot, &[], &[]);
    check(Bend::HugeRsa, &[], &[]);
}

#[test]
fn time_and_nothing_can_be_asked_about() {
    let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
    let (own, peer) = (authority.issue_now(&id("own")).unwrap(), authority.issue_now(&id("peer")).unwrap());
    let mut question = question(Role::Server, &own);
    let none = question.ask(&[]).unwrap();
    assert_eq!(none.refused.unwrap().cause(), &TlsCause::NoCertificate);
    question.at += Duration::from_secs(25 * 3600);
    assert_eq!(failed(&question.ask(&peer.chain).unwrap()), [Checked::Dates]);
    let rootless = TrustBundle { trust_domain: "cluster.local".to_owned(), roots: Vec::new() };
    let error = Question { bundle: Arc::new(rootless), ..question }.ask(&peer.chain).unwrap_err();
    assert!(matches!(error.cause(), TlsCause::OwnCertificate { .. }), "{error:?}");
}

/// The law: for every bend and in both roles, the wire says what was foretold. Whatever the peer hears, it is the verifier
/// that is asked.
#[tokio::test]
async fn the_wire_says_the_same() {
    let own = authority().issue_now(&id("own")).unwrap();
    for bend in Bend::ALL {
        let peer = bent(bend);
        for role in [Role::Server, Role::Client] {
            let foretold = question(role, &own).ask(&peer.chain).unwrap().refused;
            let met = met(role, &own, &peer).await;
            match (met, foretold) {
                (None, None) => {}
                (Some(met), Some(foretold)) => {
                    assert_eq!(met.cause().code(), foretold.cause().code(), "{bend:?} before a {role:?}");
                    assert_eq!(met.alert_sent(), foretold.alert_sent(), "{bend:?} before a {role:?}");
                }
                (met, foretold) => panic!("{bend:?} before a {role:?}: met {met:?}, foretold {foretold:?}"),
            }
        }
    }
}

/// Why `own`, in that role, refuses `peer` in a handshake.
async fn met(role: Role, own: &Svid, peer: &Svid) -> Option<TlsError> {
    let (server_side, client_side) = duplex(64 * 1024);
    let deadline = Instant::now() + Duration::from_secs(10);
    let (server, client) = match role {
        Role::Server => (own, peer),
        Role::Client => (peer, own),
    };
    let (server_tls, client_tls) = (ServerTls::new(server).unwrap(), ClientTls::new(client).unwrap());
    let expected = [server.id.clone()];
    let dialling = connect(client_side, &client_tls, &expected, ClientOffer::Hbone, deadline);
    let accepting = accept(server_side, &server_tls, Offer::Hbone, deadline);
    match role {
        // Each side is dropped as soon as it ends, so that nobody waits for the other.
        Role::Server => tokio::join!(accepting, async { drop(dialling.await) }).0.err(),
        Role::Client => tokio::join!(dialling, async { drop(accepting.await) }).0.err(),
    }
}

/// The authority of [`bent`].
fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| Authority::generate(&AuthorityOptions::default()).unwrap())
}

/// `spiffe://cluster.local/ns/default/sa/peer`, bent.
fn bent(bend: Bend) -> Arc<Svid> {
    static MADE: Mutex<Vec<(Bend, Arc<Svid>)>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, svid)) = made.iter().find(|(known, _)| *known == bend) {
        return Arc::clone(svid);
    }
    let id = SpiffeId::new("cluster.local", "default", "peer").unwrap();
    let svid = Arc::new(authority().issue_bent(&Profile { id, bend }).unwrap());
    made.push((bend, Arc::clone(&svid)));
    svid
}
