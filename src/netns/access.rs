//! [`prepare`]: becoming somebody who may make networks.

use std::fs;
use std::io;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid};

use crate::net::Namespace;
use crate::netns::error::{Cause, NetnsError};

/// CAP_NET_ADMIN and CAP_SYS_ADMIN, as bits of a capability set (linux/capability.h: 12 and 21).
const NEEDED: u64 = 1 << 12 | 1 << 21;
/// Files that Docker and Podman put into their containers.
const CONTAINER_MARKS: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

/// By what right this process makes networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is root, with the capabilities that it takes.
    Root,
    /// It is root in a user namespace of its own (user_namespaces(7)), and for everybody else the user who started it.
    UserNamespace,
}

/// Makes sure that this process may make networks; call it first of all, while the process has one thread.
///
/// Root just goes on. For anybody else the process moves into a user namespace, in which the user is called root (uid 0,
/// because the programs that set up a network keep their capabilities only as such); the process stays in the host's
/// network, and files that it makes still belong to the user. A network made on trial shows whether it worked.
///
/// # Errors
///
/// [`NetnsError::Refused`], which names what stands in the way. The process is of no use for networks then.
pub fn prepare() -> Result<Access, NetnsError> {
    let access = if is_root() { Access::Root } else { Access::UserNamespace };
    let refused = |step| move |source| refused(access, step, source);
    if access == Access::UserNamespace {
        let (user, group) = (Uid::effective(), Gid::effective());
        unshare(CloneFlags::CLONE_NEWUSER)
            .map_err(|errno| refused("make a user namespace")(io::Error::from(errno)))?;
        name_root(user, group).map_err(refused("become root in a user namespace"))?;
    }
    Namespace::create().map_err(refused("make a network namespace"))?;
    Ok(access)
}

/// Who may write which map: user_namespaces(7), "Defining user and group ID mappings".
fn name_root(user: Uid, group: Gid) -> io::Result<()> {
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))
}

/// Whether the process is root and has not been deprived of what root usually may.
fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    Uid::effective().is_root() && effective(&status) & NEEDED == NEEDED
}

/// The effective capabilities in the text of /proc/PID/status (proc_pid_status(5)).
fn effective(status: &str) -> u64 {
    let set = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or(0)
}

fn refused(access: Access, step: &'static str, source: io::Error) -> NetnsError {
    let cause = cause(access, &source, |path| fs::read_to_string(path).ok());
    NetnsError::Refused { step, cause, source }
}

/// What stands in the way, by what `read` finds in the files that tell.
fn cause(access: Access, error: &io::Error, read: impl Fn(&str) -> Option<String>) -> Cause {
    let says = |path, value| read(path).is_some_and(|text| text.trim() == value);
    let unprivileged = access == Access::UserNamespace;
    if unprivileged && says("/proc/sys/user/max_user_namespaces", "0") {
        Cause::NoUserNamespaces
    } else if unprivileged && says("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        Cause::UnprivilegedClone
    } else if unprivileged && says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        Cause::AppArmor
    } else if error.raw_os_error() == Some(Errno::ENOSPC as i32) {
        Cause::Exhausted
    } else if error.raw_os_error() == Some(Errno::EINVAL as i32) {
        Cause::Kernel
    } else if CONTAINER_MARKS.into_iter().any(|path| read(path).is_some()) {
        Cause::Container
    } else {
        Cause::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(access: Access, errno: Errno, files: &[(&str, &str)], expect: Cause) {
        let read =
            |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned());
        assert_eq!(cause(access, &io::Error::from(errno), read), expect);
    }

    #[test]
    fn the_cause_is_what_the_system_says() {
        use Access::{Root, UserNamespace};
        let maximum = ("/proc/sys/user/max_user_namespaces", "0\n");
        let clone = ("/proc/sys/kernel/unprivileged_userns_clone", "0\n");
        let apparmor = ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n");
        let docker = ("/.dockerenv", "");
        check(UserNamespace, Errno::ENOSPC, &[maximum, docker], Cause::NoUserNamespaces);
        check(UserNamespace, Errno::EPERM, &[clone], Cause::UnprivilegedClone);
        check(UserNamespace, Errno::EACCES, &[apparmor], Cause::AppArmor);
        check(Root, Errno::EPERM, &[maximum, clone, apparmor, docker], Cause::Container);
        check(UserNamespace, Errno::EPERM, &[(maximum.0, "96365\n"), docker], Cause::Container);
        check(Root, Errno::ENOSPC, &[docker], Cause::Exhausted);
        check(UserNamespace, Errno::EINVAL, &[], Cause::Kernel);
        check(UserNamespace, Errno::EPERM, &[], Cause::Unknown);
    }

    #[test]
    fn capabilities_are_read_from_the_status() {
        let check = |status: &str, expect: u64| assert_eq!(effective(status), expect, "{status:?}");
        check("Name:\tx\nCapPrm:\t0000000000000001\nCapEff:\t000001fffeffffff\n", 0x1ff_feff_ffff);
        check("CapEff:\tnonsense\n", 0);
        check("", 0);
    }
}
