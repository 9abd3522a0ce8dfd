//! Scenarios: a mesh, what is wrong in it, who connects, and what both ends must see.
//!
//! ```text
//! YAML ──read──► Scenario ──play──► a lab of its own ──call──► Saw (the client) + Record (both proxies)
//!                                                        └─observed─► Observed ──compare──► Report: expected against observed
//! ```
//!
//! A scenario stands among the documents of its mesh as `kind: Scenario`. The failure catalogue and a person's own
//! regression suite are written in this one form.
//!
//! Not here: what failures mean (`knowledge`), and how a report looks (`cli`).

mod fault;
mod step;
mod settings;
mod expected;
mod client;
mod definition;
mod value;
mod read_expected;
mod read_client;
mod read_fault;
mod read_step;
mod read;
mod load;
mod error;
mod saw;
mod exchange;
mod program;
mod call;
mod together;
mod observed;
mod report;
mod compare;
mod runs;
mod stage;
mod play;
mod suite;

pub use client::{Client, Shown, TlsWish};
pub use definition::{Certificate, Scenario};
pub use error::ScenarioError;
pub use expected::{Aspect, End, Expected, Possible, Want, Wanted};
pub use fault::{FaultWish, InPlace, Place};
pub use load::load;
pub use observed::Observed;
pub use play::{Played, play, run};
pub use report::{ClientReport, Conclusion, Report, Row, Trouble};
pub use runs::does;
pub use saw::Saw;
pub use settings::ScenarioSettings;
pub use step::Step;
pub use suite::run_all;
