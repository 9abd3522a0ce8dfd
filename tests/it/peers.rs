//! Peers that share no code with ours, speaking HBONE to us and with us. `tests/run` installs them into `target/peers`.
//!
//! A test whose peer is missing says so by name, and fails where CI is set.

#[path = "peers/stand.rs"]
mod stand;
#[path = "peers/python.rs"]
mod python;
#[path = "peers/nghttp.rs"]
mod nghttp;
#[path = "peers/envoy.rs"]
mod envoy;
#[path = "peers/ends.rs"]
mod ends;
#[path = "peers/envoy_terminates.rs"]
mod envoy_terminates;
#[path = "peers/envoy_originates.rs"]
mod envoy_originates;

use std::fs::{self, DirBuilder};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use glasstunnel::identity::{Svid, encode_certificates, encode_key, write_new};

use crate::netns::is_set;

/// Where `tests/run` puts what no distribution has.
pub(crate) const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers/bin");

/// Where a distribution puts what it has.
const SYSTEMS: &str = "/usr/bin";

/// Where `program` is; `None` if it is not in `folder`, and `test` then has nothing to do.
#[expect(clippy::explicit_write, reason = "the harness swallows what eprintln! writes")]
pub(crate) fn peer(folder: &str, program: &str, test: &str) -> Option<PathBuf> {
    let path = Path::new(folder).join(program);
    if path.exists() {
        return Some(path);
    }
    assert!(!is_set("CI"), "{test} cannot run: {} is missing: run tests/run", path.display());
    writeln!(io::stderr(), "{test} did not run: {} is missing: run tests/run", path.display()).unwrap();
    None
}

/// A folder for keys, which only we may enter, gone with this. A test that is killed leaves it to `cargo clean`.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("peer-{:016x}", rand::random::<u64>());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        DirBuilder::new().mode(0o700).create(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left behind, it lies in the folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A certificate with its key and its root as files, for as long as this lives.
pub(crate) struct Papers(Folder);

impl Papers {
    pub(crate) fn of(svid: &Svid) -> Self {
        let papers = Self(Folder::new());
        papers.add("", svid);
        let roots = encode_certificates(&svid.bundle.roots);
        write_new(&papers.file("root.pem"), roots.as_bytes(), 0o644).unwrap();
        papers
    }

    /// One more certificate and key, whose files begin with `prefix`.
    fn add(&self, prefix: &str, svid: &Svid) {
        let chain = encode_certificates(&svid.chain);
        write_new(&self.file(&format!("{prefix}cert.pem")), chain.as_bytes(), 0o644).unwrap();
        write_new(&self.file(&format!("{prefix}key.pem")), encode_key(&svid.key).as_bytes(), 0o600).unwrap();
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.file(name)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.0.to_str().unwrap()
    }
}
