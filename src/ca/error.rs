//! [`CaError`]: why the authority cannot start or does not issue.

use std::io;
use std::path::PathBuf;

use crate::identity::IdentityError;
use crate::reason::{Reason, Side};

/// Why the authority cannot start or does not issue.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// The certificate library refused what we asked of it.
    #[error("cannot {action}: {source}")]
    Generate {
        /// What was tried, as a verb and its object.
        action: &'static str,
        /// What the library says.
        source: rcgen::Error,
    },
    /// A certificate, a key or a file of the CA cannot be used.
    #[error("{source}")]
    Material {
        /// Which rule it breaks.
        #[from]
        source: IdentityError,
    },
    /// The CA's key belongs to another certificate.
    #[error(
        "CA key and CA certificate do not belong together: expected the key of \"{subject}\", found another"
    )]
    KeyMismatch {
        /// The subject of the CA certificate.
        subject: String,
    },
    /// The CA's certificate may not sign certificates.
    #[error("\"{subject}\" is no CA certificate: expected CA:TRUE, found CA:FALSE")]
    NotACa {
        /// Its subject.
        subject: String,
    },
    /// The chain from the CA to its root has a gap.
    #[error("no root for \"{subject}\": expected a root certificate named \"{expected}\", found {found}")]
    NoRoot {
        /// The subject of the last certificate that could be placed.
        subject: String,
        /// The issuer that it names.
        expected: String,
        /// The subjects of the roots.
        found: String,
    },
    /// Nothing says which root a plugged-in CA leads to.
    #[error(
        "no root for the CA in {}: expected the certificate of \"{issuer}\" in a root file, found none", cert.display()
    )]
    NoRootFile {
        /// The file of the CA's certificate.
        cert: PathBuf,
        /// Who signed the last certificate that there is.
        issuer: String,
    },
    /// A CA in files cannot be used.
    #[error("the CA in {} cannot be used: {source}", path.display())]
    In {
        /// Its folder, or the file of its certificate.
        path: PathBuf,
        /// Why.
        source: Box<Self>,
    },
    /// The CA's subject cannot be repeated byte for byte in what it would issue.
    #[error(
        "cannot issue under \"{subject}\": expected a subject of plain attributes, found one that changes when written again"
    )]
    Subject {
        /// The subject of the CA certificate.
        subject: String,
    },
    /// What is to be revoked has no serial number.
    #[error("expected a serial number of 1 to 40 hexadecimal digits, found \"{}\"", found.escape_debug())]
    Serial {
        /// What was given, cut.
        found: String,
    },
    /// A very large key could not be made; the library says nothing more.
    #[error("expected an RSA key of 8192 bits, found that none could be made")]
    HugeKey,
    /// A request for a certificate was not signed with its own key (RFC 2986 §4.2).
    #[error("expected a request signed with the key in it, found another signature")]
    Request,
    /// The CA itself has expired.
    #[error(
        "the CA certificate \"{subject}\" has expired: expected one that is valid now, found one that ended {seconds} seconds ago"
    )]
    Expired {
        /// Its subject.
        subject: String,
        /// For how long it has been expired.
        seconds: u64,
    },
    /// Some of the CA's files are there and some are not.
    #[error("{} is half a CA: expected all of {expected} or none, found only {found}", folder.display())]
    HalfPresent {
        /// The folder.
        folder: PathBuf,
        /// The files that make a CA.
        expected: String,
        /// The files that are there.
        found: String,
    },
    /// The folder cannot be made.
    #[error("cannot create the folder {}: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
}

impl Reason for CaError {
    fn code(&self) -> &'static str {
        match self {
            Self::Generate { .. } => "ca.generate",
            Self::Material { .. } => "ca.material",
            Self::KeyMismatch { .. } => "ca.key_mismatch",
            Self::NotACa { .. } => "ca.not_a_ca",
            Self::NoRoot { .. } => "ca.no_root",
            Self::NoRootFile { .. } => "ca.no_root_file",
            Self::In { source, .. } => source.code(),
            Self::Subject { .. } => "ca.subject",
            Self::Serial { .. } => "ca.serial",
            Self::HugeKey => "ca.huge_key",
            Self::Request => "ca.request",
            Self::Expired { .. } => "ca.expired",
            Self::HalfPresent { .. } => "ca.half_present",
            Self::Folder { .. } => "ca.folder",
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Material { source } => source.hint(),
            Self::HalfPresent { folder, .. } => Some(format!(
                "Restore the missing files, or move {} away to start with a new CA.",
                folder.display()
            )),
            Self::Expired { .. } => Some(
                "Put a CA that is valid in its place, or make a new one with --ca-dir FOLDER.".to_owned(),
            ),
            Self::NoRootFile { cert, .. } => Some(format!(
                "Name it with --ca-root FILE, append it to {}, or put it beside a ca-cert.pem as root-cert.pem.",
                cert.display()
            )),
            Self::In { source, .. } => source.hint(),
            _ => None,
        }
    }
}
