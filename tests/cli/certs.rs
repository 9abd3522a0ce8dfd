//! `certs` as a program: issued, inspected, held against each other and linted, with exit codes and streams.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::golden;

const CLIENT: &str = "spiffe://cluster.local/ns/default/sa/client";

/// A folder that is gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("glasstunnel-certs-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn certs(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let program = env!("CARGO_BIN_EXE_glasstunnel");
        let Output { status, stdout, stderr } =
            Command::new(program).arg("certs").args(arguments).current_dir(&self.0).output().unwrap();
        (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    }

    #[track_caller]
    fn issue(&self, out: &str, more: &[&str]) {
        let arguments = [&["issue", "--id", CLIENT, "--ca-dir", "ca", "--out", out], more].concat();
        let (code, _, err) = self.certs(&arguments);
        assert_eq!(code, Some(0), "{err}");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone_already = fs::remove_dir_all(&self.0);
    }
}

/// What differs from run to run, as dots of the same length.
fn dotted(text: &str) -> String {
    let is_serial = |word: &str| word.len() >= 32 && word.chars().all(|c| c.is_ascii_hexdigit());
    let word = |word: &str| if is_serial(word) { "…".to_owned() } else { word.to_owned() };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(|text| line(text) + "\n").collect()
}

#[test]
fn what_is_issued_is_read_and_never_replaced() {
    let folder = Folder::new("issue");
    folder.issue("client", &[]);
    let mode = fs::metadata(folder.0.join("client/key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (code, _, err) = folder.certs(&["issue", "--id", CLIENT, "--ca-dir", "ca", "--out", "client"]);
    assert_eq!(code, Some(5));
    assert!(err.contains("refusing to overwrite client/key.pem"), "{err}");
    let (code, text, _) = folder.certs(&["inspect", "client"]);
    assert_eq!(code, Some(0));
    golden::check("certs-inspect", &dotted(&text));
    let key = fs::read_to_string(folder.0.join("client/key.pem")).unwrap();
    let secret = key.lines().nth(1).unwrap();
    for form in ["text", "json", "yaml", "pem"] {
        let (code, text, _) = folder.certs(&["inspect", "client", "-o", form]);
        assert!(code == Some(0) && !text.contains(secret) && !text.contains("BEGIN PRIVATE KEY"), "{form}");
    }
    let (_, json, _) = folder.certs(&["inspect", "client/cert-chain.pem", "-o", "json"]);
    for field in ["\"kind\": \"InspectionList\"", CLIENT, "\"role\": \"leaf\"", "\"valid\": true"] {
        assert!(json.contains(field), "{field} is not in {json}");
    }
    let (_, text, _) = folder.certs(&["issue", "--list-bends"]);
    golden::check("certs-bends", &text);
}

#[test]
fn what_cannot_be_read_says_what_it_could_have_been() {
    let folder = Folder::new("errors");
    fs::write(folder.0.join("notes.txt"), "hello").unwrap();
    fs::write(folder.0.join("bad.yaml"), "bend: expird\n").unwrap();
    let check = |arguments: &[&str], code: i32, says: &str| {
        let (found, _, err) = folder.certs(arguments);
        assert!(found == Some(code) && err.contains(says), "{arguments:?}: {found:?} {err}");
    };
    check(&["inspect", "notes.txt"], 3, "expected PEM blocks");
    check(&["inspect", "127.0.0.1:1"], 5, "cannot connect to 127.0.0.1:1");
    check(&["issue", "--profile", "bad.yaml", "--out", "x"], 3, "bad.yaml:1:7");
    check(&["issue", "--out", "x"], 2, "--id");
    check(&["verify", "notes.txt", "notes.txt", "--at", "soon"], 2, "expected +25h");
}

#[test]
fn each_party_is_judged_as_on_the_wire() {
    let folder = Folder::new("verify");
    folder.issue("good", &[]);
    folder.issue("expired", &["--bend", "expired"]);
    folder.issue("server-only", &["--bend", "server-auth-only"]);
    folder.issue("twin", &["--bend", "same-name-root"]);
    let check = |arguments: &[&str], code: i32| {
        let (found, text, err) = folder.certs(&[&["verify"], arguments].concat());
        assert_eq!(found, Some(code), "{arguments:?}: {text}{err}");
        text
    };
    let mut texts = check(&["good", "good"], 0);
    texts += &check(&["good", "expired", "--as", "client"], 1);
    texts += &check(&["good", "server-only"], 1);
    texts += &check(&["good", "twin", "--as", "server"], 1);
    texts += &check(&["good", "good", "--as", "client", "--at", "+25h"], 1);
    golden::check("certs-verify", &dotted(&steady(&texts)));
    check(&["good", "server-only", "--as", "server"], 0);
    check(&["good", "good", "--as", "client", "--trust-domain", "else.where"], 1);
    check(&["good", "good", "--as", "client", "--trust-domain", "else.where", "--alias", "cluster.local"], 0);
    check(&["good", "good", "--as", "server", "--expect", "spiffe://cluster.local/ns/a/sa/b"], 1);
    let json = check(&["good", "expired", "--as", "client", "-o", "json"], 1);
    for field in ["\"kind\": \"AcceptanceList\"", "\"code\": \"tls.expired\"", "certificate_expired (45)"] {
        assert!(json.contains(field), "{field} is not in {json}");
    }
}

/// Without what depends on the clock.
fn steady(text: &str) -> String {
    let is_date = |line: &&str| !line.contains(" dates ") && !line.contains(" logs ");
    text.lines().filter(is_date).map(|line| format!("{line}\n")).collect()
}

#[test]
fn findings_name_who_refuses() {
    let folder = Folder::new("lint");
    folder.issue("good", &[]);
    folder.issue("client-only", &["--bend", "client-auth-only"]);
    let (code, text, err) = folder.certs(&["lint", "good"]);
    assert_eq!((code, text.as_str()), (Some(0), ""));
    assert_eq!(err, "✔ Nothing wrong with the certificates of good.\n");
    let (code, text, err) = folder.certs(&["lint", "client-only"]);
    assert_eq!((code, err.as_str()), (Some(1), "1 error in client-only\n"));
    golden::check("certs-lint", &text);
    fs::copy(folder.0.join("good/key.pem"), folder.0.join("client-only/other.key")).unwrap();
    fs::remove_file(folder.0.join("client-only/key.pem")).unwrap();
    let (_, json, _) = folder.certs(&["lint", "client-only", "-o", "json"]);
    assert!(json.contains("\"id\": \"key-mismatch\"") && json.contains("\"errors\": 2"), "{json}");
    let (code, ..) = folder.certs(&["lint", "good/root-cert.pem", "--role", "workload"]);
    assert_eq!(code, Some(1));
}
