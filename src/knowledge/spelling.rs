//! One alert, and the many ways in which stacks spell it.

use crate::knowledge::alert::{ALERTS, KnownAlert, alert};
use crate::knowledge::line::Line;

/// BoringSSL's error numbers: the library in the upper bits (16 is SSL), the reason in the lower ones.
const BORING_SSL: u32 = 16 << 24;

/// In OpenSSL and BoringSSL the reason of a received alert is its number and this.
const ALERT_REASONS: u32 = 1000;

/// How Go's crypto/tls words alerts, after `remote error: tls: `. The longer ones come first.
const GO: [(&str, u8); 15] = [
    ("unknown certificate authority", 48),
    ("unknown certificate", 46),
    ("bad certificate", 42),
    ("unsupported certificate", 43),
    ("revoked certificate", 44),
    ("expired certificate", 45),
    ("certificate required", 116),
    ("handshake failure", 40),
    ("protocol version not supported", 70),
    ("no application protocol", 120),
    ("error decoding message", 50),
    ("error decrypting message", 51),
    ("unexpected message", 10),
    ("access denied", 49),
    ("internal error", 80),
];

/// The first alert of a line, and at which word it stands.
pub(crate) fn alert_in(line: &Line<'_>) -> Option<(&'static KnownAlert, usize)> {
    let spells =
        Spells { line, speaks_tls: line.words().any(|word| matches!(word, "alert" | "tls" | "ssl")) };
    (0..line.len()).find_map(|at| Some((spells.at(at)?, at)))
}

struct Spells<'a> {
    line: &'a Line<'a>,
    speaks_tls: bool,
}

impl Spells<'_> {
    fn at(&self, at: usize) -> Option<&'static KnownAlert> {
        self.number(at).or_else(|| self.name(at)).or_else(|| self.after_alert(at)).or_else(|| self.go(at))
    }

    /// `268436504`, or `error:0A000418` in both of OpenSSL's layouts, where the reason is in the last three digits.
    fn number(&self, at: usize) -> Option<&'static KnownAlert> {
        let word = self.line.word(at);
        let boring = || word.parse::<u32>().ok()?.checked_sub(BORING_SSL);
        let open = || {
            let is_code = self.line.word(at.checked_sub(1)?) == "error" && word.len() == 8;
            is_code.then(|| u32::from_str_radix(word, 16).ok()).flatten().map(|code| code & 0xfff)
        };
        let reason = boring().or_else(open)?.checked_sub(ALERT_REASONS)?;
        alert(reason.try_into().ok()?)
    }

    /// `unknown_ca`, where the line is about TLS or is that word alone or says who sent it, and `TLSV1_ALERT_UNKNOWN_CA`.
    fn name(&self, at: usize) -> Option<&'static KnownAlert> {
        let word = self.line.word(at);
        if let Some((_, name)) = word.rsplit_once("_alert_") {
            return named(name);
        }
        named(word).filter(|_| self.speaks_tls || self.line.len() == 1 || self.says_from_whom(at))
    }

    /// `unknown_ca from server`, as `repro` and `trace` say it.
    fn says_from_whom(&self, at: usize) -> bool {
        self.line.word(at + 1) == "from" && matches!(self.line.word(at + 2), "server" | "client")
    }

    /// `alert unknown ca`, `alert: UnknownCA`, `AlertReceived(UnknownCA)`, `alert 48`, `alert number 48`.
    fn after_alert(&self, at: usize) -> Option<&'static KnownAlert> {
        if !matches!(self.line.word(at), "alert" | "alertreceived") {
            return None;
        }
        let skipped = matches!(self.line.word(at + 1), "number" | "description" | "code");
        let next = at + 1 + usize::from(skipped);
        let number = || alert(self.line.word(next).parse().ok()?);
        let word = self.line.word(next);
        let camel = || ALERTS.iter().find(|known| known.name.replace('_', "") == word);
        number().or_else(|| self.spaced(next)).or_else(camel)
    }

    fn spaced(&self, at: usize) -> Option<&'static KnownAlert> {
        ALERTS.iter().find(|known| self.follows(at, known.name.split('_')))
    }

    fn go(&self, at: usize) -> Option<&'static KnownAlert> {
        let is_remote = self.follows(at, ["remote", "error", "tls"].into_iter());
        let (_, number) = GO.iter().find(|(text, _)| is_remote && self.follows(at + 3, text.split(' ')))?;
        alert(*number)
    }

    fn follows<'w>(&self, at: usize, words: impl Iterator<Item = &'w str>) -> bool {
        words.enumerate().all(|(offset, word)| self.line.word(at + offset) == word)
    }
}

fn named(name: &str) -> Option<&'static KnownAlert> {
    ALERTS.iter().find(|known| known.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<u8>) {
        assert_eq!(alert_in(&Line::of(text)).map(|(known, _)| known.number), expect, "{text:?}");
    }

    #[test]
    fn every_stack_is_read() {
        check("error:0A000418:SSL routines::tlsv1 alert unknown ca", Some(48));
        check("error:14094418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca, errno 0", Some(48));
        check("SSL alert number 116", Some(116));
        check("certificate_expired from server", Some(45));
        check("{\"protocol_version\": \"from here\"}", None);
        check("TLS error: 268436504:SSL routines:OPENSSL_internal:TLSV1_ALERT_UNKNOWN_CA", Some(48));
        check("268436502", Some(46));
        check("received fatal alert: CertificateUnknown", Some(46));
        check("received fatal alert: UnknownCA", Some(48));
        check("AlertReceived(NoApplicationProtocol)", Some(120));
        check("remote error: tls: bad certificate", Some(42));
        check("remote error: tls: unknown certificate authority", Some(48));
        check("javax.net.ssl.SSLHandshakeException: Received fatal alert: certificate_unknown", Some(46));
        check("code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'", Some(48));
        check("unknown_ca", Some(48));
        check("alert(70)", Some(70));
    }

    #[test]
    fn what_is_no_alert_is_none() {
        check("48", None);
        check("alert 47000", None);
        check("alert 3", None);
        check("{\"status\": \"internal_error\"}", None);
        check("268435581", None);
        check("error:0A00010B:SSL routines::wrong version number", None);
        check("the alert was sent", None);
        check("alert", None);
    }
}
