//! Slots: a small number per object that is stable for its name, from which missing addresses are made.
//!
//! Adding a workload must not move the others, so a slot comes from a hash of the name and not from its position.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};

/// How many slots there are: two octets without 0 and 255, so that no address looks like a network or a broadcast.
pub(crate) const SLOTS: usize = 254 * 254;

/// Where pods without an address get one, as kind's default pod network.
const POD_NETWORK: [u8; 2] = [10, 244];
/// Where services without a cluster IP get one, as kubeadm's default service network.
const SERVICE_NETWORK: [u8; 2] = [10, 96];

/// Hands out slots, each once.
#[derive(Default)]
pub(crate) struct Slots {
    taken: HashSet<u16>,
}

impl Slots {
    /// The slot for `key`: its hash, or the next free one that `usable` accepts; `None` when all are taken.
    pub(crate) fn take(&mut self, key: &str, usable: impl Fn(u16) -> bool) -> Option<u16> {
        if self.taken.len() == SLOTS {
            return None;
        }
        let start = fnv1a(key) as usize % SLOTS;
        let slot = (0..SLOTS)
            .filter_map(|step| u16::try_from((start + step) % SLOTS).ok())
            .find(|slot| !self.taken.contains(slot) && usable(*slot))?;
        self.taken.insert(slot);
        Some(slot)
    }
}

/// The pod address of a slot.
pub(crate) fn pod_address(slot: u16) -> IpAddr {
    address(POD_NETWORK, slot)
}

/// The cluster IP of a slot.
pub(crate) fn service_address(slot: u16) -> IpAddr {
    address(SERVICE_NETWORK, slot)
}

fn address([first, second]: [u8; 2], slot: u16) -> IpAddr {
    let [third, fourth] = octets(slot);
    IpAddr::V4(Ipv4Addr::new(first, second, third, fourth))
}

/// The two octets of a slot, each from 1 to 254.
pub(crate) fn octets(slot: u16) -> [u8; 2] {
    let octet = |value: u16| u8::try_from(value % 254 + 1).unwrap_or(1);
    [octet(slot / 254), octet(slot)]
}

/// The slot of two octets; `None` for 0 and 255.
pub(crate) fn slot(third: u8, fourth: u8) -> Option<u16> {
    let index = |octet: u8| (1..=254).contains(&octet).then(|| u16::from(octet) - 1);
    Some(index(third)? * 254 + index(fourth)?)
}

/// FNV-1a, 32 bit: any stable hash does, and std's is seeded anew in each process.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_and_slots_are_inverse() {
        for number in 0..SLOTS {
            let number = u16::try_from(number).unwrap();
            let [third, fourth] = octets(number);
            assert_eq!(slot(third, fourth), Some(number));
        }
        assert_eq!(slot(0, 7), None);
        assert_eq!(slot(7, 255), None);
    }

    #[test]
    fn a_taken_slot_moves_the_newcomer_only() {
        let mut slots = Slots::default();
        let first = slots.take("default/a", |_| true);
        let again = slots.take("default/a", |_| true);
        assert_ne!(first, again);
        assert_eq!(Slots::default().take("default/a", |_| true), first);
    }
}
