//! [`Options`]: what to show, and how patient to be.

use std::time::Duration;

use crate::hbone::Authority;
use crate::identity::Credential;

/// How to probe.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name to ask for, in TLS and in HTTP; an address is not sent as a server name.
    pub name: String,
    /// What to show servers that ask for a certificate.
    pub client: Option<Credential>,
    /// What to ask a tunnel door for; `None` is the door itself, which none delivers to.
    pub authority: Option<Authority>,
    /// How long each step of each connection may take.
    pub timeout: Duration,
    /// How long to wait between two connections.
    pub pause: Duration,
    /// How long to wait for a greeting before sending anything in plaintext.
    pub listen: Duration,
}
