//! `probe` as a program: four typical findings as people read them, names of a mesh, certificates of its CA, exit codes.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use crate::golden;
use crate::program::Mesh;

const MESH: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {serviceAccountName: client}
---
apiVersion: v1
kind: Pod
metadata: {name: ratings, labels: {app: ratings}}
spec: {serviceAccountName: ratings, containers: [{name: c, ports: [{containerPort: 3000}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {selector: {app: reviews}, ports: [{port: 9080, targetPort: 3000}]}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews-v1, labels: {app: reviews}}
spec: {serviceAccountName: reviews, containers: [{name: c, ports: [{containerPort: 3000}]}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: ratings}
spec: {selector: {matchLabels: {app: ratings}}, mtls: {mode: STRICT}}
";

/// A folder that is gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("glasstunnel-probe-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone_already = fs::remove_dir_all(&self.0);
    }
}

/// What differs from run to run: addresses, and how long something took.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    for line in text.lines() {
        let line = line
            .split_once(" after ")
            .map_or_else(|| line.to_owned(), |(came, _)| format!("{came} after TIME"));
        let words =
            line.split(' ').map(|word| match word.trim_end_matches(':').parse::<std::net::SocketAddr>() {
                Ok(_) if word.ends_with(':') => "ADDRESS:",
                Ok(_) => "ADDRESS",
                Err(_) => word,
            });
        steady += &(words.collect::<Vec<_>>().join(" ") + "\n");
    }
    steady
}

#[test]
fn a_mesh_is_probed_by_its_names() {
    let folder = Folder::new();
    fs::write(folder.0.join("mesh.yaml"), MESH).unwrap();
    let (mesh_file, ca) = (folder.file("mesh.yaml"), folder.file("ca"));
    let mesh = Mesh::up("probe", &["-f", &mesh_file, "--ca-dir", &ca]);
    let check = |name: &str, arguments: &[&str], code: i32| {
        let (found, text, err) = mesh.run(&[&["probe"], arguments].concat(), &[]);
        assert_eq!(found, Some(code), "{arguments:?}: {text}{err}");
        golden::check(name, &steady(&text));
        err
    };
    let err = check("probe-strict", &["ratings:3000"], 0);
    assert!(err.contains("which is default/ratings: one connection at a time, 8 at most"), "{err}");
    // By the service's port, as a client would dial it.
    check("probe-permissive", &["reviews:9080", "--from", "client"], 0);
    check("probe-hbone", &["ratings:15008", "--from", "client"], 0);
    let (code, json, _) = mesh.run(&["probe", "ratings:3000", "-o", "json"], &[]);
    for field in
        ["\"kind\": \"Probe\"", "\"modes\": [\n    \"STRICT\"", "\"connections\": 3", "\"alert\": 116"]
    {
        assert!(code == Some(0) && json.contains(field), "{field} is not in {json}");
    }
    let (code, _, err) = mesh.run(&["probe", "ratngs:3000"], &[]);
    assert!(code == Some(1) && err.contains("did you mean `ratings"), "{code:?} {err}");
}

fn probe(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_glasstunnel")).arg("probe").args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn anything_else_is_probed_by_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let greeting = std::thread::spawn(move || {
        for _ in 0..3 {
            listener.accept().unwrap().0.write_all(b"220 mail.example.com ESMTP\r\n").unwrap();
        }
    });
    let (code, text, _) = probe(&[&at, "--pause", "0s"]);
    assert_eq!(code, Some(0), "{text}");
    golden::check("probe-server-first", &steady(&text.replace(&at, "127.0.0.1:25")));
    greeting.join().unwrap();
    // Nobody listens there now.
    let (code, text, _) = probe(&[&at]);
    assert_eq!(code, Some(5), "{text}");
    let port = at.rsplit(':').next().unwrap();
    golden::check("probe-closed", &steady(&text.replace(&format!("'sport = :{port}'"), "'sport = :PORT'")));
}

#[test]
fn what_cannot_be_probed_costs_no_connection() {
    let check = |arguments: &[&str], code: i32, says: &str| {
        let (found, text, err) = probe(arguments);
        assert!(
            found == Some(code) && text.is_empty() && err.contains(says),
            "{arguments:?}: {found:?} {err}"
        );
    };
    check(&["127.0.0.1"], 2, "expected HOST:PORT");
    check(&["127.0.0.1:1", "--key", "k.pem"], 2, "--cert");
    check(&["127.0.0.1:1", "--authority", "nowhere"], 2, "invalid CONNECT address");
    check(&["127.0.0.1:1", "--cert", "/dev/null"], 3, "expected PEM blocks");
}
