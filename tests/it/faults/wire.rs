//! Every fault of the wire at every phase where it makes sense, twenty times each.

use std::collections::BTreeMap;
use std::sync::Arc;

use glasstunnel::fault::Fault;
use glasstunnel::lab::FaultyDoor;
use tokio::task::JoinSet;

use super::{lab, lanes, request};
use crate::mesh::record_to;

/// How often each is made.
const RUNS: usize = 20;

/// What one run of `fault` ended in: the client's view and both records.
async fn runs(fault: &str, door: FaultyDoor) -> BTreeMap<String, usize> {
    let lab = Arc::new(lab(RUNS).await);
    let parsed: Fault = fault.parse().unwrap();
    let mut made = JoinSet::new();
    for number in 0..RUNS {
        let lab = Arc::clone(&lab);
        made.spawn(async move {
            let server = format!("server-{number}");
            let _faulty = lab.fault(&server, door, &[parsed]).await.unwrap();
            let seen = match request(&lab, &server).await {
                glasstunnel::lab::Attempt::Answered(bytes) if bytes.is_empty() => "empty".to_owned(),
                glasstunnel::lab::Attempt::Answered(_) => "answered".to_owned(),
                glasstunnel::lab::Attempt::Reset(_) => "reset".to_owned(),
                glasstunnel::lab::Attempt::Refused(reply) => format!("refused {reply}"),
            };
            let record = record_to(&lab, &server).await;
            let (source, destination) = lanes(&record);
            format!("{} | {source} | {destination} | {seen}", record.verdict())
        });
    }
    let mut found = BTreeMap::new();
    while let Some(result) = made.join_next().await {
        *found.entry(result.unwrap()).or_default() += 1;
    }
    found
}

#[tokio::test]
async fn measure() {
    let filter = std::env::var("FAULTS").unwrap_or_default();
    for fault in filter.split_whitespace() {
        let (door, fault) = match fault.strip_prefix("backend/") {
            Some(fault) => (FaultyDoor::Backend(3000), fault),
            None => (FaultyDoor::Hbone, fault),
        };
        println!("{fault}: {:#?}", runs(fault, door).await);
    }
}
