//! Revocation lists (RFC 5280 §5), signed by the CA that issued the certificates on them.

use std::time::SystemTime;

use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};
use time::OffsetDateTime;

use crate::ca::authority::Authority;
use crate::ca::error::CaError;

/// What a revocation list says of itself. rcgen's times are the caller's to choose, so none is left to chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListEdition {
    /// Its number, greater than that of every list before (RFC 5280 §5.2.3).
    pub number: u64,
    /// When it is issued, and when what is on it was revoked.
    pub this_update: SystemTime,
    /// When the next one will be issued; later than `this_update`.
    pub next_update: SystemTime,
}

impl Authority {
    /// A list that revokes the certificates with these serial numbers, as PEM text; with none, a list that is empty.
    ///
    /// The serial numbers are in hexadecimal, as an SVID and a record have them.
    ///
    /// # Errors
    ///
    /// [`CaError::Serial`] for a serial number that is none, and [`CaError::Generate`].
    pub fn revocation_list(
        &self,
        serials: &[impl AsRef<str>],
        edition: ListEdition,
    ) -> Result<String, CaError> {
        let revocation_time = OffsetDateTime::from(edition.this_update);
        let revoked = |serial: &str| {
            Ok::<_, CaError>(RevokedCertParams {
                serial_number: serial_number(serial)?,
                revocation_time,
                reason_code: None,
                invalidity_date: None,
            })
        };
        let params = CertificateRevocationListParams {
            this_update: revocation_time,
            next_update: OffsetDateTime::from(edition.next_update),
            crl_number: SerialNumber::from(edition.number),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(|serial| revoked(serial.as_ref())).collect::<Result<_, _>>()?,
            key_identifier_method: self
                .certificate
                .key_id
                .clone()
                .map_or(KeyIdMethod::Sha256, KeyIdMethod::PreSpecified),
        };
        let list = params.signed_by(&self.signer).and_then(|list| list.pem());
        list.map_err(|source| CaError::Generate { action: "sign a revocation list", source })
    }
}

fn serial_number(text: &str) -> Result<SerialNumber, CaError> {
    let none = || CaError::Serial { found: text.chars().take(80).collect() };
    // At most 20 bytes (RFC 5280 §4.1.2.2).
    if text.is_empty() || text.len() > 40 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(none());
    }
    let even = if text.len().is_multiple_of(2) { text.to_owned() } else { format!("0{text}") };
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or_default();
    let bytes: Vec<u8> = even
        .as_bytes()
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, half| byte * 16 + digit(half)))
        .filter_map(|byte| u8::try_from(byte).ok())
        .collect();
    Ok(SerialNumber::from(bytes))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ca::AuthorityOptions;
    use crate::identity::parse_revocation_lists;

    #[test]
    fn a_list_says_what_it_was_told() {
        let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
        let this_update = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let next_update = this_update + Duration::from_secs(3600);
        let edition = ListEdition { number: 7, this_update, next_update };
        let text = authority.revocation_list(&["ff", "1234567890abcdef"], edition).unwrap();
        let read = parse_revocation_lists("a list", text.as_bytes()).unwrap();
        let said = read[0].summary();
        assert_eq!((said.number.as_deref(), said.revoked), (Some("7"), 2));
        assert_eq!((said.this_update, said.next_update), (this_update, Some(next_update)));
        assert_eq!(said.issuer, "O=cluster.local");
        assert!(authority.revocation_list(&[""; 0], edition).is_ok(), "a list may be empty");
        for bad in ["", "xyz", "0x12", &"f".repeat(42)] {
            let error = authority.revocation_list(&[bad], edition).unwrap_err();
            assert!(matches!(error, CaError::Serial { .. }), "{error}");
        }
    }
}
