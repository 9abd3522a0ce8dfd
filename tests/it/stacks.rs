//! Who refuses what: each claim of `certs lint` is held against the stack itself, in both roles, with its own words.
//!
//! OpenSSL and Go are asked here; rustls by its own verifier, with ztunnel's look at the names as its source has it
//! (reference/failures.md B). Envoy is asked by handshakes, in `stacks/envoy.rs`. What go-spiffe and glasstunnel do is from the
//! first's source, and in `src/tls/accepts/tests.rs`.

#[path = "stacks/cases.rs"]
mod cases;
#[path = "stacks/envoy.rs"]
mod envoy;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use glasstunnel::analyze::{Intent, Refusal, When, lint_files};
use glasstunnel::identity::read_material;

use crate::peers::{KEPT, peer};
use cases::Case;

/// What a stack says of a case in a role; `None` if it accepts.
type Verdicts = BTreeMap<(String, &'static str), Option<String>>;

/// What lint says of who refuses a case, whoever shows it and when.
fn claims(case: &Case) -> Vec<Refusal> {
    let intent = Intent { trust_domain: Some("cluster.local".to_owned()), ..Intent::default() };
    let files = read_material(&case.folder).unwrap();
    let findings = lint_files("it", &files, &intent, SystemTime::now()).unwrap();
    findings.iter().flat_map(|(_, finding)| finding.rule.refused_by).copied().collect()
}

/// Whether lint says that Envoy does not even load it.
fn is_refused_at_start(case: &Case) -> bool {
    claims(case).iter().any(|claim| claim.stack == "Envoy (BoringSSL)" && claim.when == When::AtStart)
}

/// Every case is refused if, and only if, lint says so; and one of its claims is in the stack's own words.
fn hold(stack: &str, cases: &[&Case], verdicts: &Verdicts) {
    let mut wrong = Vec::new();
    for case in cases {
        let claims = claims(case);
        for (role, when) in [("client", When::FromClient), ("server", When::FromServer)] {
            let of_role = |claim: &&Refusal| claim.when == When::Always || claim.when == when;
            let claimed: Vec<_> = claims
                .iter()
                .filter(|claim| claim.stack == stack)
                .filter(of_role)
                .map(|claim| claim.how)
                .collect();
            let said = verdicts[&(case.name.clone(), role)].as_deref();
            let is_true = match said {
                None => claimed.is_empty(),
                Some(said) => claimed.iter().any(|how| said.contains(&first_words(how))),
            };
            if !is_true {
                wrong.push(format!(
                    "{} from a {role}: lint claims {claimed:?}, {stack} says {said:?}",
                    case.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A claim up to what it adds in our own words.
fn first_words(how: &str) -> String {
    how.split([',', ';', '(']).next().unwrap_or_default().trim().to_owned()
}

/// A folder that is gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stacks-{:016x}", rand::random::<u64>()));
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind lies in the folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// One test, so that the large keys are made once.
#[test]
fn what_lint_says_of_stacks_is_what_they_do() {
    let folder = Folder::new();
    let cases = cases::all(&folder.0);
    assert!(cases.len() > 28, "profiles, and those made by hand");
    let all: Vec<&Case> = cases.iter().collect();
    hold("OpenSSL", &all, &openssl(&all));
    if let Some(go) = peer("/usr/bin", "go", "what_lint_says_of_stacks_is_what_they_do") {
        hold("Go", &all, &by_go(&go, &folder.0));
    }
    if let Some(program) = peer(KEPT, "envoy", "what_lint_says_of_stacks_is_what_they_do") {
        let (starts, judged): (Vec<_>, Vec<_>) = cases.into_iter().partition(is_refused_at_start);
        for case in &starts {
            let good = judged.iter().find(|case| case.name == "good").unwrap();
            assert!(!envoy::is_valid(&program, &folder.0, &[good, case]), "Envoy takes {}", case.name);
        }
        let judged: Vec<&Case> = judged.iter().collect();
        assert!(starts.len() == 3 && envoy::is_valid(&program, &folder.0, &judged[..2]), "{}", starts.len());
        hold("Envoy (BoringSSL)", &judged, &envoy::verdicts(&program, &folder.0, &judged));
    }
}

/// `openssl verify`, which is what its handshake does with a peer's chain.
fn openssl(cases: &[&Case]) -> Verdicts {
    let mut verdicts = Verdicts::new();
    for case in cases {
        let file = |name: &str| case.folder.join(name).display().to_string();
        for (role, purpose) in [("client", "sslclient"), ("server", "sslserver")] {
            let ran = Command::new("openssl")
                .args(["verify", "-purpose", purpose, "-CAfile", &file("root-cert.pem")])
                .args(["-untrusted", &file("cert-chain.pem"), &file("cert-chain.pem")])
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&ran.stderr).into_owned();
            verdicts.insert((case.name.clone(), role), (!ran.status.success()).then_some(said));
        }
    }
    verdicts
}

fn by_go(go: &Path, folder: &Path) -> Verdicts {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/stacks/verify.go");
    let cache = concat!(env!("CARGO_TARGET_TMPDIR"), "/go");
    let ran = Command::new(go).args(["run", source]).arg(folder).env("GOCACHE", cache).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let line = |line: &str| {
        let [name, role, says] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let role = if role == "client" { "client" } else { "server" };
        ((name.to_owned(), role), (says != "OK").then(|| says.to_owned()))
    };
    String::from_utf8(ran.stdout).unwrap().lines().map(line).collect()
}
