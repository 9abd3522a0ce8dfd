//! [`run`]: the attempts, one after the other.

use std::net::SocketAddr;

use tokio::time::sleep;

use crate::probe::attempt::{Attempt, Trial};
use crate::probe::finding::Finding;
use crate::probe::infer::infer;
use crate::probe::options::Options;
use crate::probe::plan::{next, wanting};
use crate::probe::raw::raw;
use crate::probe::secured::secured;
use crate::probe::tunnel::hbone;

/// What was tried, and what it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// The attempts, in their order; each is one connection.
    pub attempts: Vec<Attempt>,
    /// What would have been tried next, had there been a certificate.
    pub untried: Option<Trial>,
    /// What they say together.
    pub finding: Finding,
}

/// Makes those connections to `to` that can tell something, one at a time.
pub async fn run(to: SocketAddr, options: &Options) -> Probed {
    let mut attempts = Vec::new();
    let has_certificate = options.client.is_some();
    while let Some(trial) = next(&attempts, has_certificate) {
        if !attempts.is_empty() {
            sleep(options.pause).await;
        }
        attempts.push(match trial {
            Trial::Raw => raw(to, options).await,
            Trial::Hbone => Box::pin(hbone(to, options)).await,
            trial => secured(trial, to, options).await,
        });
    }
    let untried = if has_certificate { None } else { wanting(&attempts) };
    Probed { untried, finding: infer(&attempts), attempts }
}
