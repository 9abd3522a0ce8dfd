//! [`ScenarioSettings`]: what a scenario's mesh is started with.

use std::time::Duration;

use crate::hbone::Limits;
use crate::lab::LabOptions;
use crate::mesh::Semantics;
use crate::proxy::{Config, Deadlines};

/// How the mesh of a scenario differs from `up` with the same documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScenarioSettings {
    /// Whose rules decide; `None` leaves it to the documents.
    pub semantics: Option<Semantics>,
    /// How long certificates live; `None` is 24 hours.
    pub certificate_ttl: Option<Duration>,
    /// How much later it is than when its certificates were issued, for all clocks: [`Scenario::at`](crate::scenario::Scenario::at).
    pub at: Option<time::Duration>,
    /// How long the root lives; `None` is ten years.
    pub root_ttl: Option<Duration>,
    /// Whether an intermediate signs them.
    pub intermediate: bool,
    /// [`Deadlines::silence`].
    pub silence: Option<Duration>,
    /// [`Deadlines::handshake`].
    pub handshake: Option<Duration>,
    /// [`Deadlines::dial`].
    pub dial: Option<Duration>,
    /// [`Deadlines::answer`].
    pub answer: Option<Duration>,
    /// [`Limits::idle`].
    pub idle: Option<Duration>,
    /// [`Limits::ping_interval`].
    pub ping_interval: Option<Duration>,
    /// [`Limits::ping_timeout`].
    pub ping_timeout: Option<Duration>,
}

impl ScenarioSettings {
    /// The options of a lab that is looked into. The CA is the caller's.
    pub(crate) fn options(&self) -> LabOptions {
        LabOptions {
            semantics: self.semantics,
            proxy: Config { deadlines: self.deadlines(), hbone: self.limits() },
            workers: 1,
            tapped: true,
            ..LabOptions::default()
        }
    }

    fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            idle: self.idle.unwrap_or(usual.idle),
            ping_interval: self.ping_interval.unwrap_or(usual.ping_interval),
            ping_timeout: self.ping_timeout.unwrap_or(usual.ping_timeout),
            ..usual
        }
    }

    fn deadlines(&self) -> Deadlines {
        let usual = Deadlines::default();
        Deadlines {
            silence: self.silence.unwrap_or(usual.silence),
            handshake: self.handshake.unwrap_or(usual.handshake),
            dial: self.dial.unwrap_or(usual.dial),
            answer: self.answer.unwrap_or(usual.answer),
        }
    }
}
