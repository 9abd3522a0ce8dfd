//! Who somebody is: SPIFFE identities, the certificates that carry them, and keeping those fresh.
//!
//! The rules are SPIFFE-ID §2 and X509-SVID §2–5, read strictly: where a tolerant reader could see a second identity,
//! this room refuses instead.
//!
//! Not here: issuing certificates (`ca`), and TLS (`tls`).

mod error;
mod spiffe;

pub use error::{IdentityError, SpiffeProblem};
pub use spiffe::SpiffeId;
