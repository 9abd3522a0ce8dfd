//! Contexts: running meshes by name, found without a file, a port or a process list.
//!
//! A mesh listens on the abstract socket `glasstunnel/UID/NAME`; the kernel's list of sockets is the list of contexts.

use std::fmt;
use std::io;

use tokio::net::{UnixListener, UnixStream};

use crate::admin::abstract_socket;
use crate::admin::error::ContextError;
use crate::mesh::nearest;

/// The name of a mesh that was given none.
pub const DEFAULT_CONTEXT: &str = "default";

/// The longest name, as for any DNS label; a socket's name may have 107 bytes.
const LONGEST: usize = 63;

/// The name of a mesh on this machine; well-formed, running or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    name: String,
}

impl Context {
    /// A context called `name`.
    ///
    /// # Errors
    ///
    /// [`ContextError::BadName`] for anything but 1 to 63 lower-case letters, digits and `-`.
    pub fn new(name: &str) -> Result<Self, ContextError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        match (1..=LONGEST).contains(&name.len()) && name.bytes().all(fits) {
            true => Ok(Self { name: name.to_owned() }),
            false => Err(ContextError::BadName { found: name.escape_debug().to_string() }),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes the name: from now on commands find this process.
    ///
    /// # Errors
    ///
    /// [`ContextError::Taken`] if another process has it, [`ContextError::Socket`] for anything else.
    pub fn listen(&self) -> Result<UnixListener, ContextError> {
        let listener = self.socket_name().and_then(|name| abstract_socket::listen(&name));
        listener.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => ContextError::Taken { name: self.name.clone() },
            _ => self.socket_error(source),
        })
    }

    /// Connects to the mesh and makes sure that it is this user's.
    ///
    /// # Errors
    ///
    /// [`ContextError::NotRunning`], [`ContextError::Foreign`], or [`ContextError::Socket`] for anything else.
    pub(crate) fn connect(&self) -> Result<UnixStream, ContextError> {
        let expected = abstract_socket::own_uid().map_err(|source| self.socket_error(source))?;
        let name = socket_name(expected, &self.name);
        let stream = abstract_socket::connect(&name).map_err(|source| match source.kind() {
            io::ErrorKind::ConnectionRefused => not_running(&self.name, running().unwrap_or_default()),
            _ => self.socket_error(source),
        })?;
        let found = stream.peer_cred().map_err(|source| self.socket_error(source))?.uid();
        match found == expected {
            true => Ok(stream),
            false => Err(ContextError::Foreign { name: self.name.clone(), expected, found }),
        }
    }

    fn socket_name(&self) -> io::Result<String> {
        Ok(socket_name(abstract_socket::outer_uid()?, &self.name))
    }

    fn socket_error(&self, source: io::Error) -> ContextError {
        ContextError::Socket { name: self.name.clone(), source }
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

/// The names of this user's running meshes, in order.
///
/// # Errors
///
/// [`ContextError::Unlisted`] when the system does not say.
pub fn running() -> Result<Vec<String>, ContextError> {
    let unlisted = |source| ContextError::Unlisted { source };
    let prefix = socket_name(abstract_socket::outer_uid().map_err(unlisted)?, "");
    let names = abstract_socket::names().map_err(unlisted)?;
    let mut names: Vec<String> = names
        .iter()
        .filter_map(|name| name.strip_prefix(&prefix))
        .filter(|name| Context::new(name).is_ok())
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// The running mesh that a command means: the one of that name, or the only one.
///
/// # Errors
///
/// [`ContextError::NoneRunning`], [`ContextError::NotRunning`] with the nearest name, [`ContextError::Several`].
pub fn choose(wanted: Option<&str>) -> Result<Context, ContextError> {
    pick(wanted, running()?)
}

fn pick(wanted: Option<&str>, mut running: Vec<String>) -> Result<Context, ContextError> {
    match (wanted, running.len()) {
        (Some(wanted), _) => {
            let context = Context::new(wanted)?;
            if running.iter().any(|name| name == wanted) {
                Ok(context)
            } else {
                Err(not_running(wanted, running))
            }
        }
        (None, 0) => Err(ContextError::NoneRunning),
        (None, 1) => Context::new(&running.swap_remove(0)),
        (None, _) => Err(ContextError::Several { running }),
    }
}

fn not_running(wanted: &str, running: Vec<String>) -> ContextError {
    let nearest = nearest(wanted, running.iter().map(String::as_str)).map(str::to_owned);
    ContextError::NotRunning { wanted: wanted.to_owned(), nearest, running }
}

fn socket_name(uid: u32, name: &str) -> String {
    format!("glasstunnel/{uid}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels() {
        let check = |name: &str, expect: bool| assert_eq!(Context::new(name).is_ok(), expect, "{name:?}");
        check("default", true);
        check("a-2", true);
        check(&"x".repeat(63), true);
        check(&"x".repeat(64), false);
        check("", false);
        check("a/b", false);
        check("Default", false);
        check("a b", false);
    }

    #[test]
    fn the_only_one_needs_no_name() {
        fn check(wanted: Option<&str>, running: &[&str], expect: &str) {
            let running = running.iter().map(|name| (*name).to_owned()).collect();
            let found =
                pick(wanted, running).map_or_else(|error| error.to_string(), |context| context.to_string());
            assert_eq!(found, expect);
        }
        check(None, &["one"], "one");
        check(Some("two"), &["one", "two"], "two");
        check(None, &[], "no mesh is running");
        check(None, &["one", "two"], "several meshes are running: one, two");
        check(Some("stagng"), &["staging"], "no mesh called `stagng` is running; did you mean `staging`?");
        check(Some("x"), &[], "no mesh called `x` is running");
    }

    #[tokio::test]
    async fn a_name_belongs_to_one_process_at_a_time() {
        let context = Context::new(&format!("test-{}", std::process::id())).unwrap();
        assert!(matches!(context.connect(), Err(ContextError::NotRunning { .. })));
        let listener = context.listen().unwrap();
        assert!(matches!(context.listen(), Err(ContextError::Taken { .. })));
        assert!(running().unwrap().contains(&context.name().to_owned()));
        assert!(context.connect().is_ok());
        drop(listener);
        assert!(matches!(context.connect(), Err(ContextError::NotRunning { .. })));
    }
}
