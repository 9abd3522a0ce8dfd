//! Links, addresses and routes, in the words of `ip -batch` (ip(8)).

use std::fmt::Write as _;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::net::IpAddr;

use crate::net::Namespace;
use crate::netns::plan::{Family, Plan};
use crate::netns::rules::RETURN_MARK;

/// The routing table for what comes back over `lo`: Istio's 100.
const RETURN_TABLE: u16 = 100;

/// In the node: the bridge. It asks nobody who listens to which multicast group, because IPv6 finds neighbours by multicast.
pub(crate) const BRIDGE: &str = "\
link add br0 type bridge mcast_snooping 0
link set br0 up
";

/// In the node: a cable from the bridge into each pod, called `v` and its number.
pub(crate) fn cables<'a>(pods: impl Iterator<Item = (u64, &'a Plan, &'a Namespace)>) -> String {
    pods.fold(String::new(), |mut text, (number, plan, pod)| {
        let (hardware, path) = (hardware_address(&plan.addresses), pod.path());
        let peer = format!("peer name eth0 address {hardware} netns {path}");
        let _ = writeln!(text, "link add v{number} master br0 up type veth {peer}");
        text
    })
}

/// A locally administered one (RFC 9542 §2.1) that follows from a pod's addresses: whoever comes after it with the same
/// address is found at once, where neighbours would remember another one for half a minute.
fn hardware_address(addresses: &[IpAddr]) -> String {
    let four = addresses.iter().find_map(|address| match address {
        IpAddr::V4(four) => Some(u64::from(four.to_bits())),
        IpAddr::V6(_) => None,
    });
    let (kind, number) = match (four, addresses.first()) {
        (Some(four), _) => (0x0a, four),
        (None, first) => (0x0e, BuildHasherDefault::<DefaultHasher>::default().hash_one(first)),
    };
    let [_, _, _, a, b, c, d, e] = number.to_be_bytes();
    format!("{kind:02x}:{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}")
}

/// In the node: the end of a cable, at both of its ends.
pub(crate) fn no_cable(number: u64) -> String {
    format!("link delete v{number}\n")
}

/// In a pod, before anything else: its two links. It needs no link-local address to find its neighbours, and without one
/// it asks for no router.
pub(crate) const LINKS: &str = "\
link set lo up
link set eth0 addrgenmode none
link set eth0 up
";

/// In a pod: what one family needs. Every address is a neighbour, also of those that nobody has.
pub(crate) fn family(plan: &Plan, family: Family) -> String {
    let mut text = String::new();
    for address in plan.of(family) {
        // Nobody else can have it, so that it need not wait for a proof (RFC 4862 §5.4).
        let _ = match family {
            Family::V4 => writeln!(text, "address add {address}/32 dev eth0"),
            Family::V6 => writeln!(text, "address add {address}/128 dev eth0 nodad"),
        };
    }
    if !text.is_empty() {
        text.push_str("route add default dev eth0\n");
    }
    if plan.captures() {
        let everything = family.everything();
        let _ = write!(
            text,
            "rule add fwmark {RETURN_MARK} lookup {RETURN_TABLE}\n\
             route add local {everything} dev lo table {RETURN_TABLE}\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(captured: bool, of: Family, expect: &str) {
        let plan = Plan {
            name: "default/a".to_owned(),
            addresses: vec!["10.244.0.5".parse().unwrap(), "fd00:10:244::5".parse().unwrap()],
            outbound: captured,
            inbound: captured,
            dns: captured,
        };
        assert_eq!(family(&plan, of), expect);
    }

    #[test]
    fn a_pod_by_family() {
        check(false, Family::V4, "address add 10.244.0.5/32 dev eth0\nroute add default dev eth0\n");
        check(
            true,
            Family::V6,
            "address add fd00:10:244::5/128 dev eth0 nodad\n\
             route add default dev eth0\n\
             rule add fwmark 0x111/0xfff lookup 100\n\
             route add local ::/0 dev lo table 100\n",
        );
    }

    #[test]
    fn a_hardware_address_is_its_pods_alone() {
        let of = |text: &str| {
            let addresses: Vec<IpAddr> = text.split(' ').map(|address| address.parse().unwrap()).collect();
            hardware_address(&addresses)
        };
        assert_eq!(of("10.244.0.5"), "0a:00:0a:f4:00:05");
        assert_eq!(of("fd00::5 10.244.0.5"), "0a:00:0a:f4:00:05");
        assert!(of("fd00::5").starts_with("0e:"));
        assert_ne!(of("fd00::5"), of("fd01::5"));
    }

    #[test]
    fn a_family_without_addresses_has_no_way_out() {
        let plan = Plan {
            name: String::new(),
            addresses: vec!["fd00::1".parse().unwrap()],
            outbound: false,
            inbound: false,
            dns: true,
        };
        assert!(!family(&plan, Family::V4).contains("eth0"));
        assert!(family(&plan, Family::V4).contains("local 0.0.0.0/0"));
    }
}
