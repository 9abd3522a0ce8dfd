//! The temporary folder of a run, and what is where in it.

use std::path::{Path, PathBuf};

use crate::load::BenchError;

/// A folder for one run, which is gone when this is.
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// A new one, for its owner alone.
    pub(crate) fn new() -> Result<Self, BenchError> {
        use std::os::unix::fs::DirBuilderExt as _;
        let name = format!("glasstunnel-bench-{}-{:08x}", std::process::id(), rand::random::<u32>());
        let path = std::env::temp_dir().join(name);
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|source| BenchError::File { path: path.clone(), source })?;
        Ok(Self { path })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left of it is the system's to clear.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// The mesh of a run in `folder`.
pub(crate) fn mesh(folder: &Path) -> PathBuf {
    folder.join("mesh.yaml")
}

/// Its CA.
pub(crate) fn ca(folder: &Path) -> PathBuf {
    folder.join("ca")
}

/// The certificate of its server.
pub(crate) fn roots(folder: &Path) -> PathBuf {
    folder.join("server.pem")
}
