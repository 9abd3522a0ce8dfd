//! The rows of the table that have no entry, and why.

/// Ids, each with its reason. A row that is neither here nor among the entries is one that nobody has written yet.
pub const LEFT_OUT: &[(&str, &str)] = &[
    (
        "A16",
        "It is refused when it is read, as Istio's own validation refuses it: portLevelMtls requires a selector. \
         No mesh can be started with it, and none with the webhook switched off is simulated.",
    ),
    (
        "A18",
        "A bug of its time (istio/istio#53884): the conversion that is followed here honours a PERMISSIVE port under \
         an unset mode, which the fix of A17 shows.",
    ),
    (
        "A19",
        "A thing of old sidecars, which built a chain for each declared port. Here as in today's ambient every port is \
         covered, and on loopback a port that is not declared has no door.",
    ),
    (
        "C59",
        "It takes a client's proxy that waits for the application's first bytes before it chooses the wire. Here the \
         rules choose it, so that the two halves cannot wait for each other.",
    ),
    (
        "D75",
        "A fault of one HTTP library's upgraded CONNECT streams (hyperium/hyper#4049), which are not used here: the \
         relay reserves capacity before it reads.",
    ),
    (
        "E85",
        "It takes limits of a whole process or machine: descriptors and the range of local ports. All meshes of a run live \
         in one process on loopback, where each workload dials from an address of its own, and lowering a limit for one \
         would fail the others.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::by_id;
    use crate::repro::entry::entry;

    #[test]
    fn what_is_left_out_is_a_row_without_an_entry() {
        for (at, (id, reason)) in LEFT_OUT.iter().enumerate() {
            assert!(by_id(id).is_some_and(|row| row.id == *id), "{id} is no row");
            assert!(entry(id).is_none(), "{id} has an entry");
            assert!(reason.ends_with('.'), "{id}: {reason}");
            assert!(LEFT_OUT.iter().skip(at + 1).all(|(other, _)| other != id), "{id} stands twice");
        }
    }
}
