//! A process of the benchmark's own: a proxy, both, or the server. It does what the lines on its standard input say, and ends when
//! that ends, so that none outlives its parent, however that one dies.
//!
//! ```text
//! it says   ready [ADDRESS of the server]      when everything listens
//! it hears  wire                               then it says the wire of the next connection that ends
//! ```

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::unix::pipe::Receiver;
use tokio::sync::broadcast;
use tokio::time::timeout;

use crate::app::{self, AdminAt, CERTIFICATE_TTL, CaAt, CaFaults, Ground, Options, Part, Running};
use crate::cli::args::{ChildArguments, Role};
use crate::cli::bench::mesh::{CLIENT, SERVER, SIDECAR, TLS_HOST};
use crate::cli::bench::place::{ca, mesh, roots};
use crate::cli::bench::serve::{certificate, listen};
use crate::cli::error::CliError;
use crate::cli::files::{FromFiles, read};
use crate::cli::limits::raise_descriptors;
use crate::cli::output::Output;
use crate::drain::drain;
use crate::identity::{encode_certificates, write_new};
use crate::load::{self, BenchError};
use crate::mesh::Name;
use crate::proxy::{Config, Tapping};
use crate::resources::Input;
use crate::telemetry::{AccessLog, LogFormat, Record};

/// How long a connection may take to be on record after its end.
const RECORDED: Duration = Duration::from_secs(5);

/// Does its part until its standard input ends.
///
/// # Errors
///
/// [`CliError`] when it cannot begin.
pub(crate) async fn run(arguments: &ChildArguments, output: &mut Output) -> Result<(), CliError> {
    let mut orders = orders().map_err(BenchError::System)?;
    raise_descriptors();
    if arguments.role == Role::Server {
        return serve(arguments, &mut orders, output).await;
    }
    let running = start(arguments).await?;
    let mut records = running.recorder().subscribe();
    output.answer("ready\n")?;
    while let Ok(Some(order)) = orders.next_line().await {
        if order == "wire" {
            let wire = timeout(RECORDED, next(&mut records)).await.unwrap_or_default();
            output.answer(&format!("{}\n", wire.unwrap_or_else(|| "nothing on record".to_owned())))?;
        }
    }
    drop(running);
    Ok(())
}

/// Standard input, without a thread that would hold up the end.
fn orders() -> io::Result<Lines<BufReader<Receiver>>> {
    let pipe = Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?;
    Ok(BufReader::new(pipe).lines())
}

async fn serve(
    arguments: &ChildArguments,
    orders: &mut Lines<BufReader<Receiver>>,
    output: &mut Output,
) -> Result<(), CliError> {
    let (tls, certificate) = certificate(TLS_HOST)?;
    let path = roots(&arguments.folder);
    write_new(&path, encode_certificates(&[certificate]).as_bytes(), 0o600)?;
    let (listener, address) = listen(([127, 0, 0, 1], 0).into())?;
    let (_drain, tasks) = drain();
    tasks.spawn("server", load::serve(listener, tls, tasks.clone()));
    output.answer(&format!("ready {address}\n"))?;
    while let Ok(Some(_unknown)) = orders.next_line().await {}
    Ok(())
}

async fn start(arguments: &ChildArguments) -> Result<Running, CliError> {
    let FromFiles { objects, snapshot, .. } = read(&[Input::Path(mesh(&arguments.folder))], None)?;
    let own = match arguments.role {
        Role::Source => vec![CLIENT],
        Role::Destination => vec![SERVER, SIDECAR],
        Role::Both | Role::Server => vec![CLIENT, SERVER, SIDECAR],
    };
    let found = |name: &str| snapshot.mesh.find_workload(name).map(|workload| workload.name.clone());
    let workloads: Vec<Name> =
        own.into_iter().map(found).collect::<Result<_, _>>().map_err(CliError::Workload)?;
    let mut proxy = Config::default();
    proxy.hbone.pool_max_streams = arguments.pool_max_streams;
    // The other end has to take as many as were asked for.
    let streams = u32::try_from(arguments.pool_max_streams).unwrap_or(u32::MAX);
    proxy.hbone.max_streams = proxy.hbone.max_streams.max(streams);
    let role = format!("{:?}", arguments.role).to_lowercase();
    let cluster = snapshot.mesh.settings().cluster.clone();
    // Every line is made and written; nobody keeps it.
    let path = std::path::Path::new("/dev/null");
    let nowhere = std::fs::OpenOptions::new().write(true).open(path);
    let nowhere = nowhere.map_err(|source| BenchError::File { path: path.to_owned(), source })?;
    let options = Options {
        objects,
        snapshot,
        semantics: None,
        mesh_source: "bench".to_owned(),
        // The block is the run's alone.
        context: Some(format!("bench-{}-{role}", arguments.block)),
        ground: Ground::Part(Part { workloads, block: arguments.block }),
        ca: CaAt::Dir(ca(&arguments.folder)),
        ca_faults: CaFaults::default(),
        intermediate: false,
        crl: None,
        certificate_ttl: CERTIFICATE_TTL,
        workers: arguments.workers.max(1),
        admin: AdminAt::Nowhere,
        proxy,
        tapping: Tapping::new(false, None),
        access_log: Some(AccessLog::new(LogFormat::Plain, cluster.as_str(), Box::new(nowhere))),
    };
    Ok(app::start(options).await?)
}

/// The wire of the next record; those that were missed were of connections that nobody asks about.
async fn next(records: &mut broadcast::Receiver<Arc<Record>>) -> Option<String> {
    loop {
        match records.recv().await {
            Ok(record) => return Some(record.wire().map_or("none", crate::telemetry::Wire::name).to_owned()),
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return None,
        }
    }
}
