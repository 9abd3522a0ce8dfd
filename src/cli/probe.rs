//! `probe`: what is behind an address, with the evidence.

mod client;
mod place;
mod text;

use std::time::Duration;

use crate::admin::{Document, ProbeView, json, yaml};
use crate::cli::args::{ProbeArguments, Story};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::probe::{Confidence, Finding, Kind, LIMIT, Options, run as probe};

pub use text::text;

/// How long a server may take to greet. A sniffing port waits for a second before it counts silence as plaintext, so that this
/// is well below, and a greeting of this network or the next takes less.
const LISTEN: Duration = Duration::from_millis(300);

/// Connects, infers, and tells.
///
/// # Errors
///
/// [`CliError`] before any connection is made: the target or the certificate cannot be found, or used.
pub(crate) async fn run(arguments: &ProbeArguments, output: &mut Output) -> Result<Exit, CliError> {
    let place = place::find(&arguments.target, arguments.context.as_deref()).await?;
    let options = Options {
        name: arguments.sni.clone().unwrap_or_else(|| place.host.clone()),
        client: client::credential(arguments).await?,
        authority: arguments.authority.clone(),
        timeout: arguments.timeout,
        pause: arguments.pause,
        listen: LISTEN.min(arguments.timeout),
    };
    if arguments.output == Story::Text {
        let workload = place.workload.as_ref().map(|name| format!(", which is {name}")).unwrap_or_default();
        output.talk(&format!(
            "probing {}{workload}: one connection at a time, {LIMIT} at most\n",
            place.address
        ));
    }
    let probed = probe(place.address, &options).await;
    let view =
        ProbeView::of(&probed, (&place.host, place.port), place.address.to_string(), place.workload.clone());
    output.answer(&match arguments.output {
        Story::Text => text(&view),
        Story::Json => json(&Document::one(view)),
        Story::Yaml => yaml(&Document::one(view)),
    })?;
    Ok(exit(&probed.finding))
}

/// 0 for an answer, 5 without anything to ask, 6 for several answers.
fn exit(finding: &Finding) -> Exit {
    match (finding.kind, finding.confidence) {
        (Kind::Closed | Kind::Unreachable, _) => Exit::Environment,
        (_, Confidence::CannotTell) => Exit::Inconclusive,
        (_, Confidence::Certain | Confidence::Likely) => Exit::Done,
    }
}
