//! [`NetnsError`]: why there are no networks of pods.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::reason::{Reason, Side};

/// Why there are no networks of pods, or why a program does not get into one.
#[derive(Debug, thiserror::Error)]
pub enum NetnsError {
    /// The system does not let this user have namespaces.
    #[error("cannot {step}: expected a user who may, found that {cause}: {source}")]
    Refused {
        /// What was tried, as a verb and its object.
        step: &'static str,
        /// What stands in the way.
        cause: Cause,
        /// What the operating system answered.
        source: io::Error,
    },
    /// A program that sets up networks is not installed.
    #[error("no `{tool}`: expected it in PATH, /usr/sbin or /sbin, found it in none of them")]
    ToolMissing {
        /// Its name.
        tool: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// Such a program is there and could not be run to its end.
    #[error("cannot run `{command}` in the network of {network}: {source}")]
    Unrunnable {
        /// The program and its arguments.
        command: String,
        /// Whose network.
        network: String,
        /// What the operating system answered.
        source: io::Error,
    },
    /// Such a program did not do what it was told.
    #[error("`{command}` failed in the network of {network}: expected exit status: 0, found {found}: {says}{}", at.as_ref().map(|line| format!(" (at `{line}`)")).unwrap_or_default())]
    Command {
        /// The program and its arguments.
        command: String,
        /// Whose network.
        network: String,
        /// How it ended.
        found: String,
        /// The first line of its standard error, escaped.
        says: String,
        /// The line of its input that it gave up at, where it says.
        at: Option<String>,
    },
    /// A namespace cannot be made or entered.
    #[error("cannot {action} the network of {network}: {source}")]
    Namespace {
        /// `make` or `enter`.
        action: &'static str,
        /// Whose network.
        network: String,
        /// What the operating system answered.
        source: io::Error,
    },
    /// More pods than a bridge has ports.
    #[error("too many pods: expected at most {limit}, the ports of one bridge, found {found}")]
    TooManyPods {
        /// The most there can be.
        limit: usize,
        /// How many there would be.
        found: usize,
    },
    /// A pod has an IPv6 address and the kernel has no IPv6.
    #[error(
        "no IPv6 for {pod}: expected a kernel that has it, for {address}, found none in /proc/sys/net/ipv6"
    )]
    NoIpv6 {
        /// The pod.
        pod: String,
        /// Its first IPv6 address.
        address: IpAddr,
    },
    /// A setting of a pod's network cannot be changed.
    #[error("cannot set {path} to {value} in the network of {network}: {source}")]
    Setting {
        /// The file under /proc/sys.
        path: String,
        /// What it should say.
        value: &'static str,
        /// Whose network.
        network: String,
        /// What the operating system answered.
        source: io::Error,
    },
    /// A running mesh's pod cannot be entered.
    #[error("cannot enter the pod's namespace {}: {source}", path.display())]
    Enter {
        /// The namespace's path.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
    /// A program in a pod would ask the host's name servers.
    #[error("cannot give the pod its own /etc/resolv.conf: {step} {}: {source}", path.display())]
    ResolvConf {
        /// What was tried.
        step: &'static str,
        /// With what.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
}

/// What keeps a user from having namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// `user.max_user_namespaces` is 0 (namespaces(7)).
    NoUserNamespaces,
    /// Debian's `kernel.unprivileged_userns_clone` is 0.
    UnprivilegedClone,
    /// Ubuntu's `kernel.apparmor_restrict_unprivileged_userns` is 1.
    AppArmor,
    /// This is a container, and its runtime is who usually forbids it (Docker's default seccomp profile does).
    Container,
    /// The system has as many namespaces as it allows (ENOSPC).
    Exhausted,
    /// The kernel was built without (EINVAL).
    Kernel,
    /// Something that leaves no trace in /proc, such as SELinux or a seccomp filter.
    Unknown,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoUserNamespaces => "user.max_user_namespaces is 0",
            Self::UnprivilegedClone => "kernel.unprivileged_userns_clone is 0",
            Self::AppArmor => "kernel.apparmor_restrict_unprivileged_userns is 1",
            Self::Container => "this is a container, whose runtime seems to forbid it",
            Self::Exhausted => "there are as many namespaces as the system allows",
            Self::Kernel => "this kernel does not know such namespaces",
            Self::Unknown => "the system forbids it, by nothing that shows in /proc",
        })
    }
}

impl Cause {
    /// What to do about it, as a sentence.
    fn remedy(self) -> &'static str {
        match self {
            Self::NoUserNamespaces => {
                "Run it with sudo, or allow user namespaces: sudo sysctl -w user.max_user_namespaces=15000"
            }
            Self::UnprivilegedClone => {
                "Run it with sudo, or allow user namespaces: sudo sysctl -w kernel.unprivileged_userns_clone=1"
            }
            Self::AppArmor => {
                "Run it with sudo, or allow user namespaces: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
            }
            Self::Container => {
                "Start the container with --cap-add SYS_ADMIN --cap-add NET_ADMIN (and, under Docker, --security-opt apparmor=unconfined), or run without --netns."
            }
            Self::Exhausted => "Allow more: sudo sysctl -w user.max_net_namespaces=10000",
            Self::Kernel | Self::Unknown => "Run it with sudo, or without --netns.",
        }
    }
}

impl Reason for NetnsError {
    fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "netns.refused",
            Self::ToolMissing { .. } => "netns.tool_missing",
            Self::Unrunnable { .. } => "netns.unrunnable",
            Self::Command { .. } => "netns.command",
            Self::Namespace { .. } => "netns.namespace",
            Self::TooManyPods { .. } => "netns.too_many_pods",
            Self::NoIpv6 { .. } => "netns.no_ipv6",
            Self::Setting { .. } => "netns.setting",
            Self::Enter { .. } => "netns.enter",
            Self::ResolvConf { .. } => "netns.resolv_conf",
        }
    }

    fn side(&self) -> Side {
        Side::Us
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Refused { cause, .. } => cause.remedy().to_owned(),
            Self::ToolMissing { package, .. } => format!("Install it: sudo apt-get install {package}"),
            Self::Unrunnable { command, .. } => format!("Try `{command}` by hand."),
            Self::Command { command, .. } if command.contains("tables") => {
                "Look whether the kernel has netfilter's nat, mangle, mark, connmark and REDIRECT: `sudo modprobe -a nft_compat nf_nat xt_REDIRECT xt_mark xt_connmark` loads them.".to_owned()
            }
            Self::Command { .. } => {
                "Look whether the kernel has veth and bridge: `sudo modprobe -a veth bridge` loads them.".to_owned()
            }
            Self::Namespace { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                Cause::Exhausted.remedy().to_owned()
            }
            Self::Namespace { .. } => "Run it with sudo, or without --netns.".to_owned(),
            Self::TooManyPods { limit, .. } => {
                format!("Start fewer than {} workloads, or run without --netns.", limit + 1)
            }
            Self::NoIpv6 { pod, .. } => {
                format!("Take the IPv6 address from {pod}, or boot without ipv6.disable=1.")
            }
            Self::Setting { .. } => "Mount /proc/sys writable, or run without --netns.".to_owned(),
            Self::Enter { .. } => {
                "Run it as the user who started the mesh, while the mesh is running.".to_owned()
            }
            Self::ResolvConf { .. } => "Make sure that /etc/resolv.conf is a file or a link to one.".to_owned(),
        })
    }
}
