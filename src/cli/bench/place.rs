//! The temporary folder of a run, and what is where in it.

use std::fs::{DirBuilder, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::load::BenchError;

/// What the names of all such folders begin with.
const PREFIX: &str = "glasstunnel-bench-";
/// A folder that is younger than this may be one that its owner has not locked yet.
const YOUNG: Duration = Duration::from_secs(60);

/// A folder for one run, which is gone when this is. It is locked meanwhile: whoever was killed leaves one that is not.
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// A new one, for its owner alone. Those that others left behind, with the keys in them, go.
    pub(crate) fn new() -> Result<Self, BenchError> {
        let all = std::env::temp_dir();
        sweep(&all);
        Self::within(&all)
    }

    fn within(all: &Path) -> Result<Self, BenchError> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = all.join(format!("{PREFIX}{}-{:08x}", std::process::id(), rand::random::<u32>()));
        let failed = |source| BenchError::File { path: path.clone(), source };
        DirBuilder::new().mode(0o700).create(&path).map_err(failed)?;
        let lock = File::open(&path).and_then(|folder| folder.lock().map(|()| folder)).map_err(failed)?;
        Ok(Self { path, _lock: lock })
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

/// Removes the folders of runs that are over. What cannot be removed is somebody else's.
fn sweep(all: &Path) {
    for entry in std::fs::read_dir(all).into_iter().flatten().flatten() {
        let is_one = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|when| when.elapsed().ok());
        if is_one
            && age.is_some_and(|age| age > YOUNG)
            && File::open(entry.path()).is_ok_and(|folder| folder.try_lock().is_ok())
        {
            let _ = std::fs::remove_dir_all(entry.path());
        }
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

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn what_was_left_behind_goes_and_what_is_in_use_stays() {
        let all = new_folder();
        let (used, left) = (Folder::within(&all).unwrap(), Folder::within(&all).unwrap());
        let (used, left) = (used, std::mem::ManuallyDrop::new(left));
        let kept = all.join("kept");
        DirBuilder::new().create(&kept).unwrap();
        sweep(&all);
        assert!(left.path().exists(), "it is too young");
        left._lock.unlock().unwrap();
        for path in [used.path(), left.path(), &kept] {
            File::open(path).unwrap().set_modified(SystemTime::now() - 2 * YOUNG).unwrap();
        }
        sweep(&all);
        assert_eq!([used.path(), left.path(), &kept].map(Path::exists), [true, false, true]);
        std::fs::remove_dir_all(&all).unwrap();
    }

    fn new_folder() -> PathBuf {
        let path = std::env::temp_dir().join(format!("glasstunnel-sweep-{:016x}", rand::random::<u64>()));
        DirBuilder::new().create(&path).unwrap();
        path
    }
}
