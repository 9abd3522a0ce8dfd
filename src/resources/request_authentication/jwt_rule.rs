//! One entry of `jwtRules`.

use crate::resources::fields::Fields;
use crate::resources::findings::Findings;
use crate::resources::node::{At, Node};
use crate::resources::parse::Problem;
use crate::resources::request_authentication::jwks::{private_keys, well_formed};
use crate::resources::request_authentication::uri::{duration_millis, scheme_and_port};
use crate::resources::schema::{items, object, unsupported, words};

/// The code of the warning that a key set for checking tokens can also sign them.
pub const PRIVATE_KEY: &str = "resources.private_key";

const FIELDS: [&str; 14] = [
    "issuer",
    "audiences",
    "jwksUri",
    "jwks_uri",
    "jwks",
    "fromHeaders",
    "fromParams",
    "fromCookies",
    "outputPayloadToHeader",
    "outputClaimToHeaders",
    "forwardOriginalToken",
    "timeout",
    "spaceDelimitedClaims",
    "presence",
];

/// Checks the rule, and reads its issuer.
pub(crate) fn jwt_rule(node: &Node, number: usize, findings: &mut Findings) -> Option<String> {
    let path = format!("spec.jwtRules[{number}]");
    let fields = findings.keep(object(node, &path, &FIELDS))?;
    let text = |field, findings: &mut Findings| findings.keep(fields.text(field)).flatten();
    let issuer = text("issuer", findings).unwrap_or_default();
    let uri = text("jwksUri", findings).or_else(|| text("jwks_uri", findings));
    if issuer.is_empty() && uri.is_none_or(str::is_empty) {
        let at = fields.get("issuer").map_or(node.at, |found| found.at());
        let message = "issuer or jwksUri must be non-empty string".to_owned();
        findings.refuse(refused(
            at,
            message,
            "write the `iss` of the tokens, as in `issuer: https://example.com`",
        ));
    }
    findings.keep(fields.boolean("forwardOriginalToken"));
    text("outputPayloadToHeader", findings);
    keys(fields, findings);
    places(fields, &path, findings);
    claims(fields, &path, findings);
    if let Some(found) = fields.get("presence")
        && !matches!(found.node().value.as_text(), Some("OPTIONAL" | "REQUIRED"))
    {
        let path = format!("{path}.presence");
        findings.refuse(unsupported(
            found.node(),
            &path,
            &["OPTIONAL", "REQUIRED"],
            "resources.unknown_presence",
        ));
    }
    findings.keep(timeout(fields));
    Some(issuer.to_owned())
}

/// Where the keys come from: an address, or the keys themselves.
fn keys(fields: Fields<'_>, findings: &mut Findings) {
    let given: Vec<_> =
        ["jwksUri", "jwks_uri", "jwks"].into_iter().filter_map(|name| fields.get(name)).collect();
    if let [_, second, ..] = &*given {
        let message = "only one of jwks or jwksUri can be set".to_owned();
        findings.refuse(refused(second.at(), message, "keep one of the two"));
    }
    let uris = ["jwksUri", "jwks_uri"].into_iter().filter_map(|name| fields.get(name));
    for (uri, at) in uris.filter_map(|found| Some((found.text().ok()?, found.at()))) {
        if let Err(why) = scheme_and_port(uri) {
            let message = format!("url must have scheme http:// or https://: {why}");
            findings.refuse(refused(at, message, "write `https://HOST/PATH`"));
        }
    }
    let Some((jwks, at)) = fields.get("jwks").and_then(|found| Some((found.text().ok()?, found.at()))) else {
        return;
    };
    match well_formed(jwks) {
        _ if jwks.is_empty() => {}
        Err(why) => {
            let help = "write a key set in JSON: `jwks: '{\"keys\": [{\"kty\": \"RSA\", …}]}'`";
            findings.refuse(refused(at, format!("jwks parse error: {why}"), help));
        }
        Ok(keys) => private_keys(&keys).for_each(|index| findings.warn(private_key(at, index))),
    }
}

/// Where a token is looked for.
fn places(fields: Fields<'_>, path: &str, findings: &mut Findings) {
    let lists = [
        ("audiences", "audience must be non-empty string"),
        ("fromParams", "location query must be non-empty string"),
        ("fromCookies", "cookie name must be non-empty string"),
        ("spaceDelimitedClaims", "claim must be non-empty string"),
    ];
    for (name, sentence) in lists {
        let words = words(fields, name, path, findings);
        for (index, word) in words.iter().enumerate().filter(|(_, word)| word.text.is_empty()) {
            let message =
                format!("{path}.{name}[{index}] in body should be at least 1 chars long: {sentence}");
            findings.refuse(refused(word.at, message, "name it, or remove it"));
        }
    }
    let headers = findings.keep(items(fields, "fromHeaders", path)).unwrap_or_default();
    for (index, node) in headers.iter().enumerate() {
        let path = format!("{path}.fromHeaders[{index}]");
        let Some(header) = findings.keep(object(node, &path, &["name", "prefix"])) else { continue };
        findings.keep(header.text("prefix"));
        let sentence = "location header name must be non-empty string";
        findings.keep(filled((header, node.at), "name", &path, sentence));
    }
}

/// What is told to the workload about the token.
fn claims(fields: Fields<'_>, path: &str, findings: &mut Findings) {
    let list = findings.keep(items(fields, "outputClaimToHeaders", path)).unwrap_or_default();
    for (index, node) in list.iter().enumerate() {
        let path = format!("{path}.outputClaimToHeaders[{index}]");
        let Some(claim) = findings.keep(object(node, &path, &["claim", "header"])) else { continue };
        for name in ["claim", "header"] {
            let sentence = "outputClaimToHeaders header and claim value must be non-empty string";
            findings.keep(filled((claim, node.at), name, &path, sentence));
        }
        let Some(found) = claim.get("header") else { continue };
        let letters =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if let Some(text) = found.node().value.as_text().filter(|text| !letters(text)) {
            let message = format!(
                "{path}.header in body should match '^[-_A-Za-z0-9]+$': header name {text:?} is not a valid header name"
            );
            findings.refuse(refused(found.at(), message, "write letters, digits, `-` and `_`"));
        }
    }
}

/// Refuses an absent or empty text `name` of the map at `path`.
fn filled(
    (fields, at): (Fields<'_>, At),
    name: &'static str,
    path: &str,
    sentence: &str,
) -> Result<(), Problem> {
    let (at, schema) = match (fields.text(name)?, fields.get(name)) {
        (Some(""), Some(found)) => (found.at(), " in body should be at least 1 chars long"),
        (None, _) => (at, ": Required value"),
        _ => return Ok(()),
    };
    Err(refused(at, format!("{path}.{name}{schema}: {sentence}"), "name it, or remove the entry"))
}

fn timeout(fields: Fields<'_>) -> Result<(), Problem> {
    let Some(found) = fields.get("timeout") else { return Ok(()) };
    let text = found.text()?;
    match duration_millis(text) {
        Some(millis) if millis >= 1.0 => Ok(()),
        _ => {
            let message =
                format!("must be a valid duration greater than 1ms, found `{}`", text.escape_debug());
            Err(refused(found.at(), message, "write it as in `5s` or `500ms`"))
        }
    }
}

fn private_key(at: At, index: usize) -> Problem {
    Problem {
        at,
        code: PRIVATE_KEY,
        message: format!(
            "jwks key at index {index} contains private key material; only public keys are used for verification"
        ),
        help: Some(
            "publish the public half only, and replace this key: whoever reads the policy can sign with it"
                .to_owned(),
        ),
    }
}

fn refused(at: At, message: String, help: &str) -> Problem {
    Problem { at, code: "resources.jwt_rule", message, help: Some(help.to_owned()) }
}
