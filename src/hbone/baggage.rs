//! Baggage: how a workload describes itself to the other side, for telemetry only (reference/hbone.md 2.5).

use std::fmt;

use http::header::HeaderValue;
use http::{HeaderMap, HeaderName};

/// The workload kinds that ztunnel's parser knows.
const KINDS: [&str; 4] = ["deployment", "cronjob", "pod", "job"];
/// A peer's value that is longer than any Kubernetes name (253) is not kept.
const LONGEST_VALUE: usize = 253;
/// What it usually takes: five names of Kubernetes' and their keys.
const USUAL_LENGTH: usize = 192;
/// The header's name.
const NAME: HeaderName = HeaderName::from_static("baggage");

/// The keys that ztunnel writes, in its order; an absent or empty value is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Described<'a> {
    /// `k8s.cluster.name`.
    pub cluster: Option<&'a str>,
    /// `k8s.namespace.name`.
    pub namespace: Option<&'a str>,
    /// `deployment`, `cronjob`, `pod` or `job`: part of the next key.
    pub workload_kind: Option<&'a str>,
    /// `k8s.<kind>.name`.
    pub workload_name: Option<&'a str>,
    /// `service.name`.
    pub service_name: Option<&'a str>,
    /// `service.version`.
    pub service_version: Option<&'a str>,
    /// `cloud.region`.
    pub region: Option<&'a str>,
    /// `cloud.availability_zone`.
    pub zone: Option<&'a str>,
}

/// A description as it travels. It is read only when somebody asks: each connection carries two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baggage(HeaderValue);

impl Baggage {
    /// What `described` says; `None` where that is nothing, or cannot stand in a header.
    pub fn of(described: &Described<'_>) -> Option<Self> {
        let mut text = String::with_capacity(USUAL_LENGTH);
        described.append_to(&mut text);
        let value = HeaderValue::try_from(text).ok().filter(|value| !value.is_empty());
        value.map(Self)
    }

    /// What a message says; several lines are one list (RFC 9110 §5.3).
    pub(crate) fn in_headers(headers: &HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all(NAME).iter();
        let first = lines.next()?;
        let Some(second) = lines.next() else { return Some(Self(first.clone())) };
        let mut whole = first.as_bytes().to_vec();
        for line in std::iter::once(second).chain(lines) {
            whole.push(b',');
            whole.extend_from_slice(line.as_bytes());
        }
        HeaderValue::try_from(whole).ok().map(Self)
    }

    /// Puts it among the headers of a message.
    pub(crate) fn insert_into(&self, headers: &mut HeaderMap) {
        headers.insert(NAME, self.0.clone());
    }

    /// What it says. Unknown keys and empty values are skipped: it is never an error.
    pub fn read(&self) -> Described<'_> {
        let mut described = Described::default();
        let text = self.0.to_str().unwrap_or_default();
        text.split(',').filter_map(pair).for_each(|(key, value)| described.set(key, value));
        described
    }
}

impl<'a> Described<'a> {
    fn set(&mut self, key: &'a str, value: &'a str) {
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
                self.workload_kind = Some(kind);
                &mut self.workload_name
            }
        };
        *field = Some(value);
    }

    fn append_to(&self, text: &mut String) {
        let workload = self.workload_kind.and(self.workload_name);
        let pairs = [
            (["k8s.cluster.name", "", ""], self.cluster),
            (["k8s.namespace.name", "", ""], self.namespace),
            (["k8s.", self.workload_kind.unwrap_or_default(), ".name"], workload),
            (["service.name", "", ""], self.service_name),
            (["service.version", "", ""], self.service_version),
            (["cloud.region", "", ""], self.region),
            (["cloud.availability_zone", "", ""], self.zone),
        ];
        for (key, value) in pairs {
            let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
            if !text.is_empty() {
                text.push(',');
            }
            key.into_iter().chain(["=", value]).for_each(|part| text.push_str(part));
        }
    }
}

/// A key and its value; values after a second `=` are dropped, as in ztunnel.
fn pair(item: &str) -> Option<(&str, &str)> {
    let mut parts = item.trim().split('=');
    let (key, value) = (parts.next()?, parts.next()?);
    (!value.is_empty() && value.len() <= LONGEST_VALUE).then_some((key, value))
}

impl fmt::Display for Baggage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn in_lines(lines: &[&str]) -> Option<Baggage> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(NAME, HeaderValue::from_str(line).ok()?);
        }
        Baggage::in_headers(&headers)
    }

    #[test]
    fn reads_what_ztunnel_writes() {
        let text = "k8s.cluster.name=Kubernetes,k8s.namespace.name=default,k8s.deployment.name=client,\
                    service.name=client,service.version=v1";
        let baggage = in_lines(&[text]).unwrap();
        assert_eq!(baggage.read().workload_kind, Some("deployment"));
        assert_eq!(baggage.read().workload_name, Some("client"));
        assert_eq!(Baggage::of(&baggage.read()).unwrap().to_string(), text);
    }

    #[test]
    fn skips_what_it_does_not_know() {
        let baggage = in_lines(&["k8s.statefulset.name=x,service.name=,zzz=1,nonsense", "service.name=a=b"]);
        let expect = Described { service_name: Some("a"), ..Described::default() };
        assert_eq!(baggage.unwrap().read(), expect);
        assert_eq!(in_lines(&[""]).unwrap().read(), Described::default());
        assert_eq!(in_lines(&[]), None);
        assert_eq!(Baggage::of(&Described::default()), None);
        assert_eq!(Baggage::of(&Described { region: Some("a\nb"), ..Described::default() }), None);
    }

    proptest! {
        #[test]
        fn never_panics_and_round_trips(line in "\\PC{0,120}") {
            let Some(baggage) = in_lines(&[&line]) else { return Ok(()) };
            match Baggage::of(&baggage.read()) {
                Some(again) => prop_assert_eq!(again.read(), baggage.read()),
                None => prop_assert_eq!(baggage.read(), Described::default()),
            }
        }
    }
}
