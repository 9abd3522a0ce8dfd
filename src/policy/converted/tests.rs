//! All 525 combinations of reference/policy.md 1.4, and what several ports add to them.

use std::collections::BTreeMap;

use super::*;
use crate::mesh::Source;
use MtlsMode::{Disable, Permissive, Strict};

const PORT: u16 = 8080;
const OTHER: u16 = 9090;
/// A level that may be absent, or be there with one of four modes.
const LEVELS: [Option<Option<MtlsMode>>; 5] =
    [None, Some(None), Some(Some(Disable)), Some(Some(Permissive)), Some(Some(Strict))];

fn policy(namespace: &str, mode: Option<MtlsMode>) -> PeerAuthentication {
    PeerAuthentication {
        name: Name::new(namespace, "wl"),
        selector: None,
        mode,
        ports: BTreeMap::new(),
        created: None,
        source: Source::new("mesh.yaml", 1),
    }
}

fn workload(mode: Option<MtlsMode>, ports: &[(u16, Option<MtlsMode>)]) -> PeerAuthentication {
    let selector = Some(BTreeMap::from([("app".to_owned(), "a".to_owned())]));
    PeerAuthentication { selector, ports: ports.iter().copied().collect(), ..policy("foo", mode) }
}

/// The classes of parents that the table has.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Class {
    P0,
    P1,
    P2,
    P3,
}

fn class(mesh: Option<Option<MtlsMode>>, namespace: Option<Option<MtlsMode>>) -> Class {
    match (mesh.flatten(), namespace) {
        (_, Some(Some(Strict))) => Class::P3,
        (_, Some(Some(_))) => Class::P0,
        (Some(Strict), None) => Class::P1,
        (Some(Strict), Some(None)) => Class::P2,
        _ => Class::P0,
    }
}

/// Attached (`-`, `static`, `conv`, `conv!`), and whether the listed port and every other one refuse plaintext.
type Cell = (&'static str, bool, bool);
const NONE: Cell = ("-", false, false);
const STATIC: Cell = ("static", true, true);
const OPEN: Cell = ("conv", false, true);
const CLOSED: Cell = ("conv", true, false);
const LOST: Cell = ("conv!", false, false);

/// The table as the reference prints it, row by row.
fn expected(mode: Option<Option<MtlsMode>>, port: Option<Option<MtlsMode>>, class: Class) -> Cell {
    use Class::{P0, P1, P2, P3};
    match (mode, port.flatten()) {
        (None | Some(None), None | Some(Disable)) => {
            if class == P0 {
                NONE
            } else {
                STATIC
            }
        }
        (None, _) => {
            if class == P0 {
                NONE
            } else {
                STATIC
            }
        }
        (Some(None), Some(Permissive)) => match class {
            P0 => NONE,
            P1 | P3 => OPEN,
            P2 => LOST,
        },
        (Some(None), Some(Strict)) => {
            if class == P0 {
                CLOSED
            } else {
                STATIC
            }
        }
        (Some(Some(Disable | Permissive)), Some(Strict)) => match class {
            P0 | P3 => CLOSED,
            P1 | P2 => LOST,
        },
        (Some(Some(Disable | Permissive)), _) => NONE,
        (Some(Some(Strict)), None | Some(Strict)) => STATIC,
        (Some(Some(Strict)), Some(Disable | Permissive)) => OPEN,
    }
}

fn cell(converted: &Converted) -> Cell {
    let word = match converted {
        Converted::Nothing => "-",
        Converted::Static => "static",
        Converted::Own(_, Form::Dangling) => "conv!",
        Converted::Own(..) => "conv",
    };
    (word, converted.refuses_plaintext(PORT), converted.refuses_plaintext(OTHER))
}

/// What was declared for a port: the narrowest mode that is set.
fn declared(levels: [Option<Option<MtlsMode>>; 4]) -> bool {
    levels.into_iter().find_map(Option::flatten) == Some(Strict)
}

#[test]
fn all_525_combinations_are_as_istiod_has_them() {
    let (mut count, mut deviating) = (0, 0);
    for mesh in LEVELS {
        for namespace in LEVELS {
            let parents =
                (mesh.map(|mode| policy("istio-system", mode)), namespace.map(|mode| policy("foo", mode)));
            for mode in LEVELS {
                // Without a workload policy there is no port entry to vary.
                let entries = if mode.is_none() { &LEVELS[..1] } else { &LEVELS[..] };
                for port in entries {
                    let own = mode.map(|mode| {
                        let ports: Vec<_> = port.iter().map(|mode| (PORT, *mode)).collect();
                        workload(mode, &ports)
                    });
                    let candidates = Candidates {
                        mesh: parents.0.as_ref(),
                        namespace: parents.1.as_ref(),
                        workload: own.as_ref(),
                    };
                    let class = class(mesh, namespace);
                    let found = cell(&convert(candidates));
                    assert_eq!(
                        found,
                        expected(mode, *port, class),
                        "{mesh:?} {namespace:?} {mode:?} {port:?}"
                    );
                    count += 1;
                    let wanted =
                        (declared([*port, mode, namespace, mesh]), declared([None, mode, namespace, mesh]));
                    if (found.1, found.2) != wanted {
                        deviating += 1;
                    }
                }
            }
        }
    }
    assert_eq!(count, 525);
    // 8 cells of the table, of which the one under P3 stands for five pairs of parents.
    assert_eq!(deviating, 12);
}

#[test]
fn several_ports_are_one_policy() {
    let mesh = policy("istio-system", Some(Strict));
    let check = |own: PeerAuthentication, mesh: Option<&PeerAuthentication>, expect: &[(u16, bool)]| {
        let converted = convert(Candidates { mesh, namespace: None, workload: Some(&own) });
        for (port, refused) in expect {
            assert_eq!(converted.refuses_plaintext(*port), *refused, "{port} {converted:?}");
        }
    };
    let both = [(18080, Some(Permissive)), (19090, Some(Disable))];
    check(workload(Some(Strict), &both), None, &[(18080, false), (19090, false), (1, true)]);
    // A PERMISSIVE port in the same map saves the DISABLE one.
    check(workload(None, &both), Some(&mesh), &[(18080, false), (19090, false), (1, true)]);
    check(workload(None, &both[1..]), Some(&mesh), &[(19090, true), (1, true)]);
    let mixed = [(8080, Some(Permissive)), (9090, Some(Strict))];
    check(workload(None, &mixed), None, &[(8080, false), (9090, true), (1, false)]);
}

#[test]
fn a_namespace_policy_with_an_empty_selector_is_no_parent_to_the_conversion() {
    let namespace = PeerAuthentication { selector: Some(BTreeMap::new()), ..policy("foo", Some(Strict)) };
    let own = workload(None, &[(PORT, Some(Permissive))]);
    let candidates = Candidates { mesh: None, namespace: Some(&namespace), workload: Some(&own) };
    assert_eq!(cell(&convert(candidates)), LOST);
}
