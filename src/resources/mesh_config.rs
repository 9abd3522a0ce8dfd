//! MeshConfig: as a document of its own, or inside an IstioOperator.

use crate::identity::SpiffeId;
use crate::mesh::Settings;
use crate::resources::fields::{Fields, wrong_type};
use crate::resources::node::{At, Value};
use crate::resources::parse::Problem;
use crate::resources::shape::LABEL;

/// Our one setting that Istio does not have, in the form of an annotation.
const SEMANTICS: &str = "glasstunnel.dev/semantics";

/// The fields of Istio's MeshConfig; those that are not read mean nothing to a mesh on one machine.
const FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    SEMANTICS,
    "accessLogEncoding",
    "accessLogFile",
    "accessLogFormat",
    "ca",
    "caCertificates",
    "certificates",
    "configSources",
    "connectTimeout",
    "defaultConfig",
    "defaultDestinationRuleExportTo",
    "defaultHttpRetryPolicy",
    "defaultProviders",
    "defaultServiceExportTo",
    "defaultVirtualServiceExportTo",
    "discoverySelectors",
    "dnsRefreshRate",
    "enableAutoMtls",
    "enableEnvoyAccessLogService",
    "enablePrometheusMerge",
    "enableTracing",
    "extensionProviders",
    "h2UpgradePolicy",
    "hboneIdleTimeout",
    "inboundClusterStatName",
    "inboundTrafficPolicy",
    "ingressClass",
    "ingressControllerMode",
    "ingressSelector",
    "ingressService",
    "localityLbSetting",
    "meshMTLS",
    "outboundClusterStatName",
    "outboundTrafficPolicy",
    "pathNormalization",
    "protocolDetectionTimeout",
    "proxyHttpPort",
    "proxyInboundListenPort",
    "proxyListenPort",
    "rootNamespace",
    "serviceScopeConfigs",
    "serviceSettings",
    "tcpKeepalive",
    "tlsDefaults",
    "trustDomain",
    "trustDomainAliases",
    "verifyCertificateAtClient",
];

/// Reads the fields of a MeshConfig into `settings`.
pub(crate) fn mesh_config(fields: Fields<'_>, settings: &mut Settings) -> Result<(), Problem> {
    fields.only(FIELDS)?;
    if let Some(text) = fields.name("rootNamespace", &LABEL)? {
        settings.root_namespace = text.to_owned();
    }
    if let Some(found) = fields.get("trustDomain") {
        settings.trust_domain = trust_domain(found.text()?, found.at())?;
    }
    for alias in fields.list("trustDomainAliases")? {
        match &alias.value {
            Value::Text(text) => settings.trust_domain_aliases.push(text.clone()),
            other => return Err(wrong_type(alias.at, "trustDomainAliases", "text", other)),
        }
    }
    if let Some(auto_mtls) = fields.boolean("enableAutoMtls")? {
        settings.auto_mtls = auto_mtls;
    }
    if let Some(found) = fields.get(SEMANTICS) {
        settings.semantics = found.text()?.parse().map_err(|message| Problem {
            at: found.at(),
            code: "resources.semantics",
            message,
            help: None,
        })?;
    }
    Ok(())
}

/// An IstioOperator's `spec.meshConfig`.
pub(crate) fn istio_operator(document: Fields<'_>) -> Result<Fields<'_>, Problem> {
    document.map("spec")?.map("meshConfig")
}

/// A trust domain must be able to stand in an identity; better said here than at the first workload.
fn trust_domain(text: &str, at: At) -> Result<String, Problem> {
    match SpiffeId::new(text, "default", "default") {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(Problem {
            at,
            code: "resources.trust_domain",
            message: error.to_string(),
            help: Some("Istio's default is cluster.local".to_owned()),
        }),
    }
}
