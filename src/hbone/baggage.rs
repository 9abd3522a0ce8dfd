//! Baggage: how a workload describes itself to the other side, for telemetry only (reference/hbone.md 2.5).

use std::fmt;

/// The workload kinds that ztunnel's parser knows.
const KINDS: [&str; 4] = ["deployment", "cronjob", "pod", "job"];
/// A peer's value that is longer than any Kubernetes name (253) is not kept.
const LONGEST_VALUE: usize = 253;

/// The keys that ztunnel writes, in its order; an absent or empty value is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baggage {
    /// `k8s.cluster.name`.
    pub cluster: Option<String>,
    /// `k8s.namespace.name`.
    pub namespace: Option<String>,
    /// `deployment`, `cronjob`, `pod` or `job`: part of the next key.
    pub workload_kind: Option<String>,
    /// `k8s.<kind>.name`.
    pub workload_name: Option<String>,
    /// `service.name`.
    pub service_name: Option<String>,
    /// `service.version`.
    pub service_version: Option<String>,
    /// `cloud.region`.
    pub region: Option<String>,
    /// `cloud.availability_zone`.
    pub zone: Option<String>,
}

impl Baggage {
    /// Parses all baggage lines of a message. Unknown keys and empty values are skipped: it is never an error.
    pub fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut baggage = Self::default();
        for (key, value) in lines.flat_map(|line| line.split(',')).filter_map(pair) {
            baggage.set(key, value);
        }
        baggage
    }

    fn set(&mut self, key: &str, value: String) {
        let field = match key {
            "k8s.cluster.name" => &mut self.cluster,
            "k8s.namespace.name" => &mut self.namespace,
            "service.name" => &mut self.service_name,
            "service.version" => &mut self.service_version,
            "cloud.region" => &mut self.region,
            "cloud.availability_zone" => &mut self.zone,
            _ => {
                let kind = key.strip_prefix("k8s.").and_then(|key| key.strip_suffix(".name"));
                let Some(kind) = kind.filter(|kind| KINDS.contains(kind)) else { return };
                self.workload_kind = Some(kind.to_owned());
                &mut self.workload_name
            }
        };
        *field = Some(value);
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A key and its value; values after a second `=` are dropped, as in ztunnel.
fn pair(item: &str) -> Option<(&str, String)> {
    let mut parts = item.trim().split('=');
    let (key, value) = (parts.next()?, parts.next()?);
    (!value.is_empty() && value.len() <= LONGEST_VALUE).then(|| (key, value.to_owned()))
}

impl fmt::Display for Baggage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let workload = self.workload_kind.as_deref().map(|kind| format!("k8s.{kind}.name"));
        let pairs = [
            ("k8s.cluster.name", &self.cluster),
            ("k8s.namespace.name", &self.namespace),
            (workload.as_deref().unwrap_or_default(), &self.workload_name),
            ("service.name", &self.service_name),
            ("service.version", &self.service_version),
            ("cloud.region", &self.region),
            ("cloud.availability_zone", &self.zone),
        ];
        let said = pairs.iter().filter_map(|(key, value)| Some((*key, value.as_deref()?)));
        let mut said = said.filter(|(key, value)| !key.is_empty() && !value.is_empty());
        if let Some((key, value)) = said.next() {
            write!(f, "{key}={value}")?;
        }
        said.try_for_each(|(key, value)| write!(f, ",{key}={value}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_ztunnel_writes() {
        let text = "k8s.cluster.name=Kubernetes,k8s.namespace.name=default,k8s.deployment.name=client,\
                    service.name=client,service.version=v1";
        let baggage = Baggage::parse([text].into_iter());
        assert_eq!(baggage.workload_kind.as_deref(), Some("deployment"));
        assert_eq!(baggage.workload_name.as_deref(), Some("client"));
        assert_eq!(baggage.to_string(), text);
    }

    #[test]
    fn skips_what_it_does_not_know() {
        let baggage = Baggage::parse(
            ["k8s.statefulset.name=x,service.name=,zzz=1,nonsense", "service.name=a=b"].into_iter(),
        );
        assert_eq!(baggage, Baggage { service_name: Some("a".to_owned()), ..Baggage::default() });
        assert!(Baggage::parse([""].into_iter()).is_empty());
    }

    proptest! {
        #[test]
        fn never_panics_and_round_trips(line in "\\PC{0,120}") {
            let baggage = Baggage::parse([line.as_str()].into_iter());
            let again = Baggage::parse([baggage.to_string().as_str()].into_iter());
            prop_assert_eq!(again, baggage);
        }
    }
}
