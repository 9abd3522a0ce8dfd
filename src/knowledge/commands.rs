//! The commands that rows name as the next step. `tests/cli/why.rs` holds that each of them can be typed.

pub(crate) const EXPLAIN: &str = "glasstunnel explain '#ID'";
pub(crate) const FORESEE: &str = "glasstunnel explain --from A --to B:PORT";
pub(crate) const FORESEE_TLS: &str = "glasstunnel explain --from A --to B:PORT --as tls";
pub(crate) const TRACE: &str = "glasstunnel trace --from A --to B:PORT";
pub(crate) const PROBE: &str = "glasstunnel probe HOST:PORT";
pub(crate) const DRY_RUN: &str = "glasstunnel strict TARGET --dry-run";
pub(crate) const ANALYZE: &str = "glasstunnel analyze FILES";
pub(crate) const WORKLOADS: &str = "glasstunnel config workloads -o wide";
pub(crate) const SERVICES: &str = "glasstunnel config services";
pub(crate) const CONNECTIONS: &str = "glasstunnel config connections --finished";
pub(crate) const CERTIFICATES: &str = "glasstunnel config certificates";
pub(crate) const CERTS_LIST: &str = "glasstunnel certs list";
pub(crate) const INSPECT: &str = "glasstunnel certs inspect HOST:PORT";
pub(crate) const VERIFY: &str = "glasstunnel certs verify A B";
pub(crate) const LINT: &str = "glasstunnel certs lint FILE";
