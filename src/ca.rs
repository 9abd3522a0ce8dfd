//! The pretend istiod: a certificate authority of our own, in a folder, for one trust domain.
//!
//! What it issues is what istiod issues (reference/hbone.md 7); what it can bend on purpose is in `bend`.
//!
//! Not here: reading certificates (`identity`), verifying them (`tls`). The data plane never imports this room.

mod error;
mod bend;
mod profile;
mod app;
mod authority;
mod revocation;
mod request;
mod subordinate;
mod bent;
mod store;
mod files;
mod stamp;
mod kept;

pub use app::app_certificate;
pub use authority::{Authority, AuthorityOptions};
pub use bend::{Bend, UnknownBend};
pub use error::CaError;
pub use files::CaFiles;
pub use kept::KeptAuthority;
pub use profile::Profile;
pub use request::RequestedKey;
pub use revocation::ListEdition;
