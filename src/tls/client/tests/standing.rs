//! Who is still believed: revocation lists, trust domain aliases, several roots, and chains of several certificates.

use std::time::{Duration, SystemTime};

use super::{CLIENT, Ends, SERVER, authority, authority_of, check_refusal, id, soon};
use crate::ca::{Authority, AuthorityOptions, ListEdition};
use crate::identity::{CertificateSummary, Clock, Svid, TrustBundle};
use crate::reason::Reason as _;
use crate::tls::server::{Offer, ServerTls, accept};
use crate::tls::{
    ClientOffer, ClientTls, CurrentRevocations, Peer, Revocations, TlsCause, TlsError, connect,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

fn lists(texts: &[String]) -> CurrentRevocations {
    let current = CurrentRevocations::default();
    current.store(Revocations::parse("lists", texts.concat().as_bytes()).unwrap());
    current
}

fn list(authority: &Authority, serials: &[&str]) -> String {
    // Long stale: that is no reason to forget who is on it.
    let this_update = SystemTime::now() - Duration::from_secs(7200);
    let next_update = this_update + Duration::from_secs(3600);
    authority.revocation_list(serials, ListEdition { number: 1, this_update, next_update }).unwrap()
}

/// One handshake; the client expects the server under each of `expected`.
async fn shake(server: &ServerTls, client: &ClientTls, expected: &[&str]) -> Ends {
    let (near, far) = duplex(64 * 1024);
    let expected: Vec<_> = expected.iter().map(|text| id(text)).collect();
    let (server, client) = tokio::join!(
        async {
            let (mut stream, peer) = accept(far, server, Offer::Hbone, soon()).await?;
            stream.write_all(b"x").await.unwrap();
            stream.flush().await.unwrap();
            Ok(peer)
        },
        async {
            let (mut stream, peer) = connect(near, client, &expected, ClientOffer::Hbone, soon()).await?;
            match stream.read_u8().await {
                Ok(_) => Ok(peer),
                Err(error) => Err(TlsError::from_io(&error).expect("the late error carries the alert")),
            }
        }
    );
    Ends { server, client }
}

fn both(server: &Svid, client: &Svid) -> (ServerTls, ClientTls) {
    (ServerTls::new(server).unwrap(), ClientTls::new(client).unwrap())
}

fn pair(authority: &Authority) -> (Svid, Svid) {
    (authority.issue_now(&id(SERVER)).unwrap(), authority.issue_now(&id(CLIENT)).unwrap())
}

fn deep() -> Authority {
    Authority::generate(&AuthorityOptions { intermediate: true, ..AuthorityOptions::default() }).unwrap()
}

fn passes(ends: Ends) -> (Peer, Peer) {
    (ends.server.unwrap(), ends.client.unwrap())
}

#[tokio::test]
async fn the_revoked_are_refused_in_both_roles_and_others_are_not() {
    for authority in [authority(), deep()] {
        let (server_svid, client_svid) = pair(&authority);
        let (server, client) = both(&server_svid, &client_svid);
        let current = lists(&[list(&authority, &[&client_svid.serial])]);
        let ends = shake(&server.checking(&current), &client, &[SERVER]).await;
        let cause = ends.server.as_ref().unwrap_err().cause().clone();
        assert!(matches!(cause, TlsCause::Revoked { serial, .. } if serial == client_svid.serial));
        check_refusal(ends.server, ends.client, "tls.revoked", 44);
        let ends = shake(&server, &client.checking(&current), &[SERVER]).await;
        passes(ends);
        let current = lists(&[list(&authority, &[&server_svid.serial])]);
        let ends = shake(&server, &client.checking(&current), &[SERVER]).await;
        check_refusal(ends.client, ends.server, "tls.revoked", 44);
        passes(shake(&server.checking(&current), &client, &[SERVER]).await);
    }
}

#[tokio::test]
async fn the_whole_chain_is_checked_and_the_revoked_one_is_named() {
    let root = authority();
    let below = root.subordinate("Below", &AuthorityOptions::default()).unwrap();
    let (server, client) = pair(&below);
    let intermediate = CertificateSummary::parse(&client.chain[1]).unwrap();
    let current = lists(&[list(&below, &[]), list(&root, &[&intermediate.serial])]);
    let tls = both(&server, &client);
    let ends = shake(&tls.0.checking(&current), &tls.1, &[SERVER]).await;
    let cause = ends.server.as_ref().unwrap_err().cause().clone();
    assert!(matches!(cause, TlsCause::Revoked { serial, .. } if serial == intermediate.serial));
    check_refusal(ends.server, ends.client, "tls.revoked", 44);
}

/// Each root's list revokes its own certificate for the CA between: alone it leaves the other way up open.
#[tokio::test]
async fn a_ca_that_two_roots_signed_is_revoked_by_both_or_not_at_all() {
    let (one, two) = (authority(), authority_of("old.example"));
    let below = one.subordinate("Below", &AuthorityOptions::default()).unwrap();
    let roots = [one.bundle().roots.clone(), two.bundle().roots.clone()].concat();
    let (mut server, mut client) = pair(&below);
    let crossed = two.crossing(&below, "Below").unwrap().intermediates().next().unwrap();
    let serials = [&client.chain[1], &crossed].map(|der| CertificateSummary::parse(der).unwrap().serial);
    client.chain.push(crossed);
    server.bundle =
        std::sync::Arc::new(TrustBundle { trust_domain: server.bundle.trust_domain.clone(), roots });
    let tls = both(&server, &client);
    let by = [list(&one, &[&serials[0]]), list(&two, &[&serials[1]])];
    for only in &by {
        passes(shake(&tls.0.checking(&lists(std::slice::from_ref(only))), &tls.1, &[SERVER]).await);
    }
    let current = lists(&by);
    let ends = shake(&tls.0.checking(&current), &tls.1, &[SERVER]).await;
    check_refusal(ends.server, ends.client, "tls.revoked", 44);
}

/// A root that was replaced under its own name leaves a list behind that is not about the new root's certificates, even if
/// serial numbers are the same.
#[tokio::test]
async fn a_list_of_another_ca_of_the_same_name_refuses_nobody() {
    let (ours, twin) = (authority(), authority());
    let (server, client) = pair(&ours);
    let tls = both(&server, &client);
    let current = lists(&[list(&twin, &[&client.serial])]);
    passes(shake(&tls.0.checking(&current), &tls.1.checking(&current), &[SERVER]).await);
    let current = lists(&[list(&twin, &[]), list(&ours, &[&client.serial])]);
    let ends = shake(&tls.0.checking(&current), &tls.1, &[SERVER]).await;
    check_refusal(ends.server, ends.client, "tls.revoked", 44);
}

/// Both roots are trusted while one takes the place of the other, and both have lists.
#[tokio::test]
async fn a_root_is_replaced_under_its_name_beside_lists_of_both() {
    let (old, new) = (authority(), authority());
    for order in [[&old, &new], [&new, &old]] {
        let roots = order.map(|authority| authority.bundle().roots.clone()).concat();
        let trusting = |mut svid: Svid| {
            let trust_domain = svid.bundle.trust_domain.clone();
            svid.bundle = std::sync::Arc::new(TrustBundle { trust_domain, roots: roots.clone() });
            svid
        };
        for signer in [&old, &new] {
            let (server, client) = pair(signer);
            let (server, client) = (trusting(server), trusting(client));
            let tls = both(&server, &client);
            let nobody = lists(&order.map(|authority| list(authority, &[])));
            let ends = shake(&tls.0.checking(&nobody), &tls.1.checking(&nobody), &[SERVER]).await;
            let (caller, _) = passes(ends);
            let serials = |authority: &Authority| match std::ptr::eq(authority, signer) {
                true => list(authority, &[&client.serial]),
                false => list(authority, &[]),
            };
            let current = lists(&order.map(serials));
            assert!(caller.revoked(&current.load()).is_some());
            let ends = shake(&tls.0.checking(&current), &tls.1, &[SERVER]).await;
            check_refusal(ends.server, ends.client, "tls.revoked", 44);
        }
    }
}

/// webpki ranks what it finds: that a certificate beside the chain has expired goes before that the leaf is revoked.
#[tokio::test]
async fn a_certificate_beside_the_chain_hides_no_revocation() {
    let ours = authority();
    let an_hour = AuthorityOptions { root_ttl: Duration::from_secs(3600), ..AuthorityOptions::default() };
    let junk = Authority::generate(&an_hour).unwrap();
    let later = Clock::default();
    later.set_ahead(time::Duration::hours(2));
    let (server, mut client) = pair(&ours);
    client.chain.extend(junk.bundle().roots.iter().cloned());
    let tls = both(&server, &client);
    let tls = (tls.0.reckoning(&later), tls.1);
    let (caller, _) = passes(shake(&tls.0, &tls.1, &[SERVER]).await);
    let current = lists(&[list(&ours, &[&client.serial])]);
    assert!(caller.revoked(&current.load()).is_some());
    assert!(shake(&tls.0.checking(&current), &tls.1, &[SERVER]).await.server.is_err());
    let others = lists(&[list(&ours, &[&server.serial])]);
    assert_eq!(caller.revoked(&others.load()), None);
}

#[tokio::test]
async fn a_peer_can_be_asked_about_again() {
    let authority = deep();
    let (server, client) = pair(&authority);
    let tls = both(&server, &client);
    let (caller, callee) = passes(shake(&tls.0, &tls.1, &[SERVER]).await);
    let current = lists(&[list(&authority, &[&client.serial])]);
    let revocations = current.load();
    assert!(caller.revoked(&revocations).is_some());
    assert_eq!(callee.revoked(&revocations), None);
    let (again, _) =
        passes(shake(&tls.0.checking(&lists(&[list(&authority, &[])])), &tls.1, &[SERVER]).await);
    assert!(again.revoked(&revocations).is_some());
    let stranger = lists(&[list(&deep(), &[&client.serial])]);
    assert_eq!(caller.revoked(&stranger.load()), None, "going by the signature, not by the name");
    assert!(ServerTls::new(&client).unwrap().is_revoked(&revocations).is_some());
    assert!(tls.0.is_revoked(&revocations).is_none());
}

#[tokio::test]
async fn aliases_of_the_trust_domain_count_where_they_are_asked_for() {
    const OLD: &str = "old.example";
    let ours = authority();
    let old = authority_of(OLD);
    let roots = [ours.bundle().roots.clone(), old.bundle().roots.clone()].concat();
    let trusting = |mut svid: Svid| {
        let trust_domain = svid.bundle.trust_domain.clone();
        svid.bundle = std::sync::Arc::new(TrustBundle { trust_domain, roots: roots.clone() });
        svid
    };
    let under = |text: &str| text.replace("cluster.local", OLD);
    let (server, client) = pair(&ours);
    let (server, client) = (trusting(server), trusting(client));
    let old_client = trusting(old.issue_now(&id(&under(CLIENT))).unwrap());
    let old_server = trusting(old.issue_now(&id(&under(SERVER))).unwrap());
    let (server_tls, old_client_tls) = both(&server, &old_client);
    let ends = shake(&server_tls, &old_client_tls, &[SERVER]).await;
    assert!(ends.server.as_ref().unwrap_err().hint().unwrap().contains("trustDomainAliases"));
    check_refusal(ends.server, ends.client, "tls.wrong_trust_domain", 46);
    let aliases = [OLD.to_owned()];
    let (caller, _) = passes(shake(&server_tls.accepting(&aliases), &old_client_tls, &[SERVER]).await);
    assert_eq!(caller.id, old_client.id, "it is who it says it is, not somebody of ours");
    let (old_server_tls, client_tls) = both(&old_server, &client);
    let old_server_tls = old_server_tls.accepting(&["cluster.local".to_owned()]);
    let ends = shake(&old_server_tls, &client_tls, &[SERVER]).await;
    check_refusal(ends.client, ends.server, "tls.wrong_identity", 46);
    let (_, callee) = passes(shake(&old_server_tls, &client_tls, &[SERVER, &under(SERVER)]).await);
    assert_eq!(callee.id, old_server.id);
}

#[tokio::test]
async fn several_roots_all_count() {
    let (old, new) = (authority(), authority_of("cluster.local"));
    let roots = [old.bundle().roots.clone(), new.bundle().roots.clone()].concat();
    let trusting = |mut svid: Svid| {
        let trust_domain = svid.bundle.trust_domain.clone();
        svid.bundle = std::sync::Arc::new(TrustBundle { trust_domain, roots: roots.clone() });
        svid
    };
    for (serving, calling) in [(&old, &new), (&new, &old), (&new, &new)] {
        let (server, client) = (pair(serving).0, pair(calling).1);
        let (server, client) = both(&trusting(server), &trusting(client));
        passes(shake(&server, &client, &[SERVER]).await);
    }
}

/// In both roles: who forgets an intermediate is refused, as is one whose root only has the right name.
#[tokio::test]
async fn chains_of_several_certificates() {
    let root = authority();
    let upper = root.subordinate("Upper", &AuthorityOptions::default()).unwrap();
    let lower = upper.subordinate("Lower", &AuthorityOptions::default()).unwrap();
    for (authority, sent) in [(&root, 1), (&upper, 2), (&lower, 3)] {
        let (server, client) = pair(authority);
        assert_eq!(client.chain.len(), sent);
        let (server, client) = both(&server, &client);
        passes(shake(&server, &client, &[SERVER]).await);
    }
    let forgetting = |mut svid: Svid, which: usize| {
        svid.chain.remove(which);
        svid
    };
    for which in [1, 2] {
        let (server, client) = pair(&lower);
        let (server_tls, client_tls) = both(&server, &forgetting(client.clone(), which));
        let ends = shake(&server_tls, &client_tls, &[SERVER]).await;
        check_refusal(ends.server, ends.client, "tls.unknown_issuer", 48);
        let (server_tls, client_tls) = both(&forgetting(server, which), &client);
        let ends = shake(&server_tls, &client_tls, &[SERVER]).await;
        check_refusal(ends.client, ends.server, "tls.unknown_issuer", 48);
    }
    let twin = authority();
    let (mut server, client) = (pair(&twin).0, pair(&root).1);
    server.bundle = root.bundle();
    let (server, client) = both(&server, &client);
    let ends = shake(&server, &client, &[SERVER]).await;
    check_refusal(ends.client, ends.server, "tls.same_name_other_key", 51);
}
