//! The demo mesh: what `up` runs when it is told nothing, and `up --print-mesh` prints.

/// Plain Istio and Kubernetes YAML, commented for learners.
pub const DEMO: &str = include_str!("demo.yaml");
