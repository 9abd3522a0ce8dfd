//! Real connections of a lab mesh, traced: what the drawings are held against.

use std::path::PathBuf;

use glasstunnel::app::CaAt;
use glasstunnel::ca::{Authority, AuthorityOptions, Bend, Profile};
use glasstunnel::glass::{Sequence, trace};
use glasstunnel::identity::SpiffeId;
use glasstunnel::lab::{Lab, LabOptions};
use glasstunnel::resources::DEMO;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: customers\r\nConnection: close\r\n\r\n";

/// Name and trace of one connection of each kind.
pub(crate) async fn all() -> Vec<(&'static str, Sequence)> {
    let folder = Folder(std::env::temp_dir().join(format!("glasstunnel-drawn-{}", std::process::id())));
    let authority = Authority::open_or_create(&folder.0, &AuthorityOptions::default()).unwrap();
    let options = LabOptions { tapped: true, ca: CaAt::Dir(folder.0.clone()), ..LabOptions::default() };
    let lab = Lab::start(DEMO, options).await.unwrap();
    let mut found = Vec::new();
    let mut last = 0;
    for (name, workload, host, port) in [
        ("hbone", "curl-client", "customers", 80),
        ("reused", "curl-client", "customers", 80),
        ("permissive", "outside/curl-client", "customers.default", 80),
        ("strict", "outside/curl-client", "webhook.default", 8080),
        ("refused", "curl-client", "webhook", 8080),
    ] {
        if name == "refused" {
            let id = SpiffeId::new("cluster.local", "default", "curl-client").unwrap();
            let bent = authority.issue_bent(&Profile { id, bend: Bend::ServerOnly }).unwrap();
            lab.present("curl-client", &bent).unwrap();
        }
        let _what_comes_back_is_in_the_trace = lab.send(workload, host, port, REQUEST).await;
        let record = lab.record(|record| record.id > last).await;
        last = record.id;
        found.push((name, trace(&record, true)));
    }
    found
}

/// A folder that is gone with the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone_already = std::fs::remove_dir_all(&self.0);
    }
}
