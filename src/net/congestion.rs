//! [`Congestion`]: how TCP decides how fast to send, where that is not left to the system.

use std::fs;
use std::io;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use socket2::{Domain, Protocol, Socket, Type};

/// What stands in for BBR, the better one first. Reno is in every kernel, and everybody may choose it (RFC 5681; RFC 9438 for
/// CUBIC).
const INSTEAD: [&str; 2] = ["cubic", "reno"];

/// The word that leaves it to the system.
const SYSTEM: &str = "system";

/// How TCP decides how fast to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Congestion {
    /// As the system has it (`net.ipv4.tcp_congestion_control`).
    System,
    /// By the algorithm that the kernel knows under this name.
    Named(Arc<str>),
}

/// For connections within a mesh on this machine: the system's, unless that is BBR.
///
/// BBR measures the narrowest link on the way and paces what it sends to that, by a timer. Between two sockets of one machine
/// there is no such link: what it measures is who had the processor, and pacing takes up to a quarter of the rate of bulk over
/// HBONE (benches/README.md).
impl Default for Congestion {
    fn default() -> Self {
        static WITHIN_A_MESH: LazyLock<Congestion> = LazyLock::new(|| {
            let Ok(socket) = any_socket() else { return Congestion::System };
            let system = socket.tcp_congestion().unwrap_or_default();
            within_a_mesh(&system, |name| socket.set_tcp_congestion(name.as_bytes()).is_ok())
        });
        WITHIN_A_MESH.clone()
    }
}

impl Congestion {
    /// Makes `socket` and, if it listens, all that it accepts send so. One that may not keeps the system's, and works.
    pub(crate) fn set_on(&self, socket: &Socket) {
        if let Self::Named(name) = self {
            let _kept = socket.set_tcp_congestion(name.as_bytes());
        }
    }
}

impl FromStr for Congestion {
    type Err = String;

    /// Reads `system` or a name, and tries it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == SYSTEM {
            return Ok(Self::System);
        }
        match any_socket().and_then(|socket| socket.set_tcp_congestion(text.as_bytes())) {
            Ok(()) => Ok(Self::Named(text.into())),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(format!("without CAP_NET_ADMIN expected {}", listed("allowed")))
            }
            Err(_unknown) => Err(format!("expected {}", listed("available"))),
        }
    }
}

/// What may be said, as the end of a sentence; `which` is the word in the names of Linux' lists.
fn listed(which: &str) -> String {
    let names = fs::read_to_string(format!("/proc/sys/net/ipv4/tcp_{which}_congestion_control"));
    let names = names.as_deref().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(", ");
    format!("{SYSTEM}, or one of this kernel's: {names}")
}

/// `may_choose` is asked for names; the kernel gives its own with zeros behind it.
fn within_a_mesh(system: &[u8], may_choose: impl Fn(&str) -> bool) -> Congestion {
    if !system.starts_with(b"bbr") {
        return Congestion::System;
    }
    INSTEAD
        .into_iter()
        .find(|name| may_choose(name))
        .map_or(Congestion::System, |name| Congestion::Named(name.into()))
}

fn any_socket() -> io::Result<Socket> {
    Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bbr_is_replaced_by_the_best_that_may_be_chosen() {
        let check = |system: &[u8], may_choose: &[&str], expect: &str| {
            let chosen = within_a_mesh(system, |name| may_choose.contains(&name));
            let name = if let Congestion::Named(name) = &chosen { name } else { SYSTEM };
            assert_eq!(name, expect, "{} {may_choose:?}", system.escape_ascii());
        };
        check(b"bbr\0\0", &["cubic", "reno"], "cubic");
        check(b"bbr2\0", &["reno"], "reno");
        check(b"bbr\0\0", &[], "system");
        check(b"cubic\0", &["cubic", "reno"], "system");
        check(b"reno", &["cubic", "reno"], "system");
        check(b"", &["cubic", "reno"], "system");
    }

    #[test]
    fn a_name_is_tried() {
        assert_eq!("system".parse(), Ok(Congestion::System));
        assert_eq!("reno".parse(), Ok(Congestion::Named("reno".into())));
        let error = "renoo".parse::<Congestion>().unwrap_err();
        assert!(
            error.starts_with("expected system, or one of this kernel's: ") && error.contains("reno"),
            "{error}"
        );
    }
}
