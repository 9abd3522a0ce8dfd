//! Certificate and CertificateVerify, for people (RFC 8446 §4.4).

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::glass::extensions::{self, Holder};
use crate::glass::field::{Fields, hex, list, text};
use crate::glass::message::SeenCertificate;
use crate::glass::names;
use crate::glass::reader::Reader;
use crate::identity::{CertificateDer, CertificateSummary};

/// The most certificates that are parsed of one message; chains of a mesh have two or three.
const MAX_CERTIFICATES: usize = 16;

pub(crate) fn certificate(rest: &mut Reader<'_>, fields: &mut Fields) -> Option<Vec<SeenCertificate>> {
    context(rest, fields)?;
    let mut chain = rest.vector(3)?;
    let length = if chain.is_empty() { "empty".to_owned() } else { format!("{} bytes", chain.bytes().len()) };
    let meaning = "The sender's chain, its own certificate first. A client without one sends an empty list.";
    fields.add("certificate_list", chain.range_with(3), length, meaning);
    let mut seen = Vec::new();
    fields.within(|fields| {
        while !chain.is_empty() && seen.len() < MAX_CERTIFICATES {
            let entry = chain.vector(3)?;
            let der = CertificateDer::from(entry.bytes());
            let summary = CertificateSummary::parse(&der).ok();
            let length = format!("{} bytes of X.509", entry.bytes().len());
            fields.add("cert_data", entry.range_with(3), length, "A certificate, in DER.");
            fields.within(|fields| explain(&entry, summary.as_ref(), fields));
            fields.within(|fields| extensions::read(&mut chain, Holder::Other, fields))?;
            seen.push(SeenCertificate { der, summary });
        }
        Some(())
    })?;
    Some(seen)
}

pub(crate) fn verify(rest: &mut Reader<'_>, fields: &mut Fields) -> Option<()> {
    let algorithm = rest.take(2)?;
    fields.add("algorithm", algorithm.range(), names::signature(algorithm.u16()), "How it is signed.");
    let signature = rest.vector(2)?;
    let meaning = "The signature over everything said so far: the sender has the key of its certificate.";
    fields.add("signature", signature.range_with(2), hex(signature.bytes()), meaning);
    Some(())
}

/// The context of a certificate, which is empty within a handshake.
pub(crate) fn context(rest: &mut Reader<'_>, fields: &mut Fields) -> Option<()> {
    let context = rest.vector(1)?;
    let meaning = "Ties an answer to its request; empty within a handshake.";
    fields.add("certificate_request_context", context.range_with(1), hex(context.bytes()), meaning);
    Some(())
}

/// What one certificate says, as parts of its bytes; the parts have no ranges of their own.
fn explain(entry: &Reader<'_>, summary: Option<&CertificateSummary>, fields: &mut Fields) {
    let Some(summary) = summary else {
        fields.add("(unreadable)", entry.range(), hex(entry.bytes()), "These bytes are no certificate.");
        return;
    };
    let mut say = |name, value: String, meaning| fields.add(name, entry.range(), value, meaning);
    let uris = list(&summary.uris, |uri| text(uri.as_bytes()));
    say("URI SAN", uris, "The SPIFFE ID: who it is. The only name that counts in a mesh.");
    if !summary.other_names.is_empty() {
        let others = list(&summary.other_names, |name| text(name.as_bytes()));
        say("other SANs", others, "Names that a mesh does not look at.");
    }
    say("subject", text(summary.subject.as_bytes()), "Empty for workloads.");
    say("issuer", text(summary.issuer.as_bytes()), "Who signed it.");
    say("serial", text(summary.serial.as_bytes()), "Its number at the issuer; revocation lists name it.");
    let dates = format!("{} to {}", date(summary.not_before), date(summary.not_after));
    say("validity", dates, "Outside of these dates it is refused.");
    say("public key", summary.public_key.clone(), "The key that CertificateVerify is signed with.");
    say("extended key usage", summary.extended_key_usage.clone(), "What it may be used for.");
}

fn date(time: SystemTime) -> String {
    OffsetDateTime::from(time).format(&Rfc3339).unwrap_or_else(|_| "a date beyond reason".to_owned())
}
