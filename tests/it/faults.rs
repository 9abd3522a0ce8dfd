//! Faults in a mesh: each at each phase that an HBONE connection has, and what both ends' records say of it.

mod clocks;
mod endpoints;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use glasstunnel::fault::Injected;
use glasstunnel::lab::{Attempt, FaultyDoor, Lab};
use glasstunnel::telemetry::{Half, Record};
use tokio::task::JoinSet;

use crate::mesh::Plan;

/// How often each is made.
const RUNS: usize = 20;

/// How many meshes run beside each other: most of them wait for a deadline.
const AT_ONCE: usize = 4;

const CLIENT: &str = "default/curl-client";

/// As many servers as there are runs, so that each has a tunnel of its own, with deadlines that tests can wait for.
async fn lab() -> Lab {
    let mut plan = Plan::new();
    let proxy = &mut plan.options.proxy;
    proxy.deadlines.handshake = Duration::from_secs(2);
    proxy.deadlines.dial = Duration::from_secs(2);
    proxy.deadlines.answer = Duration::from_secs(3);
    (proxy.hbone.ping_interval, proxy.hbone.ping_timeout) = (Duration::from_secs(3), Duration::from_secs(2));
    for number in 0..RUNS {
        plan = plan.server(&format!("server-{number}"), "http");
    }
    plan.start().await
}

/// What the runs with one fault ended in, and how many in each.
async fn outcomes(fault: &str, door: FaultyDoor, connections: usize) -> BTreeMap<String, usize> {
    let lab = Arc::new(lab().await);
    let injected: Injected = fault.parse().unwrap();
    let mut runs = JoinSet::new();
    for number in 0..RUNS {
        let (lab, server) = (Arc::clone(&lab), format!("server-{number}"));
        runs.spawn(async move { run(&lab, &server, (injected, door), connections).await });
    }
    let mut found = BTreeMap::new();
    while let Some(outcome) = runs.join_next().await {
        *found.entry(outcome.unwrap()).or_default() += 1;
    }
    found
}

/// The last of so many connections to `server` through the fault, with a request in each: the verdict, what the source's record and the destination's say, what the client saw.
async fn run(
    lab: &Lab,
    server: &str,
    (injected, door): (Injected, FaultyDoor),
    connections: usize,
) -> String {
    let _faulty = match injected {
        Injected::Wire(fault) => lab.fault(server, door, &[fault]).await.unwrap(),
        Injected::Endpoint(fault) => lab.endpoint_fault(server, fault).unwrap(),
        other => panic!("{other} is at no door"),
    };
    let mut last = String::new();
    let mut before = 0;
    for _ in 0..connections {
        (last, before) = connection(lab, server, before).await;
    }
    last
}

/// One connection to `server`, whose record comes after the one called `before`.
async fn connection(lab: &Lab, server: &str, before: u64) -> (String, u64) {
    let seen = match lab.send(CLIENT, server, 80, b"GET /health HTTP/1.0\r\n\r\n").await.unwrap() {
        Attempt::Answered(bytes) if bytes.ends_with(b"ok\n") => "answered".to_owned(),
        Attempt::Answered(bytes) => format!("answered {} bytes", bytes.len()),
        Attempt::Reset(_) => "reset".to_owned(),
        Attempt::Refused(reply) => format!("refused {reply}"),
    };
    let is_its = |record: &Record| {
        let to = record.destination_party().workload;
        record.id > before && to.is_some_and(|to| &*to.name.name == server)
    };
    let record = lab.record(is_its).await;
    let (source, destination) = lanes(&record);
    (format!("{} | {source} | {destination} | {seen}", record.verdict()), record.id)
}

fn lanes(record: &Record) -> (String, String) {
    let (source, destination) = record.lanes();
    (lane(source), lane(destination))
}

/// `code FLAG` of one end; the code begins with the stage, unless it says another.
fn lane(half: Option<&Half>) -> String {
    let Some(half) = half else { return "no record".to_owned() };
    let Some(failure) = half.outcome.failure() else { return "ok".to_owned() };
    let (code, stage, flag) = (failure.code, failure.stage.to_string(), half.outcome.flag());
    match code.starts_with(&stage) {
        true => format!("{code} {flag}"),
        false => format!("{code} at {stage} {flag}"),
    }
}

/// Every run of each fault ends as its line says: `fault | verdict | source | destination | client`.
async fn check(door: FaultyDoor, table: &str) {
    check_last(door, table, 1).await;
}

/// The same of a second connection.
async fn check_again(door: FaultyDoor, table: &str) {
    check_last(door, table, 2).await;
}

async fn check_last(door: FaultyDoor, table: &str, connections: usize) {
    let lines: Vec<(String, BTreeMap<String, usize>)> = table
        .lines()
        .filter_map(|line| line.trim().split_once(" | "))
        .map(|(fault, expect)| {
            let expect: Vec<&str> = expect.split(" | ").map(str::trim).collect();
            (fault.trim().to_owned(), BTreeMap::from([(expect.join(" | "), RUNS)]))
        })
        .collect();
    for some in lines.chunks(AT_ONCE) {
        let mut found = JoinSet::new();
        for (fault, expect) in some.iter().cloned() {
            found.spawn(async move { (outcomes(&fault, door, connections).await, expect, fault) });
        }
        while let Some(line) = found.join_next().await {
            let (found, expect, fault) = line.unwrap();
            assert_eq!(found, expect, "{fault}");
        }
    }
}
