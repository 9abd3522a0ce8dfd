//! `certs` against a running mesh and real programs: the lines that `certs export` prints are pasted into a shell.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::program::{Ran, run};
use crate::up::Up;

/// A folder that is gone with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let name = format!("certs-{:016x}", rand::random::<u64>());
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// The certificate and the key of somebody's own CA.
    pub(crate) async fn plugged_ca(&self) -> (String, String) {
        let (cert, key) = (self.path("ca-cert.pem"), self.path("ca-key.pem"));
        let made = format!(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout '{key}' -out '{cert}' -days 2 -subj /O=corp"
        );
        assert_eq!(pasted(&made).await.code, 0);
        (cert, key)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind lies in the folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The lines to paste among what was printed.
fn commands(out: &str) -> Vec<&str> {
    let indented = out.lines().filter_map(|line| line.strip_prefix("  "));
    indented.filter(|line| line.starts_with("openssl ") || line.starts_with("curl ")).collect()
}

async fn pasted(line: &str) -> Ran {
    run("sh", &["-c", line], "").await
}

#[tokio::test]
async fn what_export_prints_works() {
    let mut up = Up::start(&[]).await;
    let folder = Folder::new();
    let dir = folder.path("it's mine");
    let exported = up.ask(&["certs", "export"], &["curl-client", "--dir", &dir]).await;
    assert_eq!(exported.code, 0, "{exported:?}");
    let key = fs::read_to_string(format!("{dir}/key.pem")).unwrap();
    assert_eq!(fs::metadata(format!("{dir}/key.pem")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!exported.out.contains(key.lines().nth(1).unwrap()), "the key is printed");
    let lines = commands(&exported.out);
    assert!(lines.len() >= 2 && lines[0].starts_with("openssl"), "{lines:?}");
    let shaken = pasted(lines[0]).await;
    assert!(format!("{shaken:?}").contains("Verification: OK"), "{shaken:?}");
    up.line().await;
    for curl in &lines[1..] {
        let answered = pasted(curl).await;
        let wire = if curl.contains("--proxy-http2") { "hbone" } else { "mtls" };
        assert!(answered.out.contains("(spiffe://cluster.local/ns/default/sa/curl-client)"), "{answered:?}");
        assert!(answered.out.contains(&format!("wire     {wire}")), "{answered:?}");
        let line = up.line().await;
        assert!(line.contains("ALLOW"), "{line}");
    }
    let lived = up.ask(&["certs", "inspect"], &[&dir]).await;
    assert!(lived.out.contains("expires in 59m") || lived.out.contains("expires in 1h00m"), "{lived:?}");
}

#[tokio::test]
async fn export_replaces_nothing_unless_forced() {
    let up = Up::start(&[]).await;
    let folder = Folder::new();
    let dir = folder.path("papers");
    let export = async |more: &[&str]| {
        up.ask(&["certs", "export"], &[&["web-frontend", "--dir", &dir], more].concat()).await
    };
    assert_eq!(export(&["--ttl", "90s", "--to", "customers:3000"]).await.code, 0);
    let first = fs::read(format!("{dir}/key.pem")).unwrap();
    let again = export(&[]).await;
    assert!(again.code == 5 && again.err.contains("refusing to overwrite"), "{again:?}");
    assert_eq!(fs::read(format!("{dir}/key.pem")).unwrap(), first);
    let forced = export(&["--force", "-o", "json"]).await;
    assert!(forced.code == 0 && forced.out.contains("\"kind\": \"Export\""), "{forced:?}");
    assert_ne!(fs::read(format!("{dir}/key.pem")).unwrap(), first, "each has a key of its own");
    let outside = up.ask(&["certs", "export"], &["curl-client.outside", "--dir", &folder.path("no")]).await;
    assert!(outside.code == 3 && outside.err.contains("which has no certificate"), "{outside:?}");
    assert!(!folder.0.join("no").exists());
}

/// Over TCP any user of the machine can call, and a browser can be made to.
#[tokio::test]
async fn no_certificate_is_given_over_tcp() {
    let up = Up::start(&["--admin", "127.0.0.1:0"]).await;
    let listed = up.ask(&["certs"], &["-o", "name"]).await;
    assert_eq!(listed.out.lines().count(), 6, "{listed:?}");
    let (_, after) = up.banner.split_once("admin ").unwrap();
    let url = format!("{}api/v1/certify/curl-client", after.split_whitespace().next().unwrap());
    let asked = run("curl", &["-sS", "--data", "x", &url], "").await;
    assert!(asked.out.contains("admin.not_from_here"), "{asked:?}");
}

#[tokio::test]
async fn a_plugged_in_ca_is_not_borrowed_from() {
    let folder = Folder::new();
    let (cert, key) = folder.plugged_ca().await;
    let up = Up::start(&["--ca-cert", &cert, "--ca-key", &key]).await;
    let dir = folder.path("papers");
    let refused = up.ask(&["certs", "export"], &["curl-client", "--dir", &dir]).await;
    assert!(refused.code == 3 && refused.err.contains("plugged in from"), "{refused:?}");
    assert!(refused.err.contains("--force"), "{refused:?}");
    let forced = up.ask(&["certs", "export"], &["curl-client", "--dir", &dir, "--force"]).await;
    assert_eq!(forced.code, 0, "{forced:?}");
}
