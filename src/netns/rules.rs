//! [`rules`]: what a pod's netfilter tables say, in the words of iptables-restore(8).
//!
//! They do what the rules that istio-cni writes into a pod do (istio/istio: cni/pkg/iptables/iptables.go), except that a
//! question for a name is taken to the proxy on loopback addresses too, and that there is no kubelet to let in.

use crate::netns::plan::{Family, Plan};
use crate::proxy;

/// The mark of the proxy's own sockets, which nothing is done to: Istio's 1337.
pub const PROXY_MARK: u32 = 0x539;
/// Where connections that begin in a pod are taken (ztunnel's ports: ARCHITECTURE.md in istio/ztunnel).
pub const OUTBOUND_PORT: u16 = proxy::OUTBOUND;
/// Where plaintext connections to a pod are taken.
pub const INBOUND_PORT: u16 = proxy::CAPTURED;
/// Where tunnels arrive, which nobody has to take anywhere.
pub const HBONE_PORT: u16 = proxy::HBONE;
/// Where questions for names are taken.
pub const DNS_PORT: u16 = 15053;

/// The mark of connections that come back over `lo`, whatever address they go to, and the bits that marks are in (Istio's).
pub(crate) const RETURN_MARK: &str = "0x111/0xfff";

/// The proxy may speak to the app from the client's own address (IP_TRANSPARENT). The app answers that address, which is
/// elsewhere: the connection remembers that it came from the proxy, its answers get the return mark from it, and the
/// routing rule for that mark (`links.rs`) brings them back.
const MANGLE: &str = "\
*mangle
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -m mark --mark {PROXY} -j CONNMARK --set-xmark {RETURN}
-A OUTPUT -m connmark --mark {RETURN} -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
COMMIT
";

const NAT: &str = "\
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
";

/// What comes in, unless it is a tunnel.
const INBOUND: &str = "\
-A PREROUTING ! -d {LOOPBACK} -p tcp ! --dport {HBONE_PORT} -m mark ! --mark {PROXY} -j REDIRECT --to-ports {INBOUND_PORT}
";

/// Questions for names, to any server: a pod's resolv.conf may name one on a loopback address.
const DNS: &str = "\
-A OUTPUT -p udp --dport 53 -m mark ! --mark {PROXY} -j REDIRECT --to-ports {DNS_PORT}
-A OUTPUT -p tcp --dport 53 -m mark ! --mark {PROXY} -j REDIRECT --to-ports {DNS_PORT}
";

/// What goes out, unless it is an answer, or for the pod itself, or the proxy's.
const OUTBOUND: &str = "\
-A OUTPUT -p tcp -m mark --mark {RETURN} -j ACCEPT
-A OUTPUT ! -d {LOOPBACK} -o lo -j ACCEPT
-A OUTPUT ! -d {LOOPBACK} -p tcp -m mark ! --mark {PROXY} -j REDIRECT --to-ports {OUTBOUND_PORT}
";

const END: &str = "\
COMMIT
";

/// The rules of one family for a pod, as the input of `iptables-restore` or `ip6tables-restore`.
pub fn rules(plan: &Plan, family: Family) -> String {
    let parts = [
        (true, MANGLE),
        (true, NAT),
        (plan.inbound, INBOUND),
        (plan.dns, DNS),
        (plan.outbound, OUTBOUND),
        (true, END),
    ];
    let template: String = parts.into_iter().filter(|(wanted, _)| *wanted).map(|(_, part)| part).collect();
    template
        .replace("{PROXY}", &format!("{PROXY_MARK:#x}/0xfff"))
        .replace("{RETURN}", RETURN_MARK)
        .replace("{LOOPBACK}", family.loopback())
        .replace("{HBONE_PORT}", &HBONE_PORT.to_string())
        .replace("{INBOUND_PORT}", &INBOUND_PORT.to_string())
        .replace("{OUTBOUND_PORT}", &OUTBOUND_PORT.to_string())
        .replace("{DNS_PORT}", &DNS_PORT.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check([outbound, inbound, dns]: [bool; 3], family: Family, expect: &str) {
        let plan = Plan { name: "default/a".to_owned(), addresses: Vec::new(), outbound, inbound, dns };
        assert_eq!(rules(&plan, family), expect);
    }

    #[test]
    fn a_captured_pod() {
        check(
            [true; 3],
            Family::V4,
            "\
*mangle
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -m mark --mark 0x539/0xfff -j CONNMARK --set-xmark 0x111/0xfff
-A OUTPUT -m connmark --mark 0x111/0xfff -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING ! -d 127.0.0.1/32 -p tcp ! --dport 15008 -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15006
-A OUTPUT -p udp --dport 53 -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15053
-A OUTPUT -p tcp --dport 53 -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15053
-A OUTPUT -p tcp -m mark --mark 0x111/0xfff -j ACCEPT
-A OUTPUT ! -d 127.0.0.1/32 -o lo -j ACCEPT
-A OUTPUT ! -d 127.0.0.1/32 -p tcp -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15001
COMMIT
",
        );
    }

    #[test]
    fn a_pod_of_which_only_names_are_taken() {
        check(
            [false, false, true],
            Family::V6,
            "\
*mangle
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -m mark --mark 0x539/0xfff -j CONNMARK --set-xmark 0x111/0xfff
-A OUTPUT -m connmark --mark 0x111/0xfff -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -p udp --dport 53 -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15053
-A OUTPUT -p tcp --dport 53 -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15053
COMMIT
",
        );
    }

    #[test]
    fn only_inbound_and_only_outbound() {
        let text = |outbound, inbound| {
            let plan = Plan { name: String::new(), addresses: Vec::new(), outbound, inbound, dns: false };
            rules(&plan, Family::V6)
        };
        assert!(text(false, true).contains("! -d ::1/128 -p tcp ! --dport 15008"));
        assert!(!text(false, true).contains("15001") && !text(false, true).contains("15053"));
        assert!(
            text(true, false)
                .contains("! -d ::1/128 -p tcp -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15001")
        );
        assert!(!text(true, false).contains("15006"));
    }
}
