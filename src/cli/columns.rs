//! The columns that kubectl prints for each kind, from the documents themselves.

use std::time::{Duration, SystemTime};

use crate::admin::ResourceView;

/// One column.
pub(crate) struct Column {
    pub(crate) header: &'static str,
    /// Whether it is only there with `-o wide`.
    pub(crate) wide: bool,
    pub(crate) cell: fn(&ResourceView, SystemTime) -> String,
}

const fn column(header: &'static str, cell: fn(&ResourceView, SystemTime) -> String) -> Column {
    Column { header, wide: false, cell }
}

const fn wide(header: &'static str, cell: fn(&ResourceView, SystemTime) -> String) -> Column {
    Column { header, wide: true, cell }
}

/// The columns after NAME.
pub(crate) fn columns(kind: &str) -> Vec<Column> {
    let age = column("AGE", age);
    let source = wide("SOURCE", |resource, _| resource.source.clone());
    match kind {
        "PeerAuthentication" => vec![column("MODE", |it, _| text(it, "/spec/mtls/mode")), age, source],
        "AuthorizationPolicy" => vec![column("ACTION", |it, _| text(it, "/spec/action")), age, source],
        "DestinationRule" => vec![column("HOST", |it, _| text(it, "/spec/host")), age, source],
        "VirtualService" => vec![
            column("GATEWAYS", |it, _| list(it, "/spec/gateways")),
            column("HOSTS", |it, _| list(it, "/spec/hosts")),
            age,
            source,
        ],
        "Service" => vec![
            column("TYPE", |it, _| or(text(it, "/spec/type"), "ClusterIP")),
            column("CLUSTER-IP", |it, _| or(text(it, "/spec/clusterIP"), "<allotted>")),
            column("EXTERNAL-IP", |_, _| "<none>".to_owned()),
            column("PORT(S)", |it, _| ports(it)),
            age,
            wide("SELECTOR", |it, _| labels(it, "/spec/selector")),
            source,
        ],
        "Pod" => vec![
            column("READY", |it, _| ready(it)),
            column("STATUS", |it, _| or(text(it, "/status/phase"), "Running")),
            column("RESTARTS", |_, _| "0".to_owned()),
            age,
            wide("IP", |it, _| text(it, "/status/podIP")),
            wide("NODE", |it, _| text(it, "/spec/nodeName")),
            source,
        ],
        "Deployment" => vec![
            column("READY", |it, _| format!("{0}/{0}", replicas(it))),
            column("UP-TO-DATE", |it, _| replicas(it)),
            column("AVAILABLE", |it, _| replicas(it)),
            age,
            wide("SELECTOR", |it, _| labels(it, "/spec/selector/matchLabels")),
            source,
        ],
        "WorkloadEntry" => vec![age, column("ADDRESS", |it, _| text(it, "/spec/address")), source],
        "Namespace" => vec![
            column("STATUS", |_, _| "Active".to_owned()),
            age,
            wide("LABELS", |it, _| labels(it, "/metadata/labels")),
            source,
        ],
        _ => vec![age, source],
    }
}

fn age(resource: &ResourceView, now: SystemTime) -> String {
    resource.age(now).map_or_else(|| "<unknown>".to_owned(), human)
}

/// As kubectl writes an age: `45s`, `3m12s`, `47m`, `5h3m`, `30h`, `12d`.
fn human(age: Duration) -> String {
    let seconds = age.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 if seconds.is_multiple_of(60) => format!("{minutes}m"),
        120..600 => format!("{minutes}m{}s", seconds % 60),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 if minutes.is_multiple_of(60) => format!("{hours}h"),
        10_800..28_800 => format!("{hours}h{}m", minutes % 60),
        28_800..172_800 => format!("{hours}h"),
        _ => format!("{days}d"),
    }
}

fn text(resource: &ResourceView, pointer: &str) -> String {
    let found = resource.document.pointer(pointer);
    found.and_then(|value| value.as_str()).unwrap_or_default().to_owned()
}

fn or(text: String, default: &str) -> String {
    if text.is_empty() { default.to_owned() } else { text }
}

fn list(resource: &ResourceView, pointer: &str) -> String {
    resource.document.pointer(pointer).map(ToString::to_string).unwrap_or_default()
}

fn labels(resource: &ResourceView, pointer: &str) -> String {
    let pairs = resource.document.pointer(pointer).and_then(|value| value.as_object());
    let pairs = pairs.into_iter().flatten();
    let pairs: Vec<String> =
        pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    or(pairs.join(","), "<none>")
}

fn ports(resource: &ResourceView) -> String {
    let port = |place: usize| {
        let of = |field| resource.document.pointer(&format!("/spec/ports/{place}/{field}"));
        let protocol = of("protocol").and_then(|it| it.as_str()).unwrap_or("TCP");
        Some(format!("{}/{protocol}", of("port")?))
    };
    or((0..).map_while(port).collect::<Vec<String>>().join(","), "<none>")
}

fn replicas(resource: &ResourceView) -> String {
    resource.document.pointer("/spec/replicas").map_or_else(|| "1".to_owned(), ToString::to_string)
}

/// One container, and one more where a sidecar was injected.
fn ready(resource: &ResourceView) -> String {
    let containers = resource.document.pointer("/spec/containers").and_then(|value| value.as_array());
    let count = containers.map_or(1, Vec::len).max(1);
    format!("{count}/{count}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_kubectls() {
        let check = |seconds, expect: &str| assert_eq!(human(Duration::from_secs(seconds)), expect);
        check(0, "0s");
        check(119, "119s");
        check(120, "2m");
        check(192, "3m12s");
        check(600, "10m");
        check(10_799, "179m");
        check(10_800, "3h");
        check(18_180, "5h3m");
        check(108_000, "30h");
        check(1_036_800, "12d");
    }
}
