//! Every fault of the wire at every phase where it makes sense, twenty times each.

use glasstunnel::lab::FaultyDoor;

use super::outcomes;

#[tokio::test]
async fn measure() {
    let filter = std::env::var("FAULTS").unwrap_or_default();
    for fault in filter.split_whitespace() {
        let (door, fault) = match fault.strip_prefix("backend/") {
            Some(fault) => (FaultyDoor::Backend(3000), fault),
            None => (FaultyDoor::Hbone, fault),
        };
        for (outcome, times) in outcomes(fault, door).await {
            println!("{times} {door:?} {fault} | {outcome}");
        }
    }
}
