//! The `tls` block of a traffic policy, with Istio's own validation (reference/policy.md 3.5).

use crate::mesh::nearest;
use crate::policy::{ClientTlsMode, ClientTlsSettings};
use crate::resources::fields::{Fields, Found, scalar, wrong_type};
use crate::resources::input::File;
use crate::resources::node::{At, Node};
use crate::resources::parse::Problem;

/// Reads `tls` of `policy`; `tls: {}` is DISABLE, and no `tls` at all is not.
pub(crate) fn client_tls(policy: Fields<'_>, file: &File) -> Result<Option<ClientTlsSettings>, Problem> {
    let Some(found) = policy.get("tls") else { return Ok(None) };
    let fields = Fields::of(found.node(), "tls")?;
    fields.only(&[
        "mode",
        "sni",
        "subjectAltNames",
        "caCertificates",
        "clientCertificate",
        "privateKey",
        "credentialName",
        "insecureSkipVerify",
        "caCrl",
    ])?;
    let text = |name| fields.text(name).map(|text| text.filter(|text| !text.is_empty()).map(str::to_owned));
    let settings = ClientTlsSettings {
        mode: mode(fields)?,
        sni: text("sni")?,
        subject_alt_names: texts(fields, "subjectAltNames")?,
        ca_certificates: text("caCertificates")?,
        client_certificate: text("clientCertificate")?,
        private_key: text("privateKey")?,
        credential_name: text("credentialName")?,
        insecure_skip_verify: fields.boolean("insecureSkipVerify")?.unwrap_or(false),
        source: file.source(found.at()),
    };
    check(fields, &found, &settings)?;
    Ok(Some(settings))
}

fn mode(fields: Fields<'_>) -> Result<ClientTlsMode, Problem> {
    let Some(found) = fields.get("mode") else { return Ok(ClientTlsMode::Disable) };
    let text = scalar(&found.node().value);
    ClientTlsMode::read(&text).ok_or_else(|| Problem {
        at: found.at(),
        code: "resources.client_tls_mode",
        message: format!(
            "expected one of {}, found `{}`",
            ClientTlsMode::SPELLINGS.join(", "),
            text.escape_debug()
        ),
        help: nearest(&text, ClientTlsMode::SPELLINGS.into_iter())
            .map(|near| format!("did you mean `{near}`?")),
    })
}

/// The list of texts `name`.
pub(crate) fn texts(fields: Fields<'_>, name: &'static str) -> Result<Vec<String>, Problem> {
    let text = |node: &Node| match node.value.as_text() {
        Some(text) => Ok(text.to_owned()),
        None => Err(wrong_type(node.at, name, "text", &node.value)),
    };
    fields.list(name)?.iter().map(text).collect()
}

/// Istio's rules in Istio's order. Under DISABLE and ISTIO_MUTUAL nothing is refused.
fn check(fields: Fields<'_>, tls: &Found<'_>, settings: &ClientTlsSettings) -> Result<(), Problem> {
    let mutual = match settings.mode {
        ClientTlsMode::Simple => false,
        ClientTlsMode::Mutual => true,
        ClientTlsMode::Disable | ClientTlsMode::IstioMutual => return Ok(()),
    };
    let at = |names: &[&'static str]| -> Option<At> {
        names.iter().find_map(|name| fields.get(name).map(|found| found.at()))
    };
    if settings.insecure_skip_verify {
        let (forbidden, message): (&[_], _) = match mutual {
            true => (
                &["caCertificates", "subjectAltNames"],
                "cannot specify CaCertificates or SubjectAltNames when InsecureSkipVerify is set true",
            ),
            false => (
                &["caCertificates", "credentialName", "subjectAltNames"],
                "cannot specify CaCertificates or CredentialName or SubjectAltNames when InsecureSkipVerify is set true",
            ),
        };
        if let Some(at) = at(forbidden) {
            return Err(refused(at, message, "verify the server or do not, but say one of the two"));
        }
    }
    if settings.credential_name.is_some() {
        return match at(&["clientCertificate", "privateKey", "caCertificates", "caCrl"]) {
            Some(at) => Err(refused(
                at,
                "cannot specify client certificates or CA certificate or CA CRL If credentialName is set",
                "keep either credentialName or the files",
            )),
            None => Ok(()),
        };
    }
    let mode = || at(&["mode"]).unwrap_or_else(|| tls.at());
    match (mutual, &settings.client_certificate, &settings.private_key) {
        (true, None, _) => Err(refused(
            mode(),
            "client certificate required for mutual tls",
            "add clientCertificate and privateKey; for the mesh's own certificates write ISTIO_MUTUAL",
        )),
        (true, _, None) => {
            Err(refused(mode(), "private key required for mutual tls", "add privateKey: the file of the key"))
        }
        _ => Ok(()),
    }
}

fn refused(at: At, message: &str, help: &str) -> Problem {
    Problem { at, code: "resources.client_tls", message: message.to_owned(), help: Some(help.to_owned()) }
}
