//! What is taken and what is refused of a RequestAuthentication, beyond the rows of the vector files.

use super::*;
use crate::resources::input::Input;
use crate::resources::object::{Content, Object};
use crate::resources::objects::Objects;

fn read(spec: &str) -> Result<Object, String> {
    let text = format!(
        "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {{name: a, namespace: shop}}\nspec: {spec}\n"
    );
    let objects = Objects::read(&[Input::text("x.yaml", text)]).map_err(|errors| errors.to_string())?;
    Ok(objects.iter().next().unwrap().clone())
}

fn accepted(spec: &str) -> (RequestAuthentication, usize) {
    let object = read(spec).unwrap_or_else(|errors| panic!("{errors}"));
    let Content::RequestAuthentication(policy) = &object.content else { panic!("a RequestAuthentication") };
    ((**policy).clone(), object.warnings.len())
}

#[test]
fn what_istio_takes_is_taken() {
    let (full, warnings) = accepted(
        "{targetRefs: [{group: '', kind: Service, name: web}], jwtRules: [{issuer: example.com, jwksUri: 'https://example.com:8443/keys', forwardOriginalToken: true, fromCookies: [a], fromHeaders: [{name: a, prefix: b}], outputClaimToHeaders: [{claim: a, header: b-c}], timeout: 5s, outputPayloadToHeader: h, spaceDelimitedClaims: [s], presence: REQUIRED}]}",
    );
    assert_eq!(
        (&*full.target_refs, &*full.issuers, warnings),
        (&["Service/web".to_owned()][..], &["example.com".to_owned()][..], 0)
    );
    let (empty, warnings) = accepted("{selector: {}}");
    assert_eq!((empty.selector.map(|labels| labels.len()), warnings), (Some(0), 1));
    accepted("{jwtRules: [{issuer: '', jwksUri: 'http://[::1]:80/keys'}]}");
    accepted("{jwtRules: [{issuer: a, jwks_uri: 'HTTPS://example.com'}]}");
    accepted("null");
}

#[test]
fn a_key_that_can_sign_is_warned_of() {
    let jwks =
        |keys: &str| accepted(&format!("{{jwtRules: [{{issuer: a, jwks: '{{\"keys\": [{keys}]}}'}}]}}")).1;
    let public = r#"{"kty": "RSA", "n": "x", "e": "AQAB"}"#;
    let private = r#"{"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "d": "c"}"#;
    let shared = r#"{"kty": "oct", "k": "a"}"#;
    assert_eq!(jwks(public), 0);
    assert_eq!(jwks(&[public, private, shared].join(", ")), 2);
}

#[test]
fn what_istio_refuses_is_refused_in_its_words() {
    let check = |rule: &str, expect: &str| {
        let said = read(&format!("{{jwtRules: [{rule}]}}")).unwrap_err();
        assert!(said.contains(expect), "{rule}: expected {expect}\n{said}");
    };
    check("null", "spec.jwtRules[0] in body must be of type object");
    check("{}", "issuer or jwksUri must be non-empty string");
    check("{issuer: a, jwksUri: foo.com}", "URI scheme \"\" is not supported");
    check("{issuer: a, jwksUri: 'https://foo.com:not-a-number'}", "expected a port number");
    check(
        "{issuer: a, jwksUri: 'https://a', jwks: '{\"keys\": []}'}",
        "only one of jwks or jwksUri can be set",
    );
    check("{issuer: a, fromHeaders: [{prefix: b}]}", "spec.jwtRules[0].fromHeaders[0].name: Required value");
    check("{issuer: a, fromHeaders: [{name: ''}]}", "location header name must be non-empty string");
    check("{issuer: a, fromParams: ['']}", "fromParams[0] in body should be at least 1 chars long");
    check("{issuer: a, fromCookies: ['', b]}", "cookie name must be non-empty string");
    check(
        "{issuer: a, outputClaimToHeaders: [{header: h, claim: ''}]}",
        "[0].claim in body should be at least 1 chars long",
    );
    check(
        "{issuer: a, outputClaimToHeaders: [{claim: c, header: ':authority'}]}",
        "header in body should match",
    );
    check("{issuer: a, timeout: 10us}", "must be a valid duration greater than 1ms");
    check("{issuer: a, jwks: '{\"keys\": [{\"kty\": \"RSA\"}]}'}", "jwks parse error: key 0: expected \"n\"");
    check(
        &format!("{{issuer: a, jwks: '{}'}}", "{\"a\":".repeat(200)),
        "jwks parse error: expected YAML or JSON",
    );
    check("{issuer: a, isuer: b}", "did you mean `issuer`?");
}
