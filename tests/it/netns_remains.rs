//! What is left of pods' networks when they go: nothing.

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use glasstunnel::net::Namespace;

use crate::netns::{PATIENCE, bridge, is_set, pair};

/// Says to a copy of this program that it is the one to be killed.
const HOLDS: &str = "GLASSTUNNEL_IT_HOLDS_PODS";

/// The links of a namespace, or of the host, as `ip` lists them.
fn links(namespace: Option<&Namespace>) -> Vec<String> {
    let list = || Command::new("ip").args(["-o", "link"]).output();
    let output = namespace.map_or_else(list, |namespace| namespace.run(list)).unwrap();
    let name = |line: &str| {
        line.split(": ").nth(1).unwrap_or_default().split('@').next().unwrap_or_default().to_owned()
    };
    String::from_utf8(output.stdout).unwrap().lines().map(name).collect()
}

/// The kernel takes namespaces down when it gets round to it.
fn eventually(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < PATIENCE, "still not: {what}");
        thread::yield_now();
    }
}

/// A namespace with one end of a cable whose other end is in another: it goes when the other namespace goes.
fn witness(of: &str) -> Namespace {
    let witness = Namespace::create().unwrap();
    let cable = ["link", "add", "seen", "type", "veth", "peer", "name", "seer", "netns", of];
    let status = witness.run(|| Command::new("ip").args(cable).status()).unwrap();
    assert!(status.success());
    assert!(links(Some(&witness)).contains(&"seen".to_owned()));
    witness
}

fn is_gone(witness: &Namespace) -> bool {
    !links(Some(witness)).contains(&"seen".to_owned())
}

#[test]
fn a_dropped_pod_leaves_nothing() {
    let Some(pods) = bridge("a_dropped_pod_leaves_nothing") else { return };
    let host = links(None);
    let (first, second) = pair(&pods);
    assert_eq!(links(Some(pods.node())), ["lo", "br0", "v1", "v2"]);
    assert_eq!(links(Some(first.namespace())), ["lo", "eth0"]);
    let clone = first.clone();
    drop(first);
    assert_eq!(links(Some(clone.namespace())), ["lo", "eth0"]);
    drop(clone);
    eventually("one end less in the node", || links(Some(pods.node())) == ["lo", "br0", "v2"]);

    let witnesses = [witness(&pods.node().path()), witness(&second.namespace().path())];
    drop(pods);
    assert_eq!(links(Some(second.namespace())).len(), 3, "a pod holds its bridge");
    drop(second);
    eventually("no namespace", || witnesses.iter().all(is_gone));
    assert_eq!(links(None), host);
}

#[test]
fn a_killed_mesh_leaves_nothing() {
    let Some(pods) = bridge("a_killed_mesh_leaves_nothing") else { return };
    if is_set(HOLDS) {
        let (first, second) = pair(&pods);
        let paths = [pods.node(), first.namespace(), second.namespace()].map(Namespace::path);
        writeln!(io::stdout(), "\nheld: {}", paths.join(" ")).unwrap();
        loop {
            thread::park();
        }
    }
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "netns_remains::a_killed_mesh_leaves_nothing", "--nocapture"])
        .env(HOLDS, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let held = io::BufRead::lines(io::BufReader::new(holder.stdout.take().unwrap()))
        .find_map(|line| Some(line.unwrap().strip_prefix("held: ")?.to_owned()))
        .unwrap();
    let witnesses: Vec<_> = held.split(' ').map(witness).collect();
    assert_eq!(witnesses.len(), 3);
    holder.kill().unwrap();
    holder.wait().unwrap();
    eventually("no namespace", || witnesses.iter().all(is_gone));
}
