//! Which wire a connection to one workload takes: a DestinationRule's word, or else auto mTLS. Pure.

use std::sync::Arc;

use crate::mesh::{Reach, Semantics, Service, Workload};
use crate::policy::{ClientTlsChoice, ClientTlsMode, ClientTlsSettings, MtlsMode, Snapshot};
use crate::proxy::because::{Because, RuleSays};
use crate::telemetry::Wire;

/// Where a connection goes, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Through a tunnel to 15008 of the workload.
    Hbone(Arc<Workload>),
    /// Mesh mutual TLS straight to the workload's port, as sidecars expect it.
    Mtls(Arc<Workload>),
    /// Without any TLS of the mesh; `None` is an address that no workload owns.
    Plain(Option<Arc<Workload>>),
}

impl Route {
    /// The workload, if it is one of the mesh's.
    pub fn workload(&self) -> Option<&Arc<Workload>> {
        match self {
            Self::Hbone(workload) | Self::Mtls(workload) => Some(workload),
            Self::Plain(workload) => workload.as_ref(),
        }
    }

    /// The wire; for `Plain` it is what the application sends, which nobody has looked at yet.
    pub fn wire(&self) -> Wire {
        match self {
            Self::Hbone(_) => Wire::Hbone,
            Self::Mtls(_) => Wire::Mtls,
            Self::Plain(_) => Wire::Raw,
        }
    }
}

/// TLS that the proxy speaks for the application, inside of whatever the route is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Originate {
    /// The rule's `tls` block; its mode is SIMPLE or MUTUAL.
    pub tls: Arc<ClientTlsSettings>,
    /// The server name to send: the rule's `sni`, or the service's host name.
    pub sni: Arc<str>,
}

/// One connection to be decided on.
pub(crate) struct Question<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) source: &'a Workload,
    /// The service that was dialled, and on which of its ports.
    pub(crate) service: Option<(&'a Service, u16)>,
    /// The subset that a route picked.
    pub(crate) subset: Option<&'a str>,
    /// The destination and its port.
    pub(crate) to: (&'a Arc<Workload>, u16),
}

/// The answer.
pub(crate) struct Wired {
    pub(crate) route: Route,
    pub(crate) originate: Option<Originate>,
    pub(crate) because: Because,
}

impl Wired {
    fn on(route: Route, because: Because) -> Self {
        Self { route, originate: None, because }
    }
}

/// Whether the proxy of `source` reads DestinationRules: a sidecar does, a ztunnel does not; under `semantics: istio` an
/// ambient source stands for the whole of a mesh, and does.
pub(crate) fn obeys_rules(snapshot: &Snapshot, source: &Workload) -> bool {
    match source.reach {
        Reach::Sidecar => true,
        Reach::Hbone => snapshot.policies.semantics() == Semantics::Istio,
        Reach::Plain => false,
    }
}

impl Question<'_> {
    /// Decides.
    pub(crate) fn answer(&self) -> Wired {
        if !self.source.reach.in_mesh() {
            return self.plain(Because::SourceOutside);
        }
        let Some(choice) = self.choice() else { return self.auto() };
        let obeys = obeys_rules(self.snapshot, self.source);
        match (choice.tls.clone(), obeys) {
            (Some(tls), true) => self.obey(&choice, tls),
            (Some(tls), false) => {
                let Wired { route, because, .. } = self.auto();
                let says = Box::new(self.says(&choice, &tls));
                Wired::on(route, Because::RuleIgnored { says, auto: Box::new(because) })
            }
            (None, true) => {
                let Wired { route, because, .. } = self.auto();
                let (rule, level, auto) = (choice.rule, choice.level, Box::new(because));
                Wired::on(route, Because::RuleIsSilent { rule, level, auto })
            }
            (None, false) => self.auto(),
        }
    }

    fn choice(&self) -> Option<ClientTlsChoice> {
        let (service, port) = self.service?;
        self.snapshot.destination_rules.choose(self.source, service, port, self.subset)
    }

    /// What a rule's mode becomes: HBONE takes the place of ISTIO_MUTUAL, and SIMPLE and MUTUAL run inside of it.
    fn obey(&self, choice: &ClientTlsChoice, tls: Arc<ClientTlsSettings>) -> Wired {
        let (workload, _) = self.to;
        let says = Box::new(self.says(choice, &tls));
        let originates = matches!(tls.mode, ClientTlsMode::Simple | ClientTlsMode::Mutual);
        if originates && tls.credential_name.is_some() && !choice.selects_clients {
            return self.plain(Because::NoCredential(says));
        }
        let route = match (tls.mode, workload.reach) {
            (ClientTlsMode::Disable, _) => Route::Plain(Some(Arc::clone(workload))),
            (_, Reach::Hbone) => Route::Hbone(Arc::clone(workload)),
            (ClientTlsMode::IstioMutual, _) => Route::Mtls(Arc::clone(workload)),
            (ClientTlsMode::Simple | ClientTlsMode::Mutual, _) => Route::Plain(Some(Arc::clone(workload))),
        };
        let sni = || {
            let hostname = self.service.map_or("", |(service, _)| &service.hostname);
            tls.sni.as_deref().unwrap_or(hostname).into()
        };
        let originate = originates.then(|| Originate { sni: sni(), tls: Arc::clone(&tls) });
        Wired { route, originate, because: Because::Rule(says) }
    }

    fn says(&self, choice: &ClientTlsChoice, tls: &ClientTlsSettings) -> RuleSays {
        RuleSays {
            mode: tls.mode,
            level: choice.level,
            rule: choice.rule.clone(),
            source: tls.source.clone(),
            port: self.service.map_or(self.to.1, |(_, port)| port),
            subset: self.subset.map(str::to_owned),
            reach: self.to.0.reach,
        }
    }

    /// Auto mTLS (reference/policy.md 3.3), endpoint by endpoint: HBONE to an ambient workload, direct mTLS to a sidecar,
    /// plaintext to anything else.
    fn auto(&self) -> Wired {
        let (workload, port) = self.to;
        let semantics = self.snapshot.policies.semantics();
        let disabled = self.snapshot.policies.effective(&workload.name, port).mode == MtlsMode::Disable;
        match (self.source.reach, workload.reach) {
            (_, Reach::Plain) => self.plain(Because::DestinationOutside),
            (_, Reach::Hbone) if disabled && semantics == Semantics::Istio => {
                self.plain(Because::PortDisabled)
            }
            (Reach::Sidecar, Reach::Hbone) => {
                Wired::on(Route::Hbone(Arc::clone(workload)), Because::AmbientDestination)
            }
            (_, Reach::Hbone) => Wired::on(Route::Hbone(Arc::clone(workload)), Because::Ambient),
            (Reach::Hbone, Reach::Sidecar) if semantics == Semantics::Ztunnel => {
                self.plain(Because::NoTunnel)
            }
            (_, Reach::Sidecar) => match self.without_mtls() {
                Some(because) => self.plain(because),
                None if disabled => self.plain(Because::PortDisabled),
                None => Wired::on(Route::Mtls(Arc::clone(workload)), Because::Sidecar),
            },
        }
    }

    /// What keeps auto mTLS off for the whole of the service. Only a sidecar builds clusters, and so only for one do the
    /// service's namespace and its other pods matter.
    fn without_mtls(&self) -> Option<Because> {
        if !self.snapshot.mesh.settings().auto_mtls {
            return Some(Because::AutoMtlsOff);
        }
        let (service, _) = self.service.filter(|_| self.source.reach == Reach::Sidecar)?;
        if self.snapshot.namespace_modes.of(&service.name.namespace) == MtlsMode::Disable {
            return Some(Because::ServiceDisabled);
        }
        let outside = service.endpoints.iter().any(|endpoint| !endpoint.workload.reach.in_mesh());
        (service.vips.is_empty() && outside).then_some(Because::HeadlessMixed)
    }

    fn plain(&self, because: Because) -> Wired {
        Wired::on(Route::Plain(Some(Arc::clone(self.to.0))), because)
    }
}
