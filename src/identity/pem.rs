//! Certificates and keys as PEM files (RFC 7468): strict on reading, private and never overwriting on writing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use x509_parser::pem::Pem;

use crate::identity::der::{CertificateDer, PrivateKeyDer};
use crate::identity::error::IdentityError;
use crate::identity::x509::CertificateSummary;

const CERTIFICATES: &str = "one or more CERTIFICATE blocks";
const KEY: &str = "one PKCS#8 block (PRIVATE KEY)";
const SIGNER_KEY: &str = "one unencrypted key (PRIVATE KEY, EC PRIVATE KEY or RSA PRIVATE KEY)";
/// The forms of a key that need no password: PKCS#8, and what `openssl` wrote by default until its version 3: SEC 1 and
/// PKCS#1.
pub(crate) const SIGNER_KEYS: [&str; 3] = ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"];
/// The alphabet of base64 (RFC 4648 §4).
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Bytes per line: 64 characters of base64 (RFC 7468 §2).
const LINE_BYTES: usize = 48;

/// Certificates from PEM text, in order; `what` names the text in errors. Text between the blocks is skipped.
///
/// # Errors
///
/// [`IdentityError::BadPem`] without any certificate or with another kind of block, and
/// [`IdentityError::UnreadableCertificate`] when a block is no certificate.
pub fn parse_certificates(what: &str, text: &[u8]) -> Result<Vec<CertificateDer>, IdentityError> {
    let blocks = blocks(what, CERTIFICATES, text)?;
    if blocks.is_empty() || blocks.iter().any(|block| block.label != "CERTIFICATE") {
        return Err(bad(what, CERTIFICATES, labels(&blocks)));
    }
    let certificates: Vec<_> =
        blocks.iter().map(|block| CertificateDer::from(block.contents.as_slice())).collect();
    certificates.iter().try_for_each(|der| CertificateSummary::parse(der).map(drop))?;
    Ok(certificates)
}

/// The one private key of a PEM text; `what` names the text in errors.
///
/// # Errors
///
/// [`IdentityError::BadPem`] unless there is exactly one block and it is PKCS#8: ztunnel reads nothing else either.
pub fn parse_key(what: &str, text: &[u8]) -> Result<PrivateKeyDer, IdentityError> {
    let mut blocks = blocks(what, KEY, text)?;
    match blocks.as_mut_slice() {
        [only] if only.label == "PRIVATE KEY" => {
            Ok(PrivateKeyDer::from_pkcs8(std::mem::take(&mut only.contents)))
        }
        _ => Err(bad(what, KEY, labels(&blocks))),
    }
}

/// The one private key of a CA, as DER in whichever of its three forms; `what` names the text in errors. The curve that
/// `openssl ecparam` writes in front of a key is skipped: the key repeats it.
///
/// # Errors
///
/// [`IdentityError::BadPem`] for an encrypted key, and for any other number of keys.
pub fn parse_signer_key(what: &str, text: &[u8]) -> Result<PrivateKeyDer, IdentityError> {
    let mut blocks = blocks(what, SIGNER_KEY, text)?;
    blocks.retain(|block| block.label != "EC PARAMETERS");
    match blocks.as_mut_slice() {
        // A block with headers is encrypted in the old way (RFC 1421 §4.6.1.1).
        [only] if SIGNER_KEYS.contains(&only.label.as_str()) && !is_encrypted(text) => {
            Ok(PrivateKeyDer::of_signer(std::mem::take(&mut only.contents)))
        }
        _ => Err(bad(what, SIGNER_KEY, labels(&blocks))),
    }
}

fn is_encrypted(text: &[u8]) -> bool {
    String::from_utf8_lossy(text)
        .lines()
        .any(|line| line.starts_with("Proc-Type:") && line.contains("ENCRYPTED"))
}

/// Certificates from a PEM file.
///
/// # Errors
///
/// [`IdentityError::File`], and those of [`parse_certificates`].
pub fn read_certificates(path: &Path) -> Result<Vec<CertificateDer>, IdentityError> {
    parse_certificates(&path.display().to_string(), &read_file(path)?)
}

/// The private key from a PEM file that nobody but its owner can read.
///
/// # Errors
///
/// [`IdentityError::OpenKey`] when group or others have any right to the file, [`IdentityError::File`], and those of
/// [`parse_key`].
pub fn read_key(path: &Path) -> Result<PrivateKeyDer, IdentityError> {
    let metadata = fs::metadata(path).map_err(|source| file_error("read", path, source))?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(IdentityError::OpenKey { path: path.to_owned(), mode });
    }
    parse_key(&path.display().to_string(), &read_file(path)?)
}

/// Certificates as PEM text.
pub fn encode_certificates(certificates: &[CertificateDer]) -> String {
    certificates.iter().map(|der| encode("CERTIFICATE", der.as_bytes())).collect()
}

/// A private key as PEM text: the secret itself.
pub fn encode_key(key: &PrivateKeyDer) -> String {
    encode("PRIVATE KEY", key.secret_bytes())
}

/// Writes a new file with `mode` from its first byte on; it appears whole or not at all, and replaces nothing.
///
/// The bytes go to a hidden file beside it, which is then linked to its name: unlike a rename, a link cannot replace.
///
/// # Errors
///
/// [`IdentityError::Exists`] when there is such a file already, and [`IdentityError::File`].
pub fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), IdentityError> {
    let hidden = hidden_sibling(path);
    let written = write_hidden(&hidden, bytes, mode).and_then(|()| fs::hard_link(&hidden, path));
    // The link holds the bytes now; without it they must not stay behind. Nothing is lost if this fails.
    let _ = fs::remove_file(&hidden);
    written.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => IdentityError::Exists { path: path.to_owned() },
        _ => file_error("write", path, source),
    })
}

fn hidden_sibling(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{:016x}", rand::random::<u64>()))
}

fn write_hidden(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, IdentityError> {
    fs::read(path).map_err(|source| file_error("read", path, source))
}

pub(crate) fn file_error(action: &'static str, path: &Path, source: io::Error) -> IdentityError {
    IdentityError::File { action, path: path.to_owned(), source }
}

pub(crate) fn blocks(what: &str, expected: &'static str, text: &[u8]) -> Result<Vec<Pem>, IdentityError> {
    Pem::iter_from_buffer(text)
        .collect::<Result<_, _>>()
        .map_err(|problem| bad(what, expected, problem.to_string()))
}

pub(crate) fn bad(what: &str, expected: &'static str, found: String) -> IdentityError {
    IdentityError::BadPem { what: what.to_owned(), expected, found }
}

pub(crate) fn labels(blocks: &[Pem]) -> String {
    if blocks.is_empty() {
        return "no PEM block".to_owned();
    }
    let labels: Vec<_> = blocks.iter().map(|block| block.label.escape_debug().to_string()).collect();
    format!("{} ({})", blocks.len(), labels.join(", "))
}

fn encode(label: &str, bytes: &[u8]) -> String {
    let lines: String = bytes.chunks(LINE_BYTES).map(|line| base64(line) + "\n").collect();
    format!("-----BEGIN {label}-----\n{lines}-----END {label}-----\n")
}

/// Base64 with padding (RFC 4648 §4).
fn base64(bytes: &[u8]) -> String {
    let digit = |bits: u32| char::from(BASE64[(bits & 0x3f) as usize]);
    let group = |chunk: &[u8]| {
        let bits =
            chunk.iter().enumerate().fold(0, |bits, (i, byte)| bits | u32::from(*byte) << (16 - 8 * i));
        let digits = [digit(bits >> 18), digit(bits >> 12), digit(bits >> 6), digit(bits)];
        let used = chunk.len() + 1;
        std::array::from_fn::<char, 4, _>(|i| if i < used { digits[i] } else { '=' })
    };
    bytes.chunks(3).flat_map(group).collect()
}

#[cfg(test)]
mod tests;
