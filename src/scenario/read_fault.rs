//! `faults`, read: what, and where it can be.

use crate::fault::{ClockFault, Injected};
use crate::resources::{Fields, Found, Node, OwnDocument, Problem, scalar};
use crate::scenario::fault::{FaultWish, Place};
use crate::scenario::value::{choice, parsed, wrong};

const DOORS: [(&str, Place); 3] =
    [("hbone", Place::Hbone), ("captured", Place::Captured), ("backend", Place::Backend)];
/// Places that are named together with whose they are.
const OTHERS: [(&str, Place); 3] = [("clock", Place::Clock), ("renewal", Place::Renewal), ("ca", Place::Ca)];

/// Reads a list of faults.
pub(crate) fn faults(document: &OwnDocument, nodes: &[Node]) -> Result<Vec<FaultWish>, Problem> {
    let one = |node: &Node| {
        let fields = Fields::of(node, "a fault")?;
        fields.only(&["at", "fault"])?;
        // Not `on`: YAML 1.1 takes that word for true.
        let (workload, place) = place(&fields.required("at")?)?;
        let found = fields.required("fault")?;
        let fault = parsed(&found)?;
        fits(place, fault, &found)?;
        Ok(FaultWish { workload, place, fault, source: document.source(node.at) })
    };
    nodes.iter().map(one).collect()
}

fn place(found: &Found<'_>) -> Result<(String, Place), Problem> {
    let fields = Fields::of(found.node(), "at")?;
    fields.only(&["workload", "door", "clock", "renewal", "ca"])?;
    for (name, place) in OTHERS {
        if let Some(workload) = fields.text(name)? {
            fields.only(&[name])?;
            return Ok((workload.to_owned(), place));
        }
    }
    Ok((fields.required_text("workload")?.to_owned(), choice(&fields.required("door")?, &DOORS)?))
}

/// Whether such a fault can be there.
fn fits(place: Place, fault: Injected, found: &Found<'_>) -> Result<(), Problem> {
    let (fits, expected) = match place {
        Place::Hbone | Place::Captured | Place::Backend => (
            matches!(fault, Injected::Wire(_) | Injected::Endpoint(_)),
            "a fault of a wire at a door, such as tcp:rst@after-client-hello",
        ),
        Place::Clock | Place::Renewal => {
            (matches!(fault, Injected::Clock(_)), "a fault of a clock, such as clock=+25h")
        }
        Place::Ca => (matches!(fault, Injected::Ca(_)), "a fault of the CA, such as ca:deny"),
    };
    let places = match fault {
        Injected::Clock(_) => "it is one `at: {clock: NAME}` or `at: {renewal: NAME}`",
        Injected::Ca(_) => "it is one `at: {ca: NAME}`",
        Injected::Wire(_) | Injected::Endpoint(_) => "it is one `at: {workload: NAME, door: hbone}`",
    };
    if fits {
        return Ok(());
    }
    Err(wrong(found.at(), format!("expected {expected}, found `{fault}`"), Some(places.to_owned())))
}

/// `+25h`.
pub(crate) fn ahead(found: &Found<'_>) -> Result<time::Duration, Problem> {
    let read = ClockFault::read(&scalar(&found.node().value));
    read.map(ClockFault::ahead).map_err(|error| wrong(found.at(), error.to_string(), None))
}
