//! IST0128, IST0129 and GT1304: what a `tls` block does not say.

use crate::analyze::codes::{TLS_WITHOUT_MODE, UNVERIFIED_SERVER, UNVERIFIED_SERVER_AT_PORT};
use crate::analyze::context::Context;
use crate::analyze::destination_rule::read::{Destination, Tls, destinations};
use crate::analyze::report::{Change, Draft, Report};

pub(in crate::analyze) fn unverified(cx: &Context<'_>, report: &mut Report) {
    for rule in destinations(cx, report.places()) {
        for tls in &rule.tls {
            match tls.mode.as_deref() {
                None => report.add(without_mode(&rule, tls)),
                Some(mode @ ("SIMPLE" | "MUTUAL")) if !tls.verifies => report.add(draft(&rule, tls, mode)),
                Some(_) => {}
            }
        }
    }
}

fn draft<'a>(rule: &Destination<'a>, tls: &Tls, mode: &str) -> Draft<'a> {
    let name = &rule.object.key.name.name;
    let sentence = format!(
        "DestinationRule {name} in namespace {} has TLS mode set to {mode} but no caCertificates are set to validate server identity for host: {}",
        rule.namespace, rule.host
    );
    let (code, message) = match tls.port {
        None => (&UNVERIFIED_SERVER, sentence),
        Some(port) => (&UNVERIFIED_SERVER_AT_PORT, format!("{sentence} at port number:{port}")),
    };
    Draft {
        code,
        object: rule.object,
        at: tls.at.clone().key("mode"),
        message,
        why: "whoever answers is believed, whatever certificate it shows".to_owned(),
        fix: "set caCertificates to the roots that the server's certificate chains to".to_owned(),
        change: Change::ByHand,
    }
}

fn without_mode<'a>(rule: &Destination<'a>, tls: &Tls) -> Draft<'a> {
    Draft {
        code: &TLS_WITHOUT_MODE,
        object: rule.object,
        at: tls.at.clone().itself(),
        message: "a tls block without a mode is DISABLE: clients send plaintext".to_owned(),
        why: "only an absent tls leaves the choice to auto mTLS; DISABLE is the first of the modes, and so the default".to_owned(),
        fix: "write the mode, or delete the block".to_owned(),
        change: Change::ByHand,
    }
}
