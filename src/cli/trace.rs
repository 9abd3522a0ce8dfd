//! `trace`: one connection, made for the purpose or recalled, as a sequence between four lanes.

mod words;
mod text;
mod mermaid;
mod svg;
mod bytes;

pub use bytes::render as trace_bytes;
pub use mermaid::render as trace_mermaid;
pub use svg::render as trace_svg;
pub use text::render as trace_text;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::admin::{Client, ClientError, Context, Document, choose, json, yaml};
use crate::app::{self, AdminAt, CaAt, Ground, Options, Running};
use crate::cli::args::{Drawing, TraceArguments};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::files::{FromFiles, inputs, read};
use crate::cli::output::Output;
use crate::glass::Sequence;
use crate::proxy::{Config, Tapping};

/// How long a connection may take until it is on record: as long as the mesh gives it, and then some.
const PATIENCE: Duration = Duration::from_secs(25);

/// Between two looks for its record.
const PAUSE: Duration = Duration::from_millis(25);

/// How many of the newest records are looked through.
const RECENT: usize = 200;

/// Draws it. For a connection that is made here, the exit code is the answer: 0 for delivered, 1 for not.
///
/// # Errors
///
/// [`CliError`] when no mesh can be picked, started or asked, it knows no such connection or name, nothing was kept, or the
/// answer cannot be written.
pub(crate) async fn run(arguments: &TraceArguments, output: &mut Output) -> Result<Exit, CliError> {
    match (arguments.id, &arguments.from, &arguments.to) {
        (Some(id), ..) => {
            let client = Client::of(choose(arguments.context.as_deref())?);
            let sequence = recalled(&client, id, arguments.bytes).await?;
            show(&sequence, arguments, output)?;
            Ok(Exit::Done)
        }
        (None, Some(from), Some(to)) => {
            let sequence = made(arguments, (from, to)).await?;
            show(&sequence, arguments, output)?;
            Ok(if sequence.verdict == "allow" { Exit::Done } else { Exit::No })
        }
        // The definitions of the arguments ask for one or the other.
        _ => Ok(Exit::Usage),
    }
}

fn show(sequence: &Sequence, arguments: &TraceArguments, output: &mut Output) -> Result<(), CliError> {
    let drawn = match arguments.output {
        Drawing::Text if arguments.bytes => {
            format!("{}\n{}", text::render(sequence, output.width()), bytes::render(sequence))
        }
        Drawing::Text => text::render(sequence, output.width()),
        Drawing::Json => json(&Document::one(sequence.clone())),
        Drawing::Yaml => yaml(&Document::one(sequence.clone())),
        Drawing::Mermaid => mermaid::render(sequence),
        Drawing::Svg => svg::render(sequence),
    };
    output.answer(&drawn)
}

/// A script asks sooner than a person: a connection that ended this moment is not yet on record.
async fn recalled(client: &Client, id: u64, bytes: bool) -> Result<Sequence, ClientError> {
    let until = Instant::now() + 12 * PAUSE;
    loop {
        match client.trace(id, bytes).await {
            Err(ClientError::Refused { status: 404, .. }) if Instant::now() < until => sleep(PAUSE).await,
            answer => return answer,
        }
    }
}

/// Makes the connection in the running mesh, or in one that is started for it.
async fn made(arguments: &TraceArguments, between: (&str, &str)) -> Result<Sequence, CliError> {
    if arguments.files.is_empty() {
        return call(&Client::of(choose(arguments.context.as_deref())?), arguments, between).await;
    }
    let running = started(arguments).await?;
    let client = Client::of(Context::new(&running.info().context)?);
    let sequence = call(&client, arguments, between).await;
    running.stop(Duration::ZERO).await;
    sequence
}

async fn call(
    client: &Client,
    arguments: &TraceArguments,
    between: (&str, &str),
) -> Result<Sequence, CliError> {
    let manner = arguments.manner.map(|manner| manner.to_string());
    let from = client.call(between, manner.as_deref(), arguments.fresh_tunnel).await?;
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Some(id) = recorded(client, from).await? {
            // A record is there when its flow has ended; HTTP/2 may still be writing the frames of that end.
            sleep(PAUSE).await;
            return Ok(client.trace(id, arguments.bytes).await?);
        }
        sleep(PAUSE).await;
    }
    Err(CliError::Unrecorded { client: from, after: PATIENCE })
}

/// The connection that came from there, once it is on record.
async fn recorded(client: &Client, from: SocketAddr) -> Result<Option<u64>, ClientError> {
    let from = from.to_string();
    let records = client.records(RECENT).await?;
    let own = records.iter().rev().find(|record| record.source.address.as_ref() == Some(&from));
    Ok(own.map(|record| record.id))
}

/// A mesh for one connection.
async fn started(arguments: &TraceArguments) -> Result<Running, CliError> {
    let FromFiles { objects, snapshot, .. } = read(&inputs(&arguments.files)?, arguments.semantics)?;
    let names: Vec<String> = arguments.files.iter().map(|path| path.display().to_string()).collect();
    let options = Options {
        objects,
        snapshot,
        semantics: arguments.semantics,
        mesh_source: names.join(", "),
        context: Some(format!("trace-{}", std::process::id())),
        ground: Ground::Loopback,
        ca: CaAt::Memory,
        intermediate: false,
        ca_faults: app::CaFaults::default(),
        crl: None,
        certificate_ttl: app::CERTIFICATE_TTL,
        workers: 1,
        admin: AdminAt::Nowhere,
        proxy: Config::default(),
        tapping: Tapping::new(true, None),
        access_log: None,
    };
    Ok(app::start(options).await?)
}
