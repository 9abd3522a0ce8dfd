//! Faults in a mesh: each at each phase that an HBONE connection has, and what both ends' records say of it.

mod clocks;
mod endpoints;
mod wire;

use std::time::Duration;

use glasstunnel::lab::{Attempt, Lab};
use glasstunnel::telemetry::{Half, Record};

use crate::mesh::Plan;

const CLIENT: &str = "default/curl-client";

/// Servers `server-0` to `server-(count - 1)`, so that each run has a tunnel of its own, with deadlines that tests can wait for.
async fn lab(count: usize) -> Lab {
    let mut plan = Plan::new();
    plan.options.proxy.deadlines.handshake = Duration::from_millis(600);
    plan.options.proxy.deadlines.answer = Duration::from_millis(600);
    plan.options.proxy.hbone.ping_interval = Duration::from_millis(300);
    plan.options.proxy.hbone.ping_timeout = Duration::from_millis(300);
    for number in 0..count {
        plan = plan.server(&format!("server-{number}"), "http");
    }
    plan.start().await
}

/// One request as the client, over whatever tunnel there is.
async fn request(lab: &Lab, server: &str) -> Attempt {
    lab.send(CLIENT, server, 80, b"GET /health HTTP/1.0\r\n\r\n").await.unwrap()
}

/// `code@stage FLAG` of one end.
fn lane(half: Option<&Half>) -> String {
    let Some(half) = half else { return "no record".to_owned() };
    match half.outcome.failure() {
        Some(failure) => format!("{}@{} {}", failure.code, failure.stage, half.outcome.flag()),
        None => "ok".to_owned(),
    }
}

fn lanes(record: &Record) -> (String, String) {
    let (source, destination) = record.lanes();
    (lane(source), lane(destination))
}
