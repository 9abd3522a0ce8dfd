//! Who somebody is: SPIFFE identities, the certificates that carry them, and keeping those fresh.
//!
//! The rules are SPIFFE-ID §2 and X509-SVID §2–5, read strictly: where a tolerant reader could see a second identity,
//! this room refuses instead.
//!
//! Not here: issuing certificates (`ca`), and TLS (`tls`).

mod error;
mod spiffe;
mod der;
mod x509;
mod signer;
mod svid;
mod pem;
mod material;
mod files;
mod signing_request;
mod crl;
mod source;
mod clock;
mod schedule;
mod rotation;

pub use clock::{Clock, Clocks};
pub use crl::{RevocationList, RevocationSummary, parse_revocation_lists, read_revocation_lists};
pub use der::{CertificateDer, PrivateKeyDer};
pub use error::{IdentityError, SpiffeProblem};
pub use files::{Existing, write_svid};
pub use material::{Credential, Material, credential, is_root_file, parse_material, read_material};
pub use pem::{
    encode_certificates, encode_key, parse_certificates, parse_key, parse_signer_key, read_certificates,
    read_key, write_new,
};
pub use rotation::{LONGEST_ATTEMPT, RotationEvent, rotate};
pub use schedule::renewal_due;
pub use signer::{NameAttribute, NameString, SignerCertificate};
pub use signing_request::SigningRequest;
pub use source::{BoxFuture, Issuer, SvidSource, SvidState};
pub use spiffe::SpiffeId;
pub use svid::{Svid, TrustBundle};
pub use x509::{CertificateSummary, Leaf, name_text};
