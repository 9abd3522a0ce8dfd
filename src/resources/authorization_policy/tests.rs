//! What is read of an AuthorizationPolicy: values, names of what a ztunnel cannot compare, and warnings.

use proptest::prelude::*;

use super::*;
use crate::policy::{IpBlock, ServiceAccount, StringMatch};
use crate::resources::input::Input;
use crate::resources::object::{Content, Object};
use crate::resources::objects::Objects;

const EVERYTHING: &str = include_str!("tests/everything.yaml");

fn object(text: &str) -> Object {
    let objects = Objects::read(&[Input::text("x.yaml", text)]).unwrap_or_else(|errors| panic!("{errors}"));
    objects.iter().next().unwrap().clone()
}

fn policy(spec: &str) -> AuthorizationPolicy {
    let Content::AuthorizationPolicy(policy) = object(&document(spec)).content else { panic!("a policy") };
    (*policy).clone()
}

fn document(spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: a, namespace: shop}}\nspec: {spec}\n"
    )
}

#[test]
fn every_field_ends_where_it_belongs() {
    let Content::AuthorizationPolicy(policy) = object(EVERYTHING).content else { panic!("a policy") };
    let exact = |text: &str| StringMatch::Exact(text.to_owned());
    let block = |text: &str| text.parse::<IpBlock>().unwrap();
    let account = |namespace: &str, name: &str| ServiceAccount {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    assert_eq!((policy.action, policy.dry_run), (Action::Deny, true));
    let [rule] = &*policy.rules else { panic!("one rule") };
    let [first, second] = &*rule.from else { panic!("two sources") };
    let [when_principal, when_header, when_port] = &*rule.when else { panic!("three conditions") };
    assert_eq!(
        first.matches.principals.any,
        [exact("cluster.local/ns/shop/sa/web"), StringMatch::Suffix("/sa/admin".to_owned())]
    );
    assert_eq!(first.matches.principals.none, [StringMatch::Presence]);
    assert_eq!(first.matches.namespaces.any, [exact("shop"), StringMatch::Prefix("team-".to_owned())]);
    assert_eq!(first.matches.namespaces.none, [exact("bad")]);
    assert_eq!(first.matches.source_ips.any, [block("10.0.0.9"), block("10.1.0.0/16")]);
    assert_eq!(first.matches.source_ips.none, [block("fd00::/8")]);
    assert_eq!(first.matches.trust_domains.any, [exact("cluster.local")]);
    assert_eq!(first.layer7, ["requestPrincipals", "notRemoteIpBlocks"]);
    assert_eq!(second.matches.service_accounts.any, [account("shop", "web"), account("other", "admin")]);
    assert_eq!((&*rule.to[0].matches.ports.any, &*rule.to[0].matches.ports.none), (&[8080][..], &[0][..]));
    assert_eq!(rule.to[0].layer7, ["hosts", "methods", "notPaths"]);
    assert_eq!(when_principal.matches.principals.none, [StringMatch::Presence]);
    assert_eq!(when_header.layer7, ["request.headers[x-token]"]);
    assert!(when_header.matches.is_empty());
    assert_eq!(when_port.matches.ports.any, [80]);
    let layer7 = [
        "hosts",
        "methods",
        "notPaths",
        "notRemoteIpBlocks",
        "request.headers[x-token]",
        "requestPrincipals",
    ];
    assert_eq!(policy.layer7(), layer7);
}

#[test]
fn empty_lists_and_null_are_absent() {
    let open = Rule::default();
    for spec in ["{}", "{rules: []}", "{rules: null, action: null, selector: null}", "null"] {
        let policy = policy(spec);
        assert_eq!((policy.action, policy.rules.len(), policy.selector), (Action::Allow, 0, None), "{spec}");
    }
    for spec in ["{rules: [{}]}", "{rules: [{from: [], to: [], when: []}]}", "{rules: [{from: null}]}"] {
        assert_eq!(policy(spec).rules, std::slice::from_ref(&open), "{spec}");
    }
    let ports = policy("{rules: [{to: [{operation: {ports: ['80'], methods: []}}]}]}");
    assert!(!ports.rules[0].has_layer7());
}

#[test]
fn scopes_and_targets_are_kept() {
    assert_eq!(policy("{selector: {}}").selector.map(|labels| labels.len()), Some(0));
    assert_eq!(policy("{selector: {matchLabels: {app: ''}}}").selector.map(|labels| labels.len()), Some(1));
    let target = "{targetRefs: [{kind: Service, group: '', name: web}, {kind: Gateway, group: gateway.networking.k8s.io, name: w}]}";
    assert_eq!(policy(target).target_refs, ["Service/web", "Gateway/w"]);
    assert_eq!(policy("{targetRef: {kind: Service, name: web}}").target_refs, ["Service/web"]);
    let custom = policy("{action: CUSTOM, provider: {name: x}, rules: [{to: [{operation: {paths: [/x]}}]}]}");
    assert_eq!((custom.action, custom.layer7()), (Action::Custom, vec!["paths"]));
    assert_eq!(policy("{action: AUDIT}").action, Action::Audit);
}

#[test]
fn istio_s_warnings_are_kept_beside_the_object() {
    let check = |spec: &str, expect: &[&str]| {
        let object = object(&document(spec));
        let codes: Vec<&str> = object.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes, expect, "{spec}");
    };
    check("{selector: {}, action: DENY, rules: [{}]}", &["resources.empty_selector"]);
    let deny = |rule: &str, warns: bool| {
        let expect: &[&str] = if warns { &["resources.http_only_deny"] } else { &[] };
        check(&format!("{{action: DENY, rules: [{rule}]}}"), expect);
        check(&format!("{{rules: [{rule}]}}"), &[]);
    };
    deny("{from: [{source: {requestPrincipals: ['*']}}]}", true);
    deny("{from: [{source: {remoteIpBlocks: [10.0.0.1]}}]}", false);
    deny("{from: [{source: {principals: ['*']}}]}", false);
    deny("{from: [{source: {principals: ['*']}}], to: [{operation: {methods: [GET]}}]}", true);
    deny("{to: [{operation: {methods: [GET], ports: ['80']}}]}", false);
    deny("{when: [{key: 'request.headers[a]', values: [b]}]}", false);
}

/// Every mistake of a document is told at once.
#[test]
fn mistakes_are_told_together() {
    let spec = "{rules: [{from: [{source: {ipBlocks: [ip1], notIpBlocks: [ip2]}}], to: [{operation: {ports: [port1], notPorts: [port2]}}]}]}";
    let errors = Objects::read(&[Input::text("x.yaml", document(spec))]).unwrap_err();
    let said = errors.to_string();
    for expect in ["bad IP address (ip1)", "bad IP address (ip2)", "bad port (port1)", "bad port (port2)"] {
        assert!(said.contains(expect), "{said}");
    }
    assert_eq!(errors.iter().count(), 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever a slip of the hand makes of a good policy: it loads, or every error points into it.
    #[test]
    fn a_damaged_policy_never_panics(start in 0..EVERYTHING.len(), length in 0..30_usize, put in "[ -~\n\u{0}é]{0,6}") {
        let text: String =
            EVERYTHING.chars().take(start).chain(put.chars()).chain(EVERYTHING.chars().skip(start + length)).collect();
        if let Err(errors) = Objects::read(&[Input::text("x.yaml", text.clone())]) {
            for error in errors.iter() {
                let line = error.source().unwrap().line as usize;
                prop_assert!((1..=text.lines().count() + 1).contains(&line), "{error}");
            }
        }
    }

    /// A value that Istio takes is written back as it was read.
    #[test]
    fn values_are_read_whole(value in "[a-z*./-]{1,12}") {
        let policy = policy(&format!("{{rules: [{{from: [{{source: {{principals: [\"{value}\"]}}}}]}}]}}"));
        prop_assert_eq!(policy.rules[0].from[0].matches.principals.any[0].to_string(), value);
    }
}
