//! The composition root: a loaded mesh becomes listening doors, worker threads, certificates, backends and the admin API.
//!
//! Not here: logic that a test would want alone. Reading files is `resources`', speaking to people is `cli`'s.

mod error;
mod port_holder;
mod bind;
mod pods;
mod ground;
mod threads;
mod begun;
mod ca_faults;
mod certificates;
mod crl;
mod backends;
mod serve;
mod options;
mod issuer;
mod there;
mod layout;
mod info;
mod control;
mod dialler;
mod start;
mod running;

pub use bind::{Claim, claim};
pub use ca_faults::CaFaults;
pub(crate) use dialler::{finishes, reached};
pub use error::StartError;
pub use ground::{Ground, One, Part};
pub use options::{AdminAt, CERTIFICATE_TTL, CaAt, Options};
pub use port_holder::{Holder, who_holds};
pub use running::Running;
pub use start::start;
