//! The real binary: what it prints, what it exits with, and that it leaves nothing behind.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::program::run;
use crate::up::{PROGRAM, Up};

#[tokio::test]
async fn up_exec_config_explain_and_a_clean_end() {
    let mut up = Up::start(&[]).await;
    assert!(up.banner.contains("Nothing was written to disk."), "{}", up.banner);
    let ran = up.ask(&["exec"], &["curl-client", "--", "curl", "-sS", "http://customers/health"]).await;
    assert_eq!((ran.code, ran.out.trim()), (0, "ok"), "{ran:?}");
    let line = up.line().await;
    assert!(line.contains("#1 ") && line.contains("hbone ALLOW"), "{line}");
    let ran = up
        .ask(&["exec"], &["curl-client.outside", "--", "curl", "-sS", "http://webhook.default:8080/"])
        .await;
    assert_eq!(ran.code, 56, "the program's own exit code: {ran:?}");
    let line = up.line().await;
    assert!(line.contains("raw   DENY    DENY") && line.contains("STRICT"), "{line}");
    let ran = up.ask(&["explain"], &["#2"]).await;
    assert!(ran.code == 0 && ran.out.contains("peer_auth.strict_refuses_plaintext"), "{ran:?}");
    for noun in ["workloads", "services", "policies", "certificates", "connections", "all"] {
        let ran = up.ask(&["config", noun], &["-o", "json"]).await;
        assert!(
            ran.code == 0 && ran.out.contains("\"apiVersion\": \"glasstunnel.dev/v1\""),
            "{noun}: {ran:?}"
        );
    }
    let (code, talk) = up.stop("-INT").await;
    assert_eq!(code, 0, "{talk}");
    assert!(talk.contains("draining") && talk.contains("stopped: everything finished"), "{talk}");
}

/// What a workload shows is the same by its name and at its door, and the verifier of the wire is asked about it.
#[tokio::test]
async fn certificates_of_a_running_mesh_are_looked_at() {
    let up = Up::start(&[]).await;
    let listed = up.ask(&["certs", "list"], &["-o", "wide"]).await;
    assert!(listed.code == 0 && listed.out.contains("5 of 5"), "{listed:?}");
    let customers = up.banner.lines().find(|line| line.contains("customers.default ")).unwrap();
    let local = customers.split_whitespace().nth(3).unwrap();
    let shown = up.ask(&["certs", "inspect"], &["customers"]).await;
    let serial = shown.out.lines().find(|line| line.contains("serial")).unwrap();
    let seen = up.ask(&["certs", "inspect"], &[&format!("{local}:15008")]).await;
    assert!(
        seen.out.contains(serial) && seen.out.contains("certificate_required (116)"),
        "{seen:?} {shown:?}"
    );
    let raw = up.ask(&["certs", "inspect"], &[&format!("{local}:3000"), "--alpn", "none"]).await;
    assert!(raw.code == 1 && raw.err.contains("tls.not_tls"), "{raw:?}");
    let met = up.ask(&["certs", "verify"], &["customers", "webhook"]).await;
    assert!(met.code == 0 && met.out.matches(": accepted").count() == 2, "{met:?}");
    let linted = up.ask(&["certs", "lint"], &["customers"]).await;
    assert_eq!((linted.code, linted.out.as_str()), (0, ""), "{linted:?}");
}

/// A connection that ends at the last moment has its line, too.
#[tokio::test]
async fn no_line_is_lost_to_ctrl_c() {
    let mut up = Up::start(&[]).await;
    let ran = up
        .ask(&["exec"], &["curl-client.outside", "--", "curl", "-sS", "http://webhook.default:8080/"])
        .await;
    assert_eq!(ran.code, 56, "{ran:?}");
    let pid = up.child.id().unwrap().to_string();
    assert_eq!(run("kill", &["-INT", &pid], "").await.code, 0);
    let line = up.line().await;
    assert!(line.contains("DENY"), "{line}");
}

#[tokio::test]
async fn sigterm_drains_too() {
    let up = Up::start(&["--workers", "1", "--admin", "none"]).await;
    let (code, talk) = up.stop("-TERM").await;
    assert_eq!(code, 0, "{talk}");
}

#[tokio::test]
async fn the_printed_mesh_is_read_back() {
    let printed = run(PROGRAM, &["up", "--print-mesh"], "").await;
    assert_eq!((printed.code, printed.out.as_str()), (0, glasstunnel::resources::DEMO));
    let folder = std::env::temp_dir().join(format!("glasstunnel-print-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("mesh.yaml");
    std::fs::write(&file, &printed.out).unwrap();
    let up = Up::start(&["-f", file.to_str().unwrap()]).await;
    let ran = up.ask(&["exec"], &["web-frontend", "--", "curl", "-sS", "http://customers/health"]).await;
    assert_eq!(ran.out.trim(), "ok", "{ran:?}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_kept_ca_survives_a_restart() {
    let folder = std::env::temp_dir().join(format!("glasstunnel-ca-{}", std::process::id()));
    let mut roots = Vec::new();
    for _ in 0..2 {
        let up = Up::start(&["--ca-dir", folder.to_str().unwrap()]).await;
        assert!(!up.banner.contains("Nothing was written"), "{}", up.banner);
        let ran = up.ask(&["config", "certificates"], &[]).await;
        let root = ran.out.lines().find(|line| line.contains("Root")).unwrap();
        roots.push(root.split_whitespace().nth(4).unwrap().to_owned());
    }
    assert_eq!(roots[0], roots[1]);
    for entry in std::fs::read_dir(&folder).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().contains("key") {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn mistakes_have_their_exit_codes_and_start_nothing() {
    let errors = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/errors");
    let file = |name: &str| format!("{errors}/{name}");
    let check = |arguments: Vec<String>, code: i32, says: &'static str| async move {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ran = run(PROGRAM, &arguments, "").await;
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(says) && ran.out.is_empty(), "{arguments:?}: {ran:?}");
    };
    let up = |file: String| vec!["up".to_owned(), "-f".to_owned(), file];
    check(up(file("unknown_mode.yaml")), 3, "did you mean `STRICT`?").await;
    check(up(file("duplicate_name.yaml")), 3, "is declared twice").await;
    check(up(file("missing.yaml")), 3, "cannot read").await;
    check(
        vec!["explain".into(), "#1".into(), "--context".into(), "no-such-mesh".into()],
        4,
        "no mesh called",
    )
    .await;
    check(vec!["up".into(), "--wrong".into()], 2, "--wrong").await;
    check(vec!["up".into(), "--log".into(), "tls=loud".into()], 2, "expected a log filter").await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = taken.local_addr().unwrap().to_string();
    let context = format!("taken-{}", std::process::id());
    let arguments = ["up", "--context", &context, "--admin", &admin].map(str::to_owned).to_vec();
    check(arguments, 5, "the port is in use by").await;
}

#[tokio::test]
async fn names_that_nobody_has_are_answered_with_the_nearest() {
    let up = Up::start(&[]).await;
    let ran = up.ask(&["exec"], &["curl-clent", "--", "true"]).await;
    assert!(ran.code == 1 && ran.err.contains("did you mean"), "{ran:?}");
    let ran = up.ask(&["exec"], &["curl-client", "--", "no-such-program"]).await;
    assert_eq!(ran.code, 127, "{ran:?}");
    let ran = up.ask(&["exec"], &["curl-client", "--", "sh", "-c", "exit 42"]).await;
    assert_eq!(ran.code, 42, "{ran:?}");
    let ran = up.ask(&["explain"], &["#99"]).await;
    assert!(ran.code == 1 && ran.err.contains("#99"), "{ran:?}");
}

/// As ztunnel does where it logs at debug.
#[tokio::test]
async fn connections_that_open_are_logged_where_that_is_asked_for() {
    let mut up = Up::start(&["--access-log", "--log", "access=debug"]).await;
    let ran = up.ask(&["exec"], &["curl-client", "--", "curl", "-sS", "http://customers/health"]).await;
    assert_eq!((ran.code, ran.out.trim()), (0, "ok"), "{ran:?}");
    let said = up.hear(Some("connection complete")).await;
    assert!(said.contains("\tdebug\taccess\tconnection opened\tsrc.addr="), "{said}");
}

/// A pager that waits for its user takes nothing. The mesh is asked, and ended, all the same.
#[tokio::test]
async fn nobody_waits_for_a_reader_who_sleeps() {
    let mut up = Up::start(&["--access-log"]).await;
    let socks = up.socks();
    for _ in 0..2_000 {
        let mut caller = TcpStream::connect(&socks).await.unwrap();
        caller.write_all(b"?").await.unwrap();
        // However it ends, it is over.
        let _ = caller.read_to_end(&mut Vec::new()).await;
    }
    let patience = Duration::from_secs(60);
    let asked = timeout(patience, up.ask(&["config", "connections"], &[])).await;
    assert_eq!(asked.expect("an answer").code, 0);
    let pid = up.child.id().unwrap().to_string();
    assert_eq!(run("kill", &["-TERM", &pid], "").await.code, 0);
    let ended = timeout(patience, up.child.wait()).await;
    assert_eq!(ended.expect("an end").unwrap().code(), Some(0));
}

/// Out of descriptors: no log storm, and the mesh recovers by itself (reference/reliability.md section 0 row 2).
#[tokio::test]
async fn running_out_of_files_is_said_once_a_second_and_passes() {
    let mut up = Up::with_few_files(150).await;
    let socks = up.socks();
    let mut hoard = Vec::new();
    for _ in 0..300 {
        hoard.push(TcpStream::connect(&socks).await.unwrap());
    }
    up.hear(Some("cannot accept connections")).await;
    drop(hoard);
    let health = ["curl-client", "--", "curl", "-sS", "-m", "5", "http://customers/health"];
    let mut ran = up.ask(&["exec"], &health).await;
    for _ in 0..20 {
        if ran.code == 0 {
            break;
        }
        ran = up.ask(&["exec"], &health).await;
    }
    assert_eq!(ran.out.trim(), "ok", "it did not recover: {ran:?}");
    let (_, talk) = up.stop("-INT").await;
    assert!(talk.contains("cannot accept connections"), "{talk}");
    assert!(talk.len() < 10_000, "a log storm of {} bytes", talk.len());
}
