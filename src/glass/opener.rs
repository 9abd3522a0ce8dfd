//! [`Opener`]: decrypting one direction's records with one secret (RFC 8446 §5.2 and §7.3).

use std::fmt;

use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};
use aws_lc_rs::hkdf::{HKDF_SHA256, HKDF_SHA384, KeyType, Prk};

/// The length of a nonce (RFC 8446 §5.3: that of every suite of TLS 1.3).
const NONCE: usize = 12;

/// A cipher suite of TLS 1.3 that this room can open.
#[derive(Clone, Copy)]
pub(crate) struct Suite {
    aead: &'static Algorithm,
    hash: aws_lc_rs::hkdf::Algorithm,
    hash_length: usize,
}

impl Suite {
    /// The suite of a number (RFC 8446 §B.4).
    pub(crate) fn of(number: u16) -> Option<Self> {
        match number {
            0x1301 => Some(Self { aead: &AES_128_GCM, hash: HKDF_SHA256, hash_length: 32 }),
            0x1302 => Some(Self { aead: &AES_256_GCM, hash: HKDF_SHA384, hash_length: 48 }),
            0x1303 => Some(Self { aead: &CHACHA20_POLY1305, hash: HKDF_SHA256, hash_length: 32 }),
            _ => None,
        }
    }
}

/// The keys of one direction in one epoch, and the number of the next record.
pub(crate) struct Opener {
    suite: Suite,
    secret: Vec<u8>,
    key: LessSafeKey,
    base_nonce: [u8; NONCE],
    sequence: u64,
}

impl Opener {
    /// The keys of a traffic secret; `None` when its length is not that of the suite's hash.
    pub(crate) fn new(suite: Suite, secret: &[u8]) -> Option<Self> {
        let key = expand(suite, secret, b"key", suite.aead.key_len())?;
        let base_nonce = expand(suite, secret, b"iv", NONCE)?.try_into().ok()?;
        let key = LessSafeKey::new(UnboundKey::new(suite.aead, &key).ok()?);
        Some(Self { suite, secret: secret.to_vec(), key, base_nonce, sequence: 0 })
    }

    /// The keys after a KeyUpdate (RFC 8446 §7.2).
    pub(crate) fn updated(&self) -> Option<Self> {
        let next = expand(self.suite, &self.secret, b"traffic upd", self.suite.hash_length)?;
        Self::new(self.suite, &next)
    }

    /// Decrypts one record: its inner plaintext, padding included.
    ///
    /// A record that does not open leaves the number of the next one as it is: a server passes over early data that
    /// it rejected in the same way (RFC 8446 §4.2.10).
    pub(crate) fn open(&mut self, header: [u8; 5], ciphertext: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = self.base_nonce;
        let (_, tail) = nonce.split_last_chunk_mut::<8>()?;
        *tail = (u64::from_be_bytes(*tail) ^ self.sequence).to_be_bytes();
        let mut buffer = ciphertext.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let length = self.key.open_in_place(nonce, Aad::from(header), &mut buffer).ok()?.len();
        buffer.truncate(length);
        self.sequence = self.sequence.checked_add(1)?;
        Some(buffer)
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opener(record {})", self.sequence)
    }
}

/// How much to derive.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand-Label with an empty context (RFC 8446 §7.1).
fn expand(suite: Suite, secret: &[u8], label: &[u8], length: usize) -> Option<Vec<u8>> {
    if secret.len() != suite.hash_length {
        return None;
    }
    let wanted = u16::try_from(length).ok()?.to_be_bytes();
    let label_length = [u8::try_from(b"tls13 ".len() + label.len()).ok()?];
    let info = [wanted.as_slice(), &label_length, b"tls13 ", label, &[0]];
    let mut output = vec![0; length];
    Prk::new_less_safe(suite.hash, secret).expand(&info, Length(length)).ok()?.fill(&mut output).ok()?;
    Some(output)
}
