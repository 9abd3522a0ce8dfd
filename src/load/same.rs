//! Whether two runs may be compared: the same machine, kernel, profile, work and settings.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::load::run::Run;

/// A mebibyte's worth of memory comes and goes with the kernel; whole gibibytes are the machine's.
const MEMORY_UNIT: u64 = 1 << 30;

/// Something in which two runs differ, so that a difference of their figures may come from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Differs {
    /// What: `kernel`, `settings.rate`.
    pub what: String,
    /// In the first run.
    pub a: String,
    /// In the second.
    pub b: String,
}

/// All in which the ground of two runs differs.
pub(crate) fn differences(a: &Run, b: &Run) -> Vec<Differs> {
    let facts = facts(a).into_iter().zip(facts(b));
    facts.filter(|((_, a), (_, b))| a != b).map(|((what, a), (_, b))| Differs { what, a, b }).collect()
}

fn facts(run: &Run) -> Vec<(String, String)> {
    let environment = &run.environment;
    let or_none = |value: &Option<String>| value.as_deref().unwrap_or("none").to_owned();
    let known = [
        ("work", said(&run.work)),
        ("cpu", environment.cpu.clone()),
        ("cores", environment.cores.to_string()),
        ("memory", format!("{} GiB", environment.memory.div_ceil(MEMORY_UNIT))),
        ("governor", or_none(&environment.governor)),
        ("kernel", environment.kernel.clone()),
        ("congestionControl", or_none(&environment.congestion_control)),
        ("profile", environment.profile.clone()),
    ];
    let mut facts: Vec<(String, String)> =
        known.into_iter().map(|(what, value)| (what.to_owned(), value)).collect();
    // Whatever there is to set, now or later, is compared.
    if let Ok(Value::Object(settings)) = serde_json::to_value(&run.settings) {
        facts.extend(settings.iter().map(|(key, value)| (format!("settings.{key}"), plain(value))));
    }
    facts
}

fn said<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).map(|value| plain(&value)).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}
