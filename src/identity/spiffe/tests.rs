//! Tests of the SPIFFE ID parser: every rule of SPIFFE-ID §2, and the laws that hold for any text.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, expect: Result<(&str, &str, &str), SpiffeProblem>) {
    let found = text.parse::<SpiffeId>();
    match (&found, expect) {
        (Ok(id), Ok(names)) => {
            assert_eq!((id.trust_domain(), id.namespace(), id.service_account()), names);
            assert_eq!(id.to_string(), text);
            assert_eq!(format!("spiffe://{}", id.principal()), text);
        }
        (Err(IdentityError::NotSpiffe { text: kept, problem }), Err(expected)) => {
            assert_eq!((kept.as_str(), *problem), (text, expected));
        }
        _ => panic!("{text:?}: {found:?}"),
    }
}

#[test]
fn istio_identities_are_taken() {
    check("spiffe://cluster.local/ns/default/sa/client", Ok(("cluster.local", "default", "client")));
    check("spiffe://td-1_x/ns/A.b/sa/C-d_9", Ok(("td-1_x", "A.b", "C-d_9")));
    check("spiffe://td/ns/ns/sa/sa", Ok(("td", "ns", "sa")));
    check("spiffe://td/ns/.../sa/..a", Ok(("td", "...", "..a")));
}

#[test]
fn everything_else_is_refused_with_the_rule_it_breaks() {
    use SpiffeProblem::*;
    for (text, problem) in [
        ("", Scheme),
        ("https://cluster.local/ns/a/sa/b", Scheme),
        ("Spiffe://cluster.local/ns/a/sa/b", Scheme),
        ("spiffe:///ns/a/sa/b", EmptyTrustDomain),
        ("spiffe://", EmptyTrustDomain),
        ("spiffe://Cluster.local/ns/a/sa/b", TrustDomainCharacter('C')),
        ("spiffe://cluster.local:443/ns/a/sa/b", TrustDomainCharacter(':')),
        ("spiffe://user@cluster.local/ns/a/sa/b", TrustDomainCharacter('@')),
        ("spiffe://cluster%2elocal/ns/a/sa/b", TrustDomainCharacter('%')),
        ("spiffe://cluster.local\0.evil/ns/a/sa/b", TrustDomainCharacter('\0')),
        ("spiffe://cluster.local?x/ns/a/sa/b", TrustDomainCharacter('?')),
        ("spiffe://cluster.local", NotIstio),
        ("spiffe://cluster.local/", EmptySegment),
        ("spiffe://cluster.local/ns/a/sa/b/", EmptySegment),
        ("spiffe://cluster.local//ns/a/sa/b", EmptySegment),
        ("spiffe://cluster.local/ns//sa/b", EmptySegment),
        ("spiffe://cluster.local/ns/a/sa/", EmptySegment),
        ("spiffe://cluster.local/ns/a/sa/../sa/b", DotSegment),
        ("spiffe://cluster.local/ns/./sa/b", DotSegment),
        ("spiffe://cluster.local/ns/a/sa/%63lient", PathCharacter('%')),
        ("spiffe://cluster.local/ns/a/sa/b?x", PathCharacter('?')),
        ("spiffe://cluster.local/ns/a/sa/b#x", PathCharacter('#')),
        ("spiffe://cluster.local/ns/a/sa/b\0", PathCharacter('\0')),
        ("spiffe://cluster.local/ns/a/sa/b\r\n", PathCharacter('\r')),
        ("spiffe://cluster.local/ns/a/sa/*", PathCharacter('*')),
        ("spiffe://cluster.local/ns/a/sa/bé", PathCharacter('é')),
        ("spiffe://cluster.local/app/web", NotIstio),
        ("spiffe://cluster.local/ns/a/sa/b/extra", NotIstio),
        ("spiffe://cluster.local/NS/a/sa/b", NotIstio),
        ("spiffe://cluster.local/ns/a", NotIstio),
    ] {
        check(text, Err(problem));
    }
    check(&format!("spiffe://{}/ns/a/sa/b", "t".repeat(256)), Err(LongTrustDomain(256)));
    check(&format!("spiffe://td/ns/a/sa/{}", "x".repeat(3000)), Err(TooLong(3020)));
    let longest = format!("spiffe://td/ns/a/sa/{}", "x".repeat(2028));
    assert_eq!(longest.parse::<SpiffeId>().unwrap().as_str().len(), 2048);
}

#[test]
fn names_cannot_smuggle_a_second_segment() {
    assert!(SpiffeId::new("cluster.local", "a/sa/b", "c").is_err());
    assert!(SpiffeId::new("cluster.local/ns/x", "a", "c").is_err());
    assert!(SpiffeId::new("cluster.local", "", "c").is_err());
}

proptest! {
    #[test]
    fn any_text_is_refused_or_keeps_the_alphabet_and_round_trips(
        text in prop_oneof![
            any::<String>(),
            "spiffe://[a-zA-Z0-9._%@:/?#-]{0,40}",
            "spiffe://[a-z.]{1,5}/ns/[a-zA-Z._%/-]{0,6}/sa/[a-zA-Z._\\PC/-]{0,6}",
        ],
    ) {
        if let Ok(id) = text.parse::<SpiffeId>() {
            prop_assert_eq!(id.as_str(), &text);
            prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:".contains(c)));
            prop_assert!(id.trust_domain().chars().all(|c| !c.is_ascii_uppercase() && c != ':'));
            let again = SpiffeId::new(id.trust_domain(), id.namespace(), id.service_account());
            prop_assert_eq!(again.unwrap(), id);
        }
    }

    #[test]
    fn legal_names_always_make_an_identity(
        trust_domain in "[a-z0-9._-]{1,30}",
        namespace in "[a-zA-Z0-9_-]{1,30}",
        service_account in "[a-zA-Z0-9_-]{1,30}",
    ) {
        let id = SpiffeId::new(&trust_domain, &namespace, &service_account).unwrap();
        prop_assert_eq!(id.trust_domain(), trust_domain);
        prop_assert_eq!(id.namespace(), namespace);
        prop_assert_eq!(id.service_account(), service_account);
    }
}
