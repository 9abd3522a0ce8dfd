//! The running mesh, asked from outside: JSON over HTTP/1.1, on a socket that only the same user reaches and, if wanted,
//! on TCP for scrapers and browsers.
//!
//! Not here: what a command prints (`cli`), and any decision. The data plane does not know this room.

mod error;
mod editor;
mod certifier;
mod dialler;
mod view;
mod readiness;
mod state;
mod request;
mod answer;
mod guard;
mod handlers;
mod edits;
mod certify;
mod seen;
mod routes;
mod server;
mod abstract_socket;
mod context;
mod client;

pub use certifier::{CertificateWish, Certified, Certifier, CertifyError};
pub use client::Client;
pub use context::{Context, DEFAULT_CONTEXT, choose, running};
pub use dialler::{Dialler, Wish, WishError};
pub use editor::{Done, Edit, EditError, Edited, Editor, Manner};
pub use error::{ClientError, ContextError, RequestError};
pub use readiness::{Pending, Readiness};
pub use routes::{ROUTES, Route};
pub use server::{ServeError, bind_tcp, serve_context, serve_tcp};
pub use state::State;
pub use view::{
    API_VERSION, AcceptanceView, AlertView, AnalysisReportView, AttemptView, AuthorizationView, CalledView,
    CauseView, CausesView, CellView, CertificateView, CertifiedView, CheckView, ClientView, CommandView,
    ConfigView, ConnectionView, ConsideredView, DiffersView, Document, DoorView, EditView, EditedView,
    EndpointView, ExplanationView, ExportView, FindingView, ForeseenStep, IdentityView, InspectedView,
    InspectionView, Kind, LaneView, LintFindingView, LintView, List, LookView, MatchView, MeshInfo, ModeView,
    NamedText, NextView, PartyView, PolicyRefView, PolicyView, PortMode, PortView, ProbeView, RecordView,
    RefusalView, RehearsalRowView, RehearsalView, ResourceList, ResourceView, ServerView, ServicePortView,
    ServiceView, ShownView, StepView, WorkloadDoors, WorkloadView, json, json_lines, yaml,
};

#[cfg(test)]
mod tests;
