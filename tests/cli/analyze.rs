//! `analyze` as a program: exit codes, streams, and files that are mended in place.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const MESH: &str = include_str!("../golden/analyze/mesh.yaml");
const SERVICE_PORT: &str = include_str!("../golden/analyze/GT1104.yaml");
const TYPO: &str = include_str!("../golden/analyze/GT1102.yaml");

/// A folder of files that is gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("glasstunnel-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            fs::write(folder.join(file), text).unwrap();
        }
        Self(folder)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone_already = fs::remove_dir_all(&self.0);
    }
}

fn analyze(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let program = env!("CARGO_BIN_EXE_glasstunnel");
    let Output { status, stdout, stderr } =
        Command::new(program).arg("analyze").args(arguments).current_dir(folder).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn the_exit_code_depends_on_the_threshold() {
    let folder = Folder::new("threshold", &[("mesh.yaml", MESH), ("typo.yaml", TYPO)]);
    let check = |arguments: &[&str], code: i32| {
        let arguments = [&["mesh.yaml", "typo.yaml"], arguments].concat();
        assert_eq!(analyze(&folder.0, &arguments).0, Some(code), "{arguments:?}");
    };
    check(&[], 0);
    check(&["--failure-threshold", "warning"], 1);
    check(&["--failure-threshold", "Info"], 1);
    check(&["--failure-threshold", "never"], 0);
    check(&["--failure-threshold", "some"], 2);
    check(&["none.yaml"], 3);
}

#[test]
fn the_answer_is_on_stdout_and_istioctls_sentence_on_stderr() {
    let folder = Folder::new("streams", &[("mesh.yaml", MESH), ("port.yaml", SERVICE_PORT)]);
    let (_, out, err) = analyze(&folder.0, &["mesh.yaml"]);
    assert_eq!(
        (out.as_str(), err.as_str()),
        ("", "✔ No validation issues found when analyzing mesh.yaml.\n")
    );
    let (_, out, err) = analyze(&folder.0, &["mesh.yaml", "port.yaml"]);
    assert!(
        out.starts_with("Error [GT1104] (PeerAuthentication default/web port.yaml:8) 80 is a port"),
        "{out}"
    );
    assert_eq!(err, "1 error in 2 files; --fix corrects 1 of them\n");
    let (_, out, _) = analyze(&folder.0, &["mesh.yaml", "port.yaml", "-o", "json"]);
    for field in
        ["\"kind\": \"AnalysisReport\"", "\"reference\": \"port.yaml:8\"", "\"documentationUrl\": \"http"]
    {
        assert!(out.contains(field), "{field} is not in {out}");
    }
    let (code, out, _) = analyze(&folder.0, &["--list-codes"]);
    assert!(code == Some(0) && out.contains("\nGT1104 "), "{out}");
}

#[test]
fn files_are_mended_in_place_and_only_once() {
    let folder = Folder::new("mend", &[("mesh.yaml", MESH), ("port.yaml", SERVICE_PORT)]);
    let (code, out, err) = analyze(&folder.0, &["mesh.yaml", "port.yaml", "--fix"]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    let difference = "--- port.yaml\n+++ port.yaml\n@@ line 8 @@\n-    \"80\": # the one that clients dial\n+    \"8080\":";
    assert!(err.starts_with(difference), "{err}");
    assert_eq!(folder.read("port.yaml"), SERVICE_PORT.replace("\"80\"", "\"8080\""));
    assert_eq!(folder.read("mesh.yaml"), MESH);
    let (_, _, err) = analyze(&folder.0, &["mesh.yaml", "port.yaml", "--fix"]);
    assert!(err.starts_with("✔ No validation issues found"), "{err}");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2, "something was left behind");
}
