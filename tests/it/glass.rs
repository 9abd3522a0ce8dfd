//! What taps kept, decoded: golden traces of real connections, and 500 generated ones whose decode must say what their
//! records say.

mod capture;
mod commands;
mod generated;
mod golden;

use std::sync::Arc;

use glasstunnel::admin::Wish;
use glasstunnel::ca::{Authority, AuthorityOptions, Bend, Profile};
use glasstunnel::explain::{Manner, Question};
use glasstunnel::glass::{Sequence, trace};
use glasstunnel::lab::{Lab, LabOptions};
use glasstunnel::telemetry::Record;

use crate::mesh::Plan;

/// A mesh whose connections are looked into.
fn tapped(plan: Plan) -> Plan {
    let options = LabOptions { tapped: true, ..plan.options };
    Plan { options, ..plan }
}

/// Makes a connection as `trace --from --to` does, and waits for its record.
async fn made(lab: &Lab, from: &str, to: &str, manner: Option<Manner>, fresh_tunnel: bool) -> Arc<Record> {
    let mesh = Arc::clone(&lab.running().snapshots().load().mesh);
    let question = Question::read(&mesh, from, to, manner).unwrap();
    let host = to.rsplit_once(':').unwrap().0.to_owned();
    let client = lab.running().dialler().dial(Wish { question, host, fresh_tunnel }).unwrap();
    lab.record(|record| record.source_party().addr == Some(client)).await
}

async fn drawn(lab: &Lab, from: &str, to: &str, manner: Option<Manner>, fresh_tunnel: bool) -> Sequence {
    trace(&*made(lab, from, to, manner, fresh_tunnel).await, false)
}

/// From now on the client shows a certificate of a root that nobody else has, and trusts the mesh's as before.
fn show_a_strangers_certificate(lab: &Lab) {
    let id = lab.svid("curl-client").unwrap().id.clone();
    let authority = Authority::generate(&AuthorityOptions::default()).unwrap();
    let mut foreign = authority.issue_bent(&Profile { id, bend: Bend::OtherRoot }).unwrap();
    foreign.bundle = lab.svid("server").unwrap().bundle.clone();
    lab.present("curl-client", &foreign).unwrap();
}
