//! [`enter_pod`]: becoming a process in a pod of a mesh that another process runs.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{Gid, Uid, setgid, setuid};

use crate::netns::error::NetnsError;

/// The file that says whom programs ask for names (resolv.conf(5)).
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Where a tmpfs is for as long as it takes to write a file to it: any folder that is there will do.
const WORKPLACE: &str = "/tmp";
const WRITTEN: &str = "/tmp/resolv.conf";
/// Sockets by which the C library asks somebody before it reads [`RESOLV_CONF`]: nscd(8) and nss-resolve(8).
const SHORT_CUTS: [&str; 2] = ["/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve"];

/// Moves this process into a pod, and the programs that it starts then: into the user namespace that the mesh runs in, if
/// it has one, into the pod's network, and into a view of the file system in which /etc/resolv.conf says `resolv_conf`.
///
/// The process must have one thread. Paths are those of [`Namespace::path`](crate::net::Namespace::path), or
/// /proc/PID/ns/user. Nothing is written to disk, and nobody else sees another file than before. There is no way back.
///
/// # Errors
///
/// [`NetnsError::Enter`] for a namespace, [`NetnsError::ResolvConf`] for the rest. The process may be half in the pod then.
pub fn enter_pod(user_namespace: Option<&Path>, network: &Path, resolv_conf: &str) -> Result<(), NetnsError> {
    let user = user_namespace.map(|path| Ok((path, open(path)?))).transpose()?;
    // It is opened with the user's own rights, before anything changes.
    let network = (network, open(network)?);
    if let Some((path, file)) = user {
        let own = is_own(&file).map_err(at(path))?;
        if !own {
            become_root_of(file).map_err(at(path))?;
        }
    }
    setns(network.1, CloneFlags::CLONE_NEWNET).map_err(io::Error::from).map_err(at(network.0))?;
    cover_resolv_conf(resolv_conf)
}

fn open(path: &Path) -> Result<File, NetnsError> {
    File::open(path).map_err(at(path))
}

fn at(path: &Path) -> impl Fn(io::Error) -> NetnsError {
    move |source| NetnsError::Enter { path: path.to_owned(), source }
}

/// Enters a user namespace as its root: real root, who may enter anybody's, is nobody there that could own a file.
fn become_root_of(user: File) -> io::Result<()> {
    setns(user, CloneFlags::CLONE_NEWUSER)?;
    setgid(Gid::from_raw(0))?;
    Ok(setuid(Uid::from_raw(0))?)
}

/// Whether this is the user namespace that the process is in, which it may not enter again (setns(2)).
fn is_own(user: &File) -> io::Result<bool> {
    let (own, user) = (fs::metadata("/proc/self/ns/user")?, user.metadata()?);
    Ok((own.dev(), own.ino()) == (user.dev(), user.ino()))
}

/// A file of a tmpfs that is nowhere to be found once it lies over the real one.
fn cover_resolv_conf(text: &str) -> Result<(), NetnsError> {
    let failed =
        |step, path| move |source| NetnsError::ResolvConf { step, path: Path::new(path).to_owned(), source };
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    let tmpfs = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    unshare(CloneFlags::CLONE_NEWNS).map_err(io::Error::from).map_err(failed("own the mounts below", "/"))?;
    attach(None, "/", None, private).map_err(failed("keep to itself the mounts below", "/"))?;
    let covered = fs::canonicalize(RESOLV_CONF).map_err(failed("find", RESOLV_CONF))?;
    attach(Some("tmpfs"), WORKPLACE, Some("tmpfs"), tmpfs).map_err(failed("mount a tmpfs on", WORKPLACE))?;
    fs::write(WRITTEN, text)
        // Programs of the pod may be other users, whatever umask this one has.
        .and_then(|()| fs::set_permissions(WRITTEN, Permissions::from_mode(0o644)))
        .map_err(failed("write", WRITTEN))?;
    attach(Some(WRITTEN), &covered, None, MsFlags::MS_BIND).map_err(failed("cover", RESOLV_CONF))?;
    for short_cut in SHORT_CUTS.into_iter().filter(|path| Path::new(path).exists()) {
        // Nobody listens on a file: the library goes on to resolv.conf.
        attach(Some(WRITTEN), short_cut, None, MsFlags::MS_BIND).map_err(failed("cover", short_cut))?;
    }
    umount2(WORKPLACE, MntFlags::MNT_DETACH)
        .map_err(io::Error::from)
        .map_err(failed("unmount the tmpfs from", WORKPLACE))
}

/// mount(2) without data.
fn attach(from: Option<&str>, to: impl AsRef<Path>, kind: Option<&str>, flags: MsFlags) -> io::Result<()> {
    Ok(mount(from, to.as_ref(), kind, flags, None::<&str>)?)
}
