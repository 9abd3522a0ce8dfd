//! What leaves the process as JSON: mirrors of the domain, so that the model can change and the API does not.
//!
//! Keys are camelCase, durations are integers in nanoseconds whose keys end in `Ns`, times are RFC 3339 in UTC, and
//! absent values are absent. Every top document carries `apiVersion` and `kind`.

mod document;
mod encode;
mod time;
mod info;
mod policy;
mod workload;
mod service;
mod called;
mod certificate;
mod certified;
mod inspection;
mod acceptance;
mod lint;
mod export;
mod holder;
mod foreseen;
mod record;
mod explanation;
mod connection;
mod config;
mod probe;
mod rehearsal;
mod refusal;
mod resource;
mod analysis;
mod causes;

pub use acceptance::{AcceptanceView, CheckView};
pub use analysis::{AnalysisReportView, EditView, FindingView};
pub use called::CalledView;
pub use causes::{AlertView, CauseView, CausesView, MatchView};
pub use certificate::CertificateView;
pub use certified::CertifiedView;
pub use config::ConfigView;
pub use connection::ConnectionView;
pub use document::{API_VERSION, Document, Kind, List};
pub use encode::{json, json_lines, yaml};
pub use explanation::{ExplanationView, ForeseenStep};
pub use export::{CommandView, ExportView};
pub use foreseen::{ClientView, ConsideredView, DiffersView, ServerView};
pub use holder::IdentityView;
pub use info::{DoorView, MeshInfo, WorkloadDoors};
pub use inspection::{InspectedView, InspectionView, LookView};
pub use lint::{LintFindingView, LintView};
pub use policy::{ModeView, PolicyRefView, PolicyView, PortMode};
pub use probe::{AttemptView, CellView, NextView, ProbeView, ShownView};
pub use record::{AuthorizationView, LaneView, PartyView, RecordView, StepView};
pub use refusal::RefusalView;
pub use rehearsal::{RehearsalRowView, RehearsalView};
pub use resource::{EditedView, NamedText, ResourceList, ResourceView};
pub use service::{EndpointView, ServicePortView, ServiceView};
pub use workload::{PortView, WorkloadView};
