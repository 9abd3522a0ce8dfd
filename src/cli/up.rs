//! `up`: loads a mesh, runs it in the foreground, prints one line per connection, and drains on a signal.

use std::io::IsTerminal;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::admin::{PolicyView, ServiceView, WorkloadView};
use crate::app::{self, AdminAt, CaAt, Options, Running};
use crate::cli::args::{AdminAddress, LogShape, UpArguments};
use crate::cli::banner::banner;
use crate::cli::error::CliError;
use crate::cli::files::{DEMO_NAME, FromFiles, inputs, read};
use crate::cli::limits::raise_descriptors;
use crate::cli::output::Output;
use crate::cli::watch::Watch;
use crate::drain::Drained;
use crate::policy::Snapshot;
use crate::proxy::Config;
use crate::resources::{DEMO, IgnoredKind, Input, Objects};
use crate::telemetry::{self, AccessLog, LogFormat, Look, Record, live_line};

/// Runs the mesh until it is told to stop.
pub(crate) async fn run(arguments: &UpArguments, output: &mut Output) -> Result<(), CliError> {
    if arguments.print_mesh && arguments.files.is_empty() {
        return output.answer(DEMO);
    }
    let inputs = inputs(&arguments.files)?;
    let FromFiles { objects, snapshot, ignored } = read(&inputs, arguments.semantics)?;
    if arguments.print_mesh {
        return print(&inputs, output);
    }
    let descriptors = raise_descriptors();
    if descriptors.is_worth_saying() {
        output.talk(&format!("{descriptors}\n"));
    }
    telemetry::init(format(arguments.log_format), "info")?;
    let signals = Signals::new()?;
    let mut files = arguments.watch.then(|| Watch::new(inputs.clone(), objects.clone()));
    let running = app::start(options(arguments, (objects, snapshot))).await?;
    greet(&running, &ignored, output)?;
    let mut records = running.recorder().subscribe();
    let reading = watch(&running, (signals, files.as_mut()), &mut records, output).await;
    stop(running, arguments, output).await;
    reading?;
    // What ended during the drain, or just before it, is on record by now.
    while let Ok(record) = records.try_recv() {
        output.answer(&format!("{}\n", live_line::line(&record, look(output))))?;
    }
    Ok(())
}

/// The documents as they were given, in one stream.
fn print(inputs: &[Input], output: &mut Output) -> Result<(), CliError> {
    for (index, (_, text)) in crate::resources::texts(inputs)?.iter().enumerate() {
        let separator = if index > 0 && !text.starts_with("---") { "---\n" } else { "" };
        output.answer(&format!("{separator}{}\n", text.trim_end()))?;
    }
    Ok(())
}

fn options(arguments: &UpArguments, (objects, snapshot): (Objects, Snapshot)) -> Options {
    let cluster = snapshot.mesh.settings().cluster.clone();
    let stderr =
        || AccessLog::new(format(arguments.log_format), cluster.as_str(), Box::new(std::io::stderr()));
    let names: Vec<String> = arguments.files.iter().map(|path| path.display().to_string()).collect();
    let cores = available_parallelism().map_or(1, NonZero::get);
    Options {
        objects,
        snapshot,
        semantics: arguments.semantics,
        mesh_source: if names.is_empty() { DEMO_NAME.to_owned() } else { names.join(", ") },
        context: arguments.context.clone(),
        ca: arguments.ca_dir.clone().map_or(CaAt::Memory, CaAt::Dir),
        intermediate: arguments.ca_intermediate,
        crl: arguments.crl.clone(),
        certificate_ttl: arguments.ttl,
        workers: arguments.workers.map_or(cores, usize::from),
        admin: match arguments.admin {
            None => AdminAt::Node,
            Some(AdminAddress::None) => AdminAt::Nowhere,
            Some(AdminAddress::At(address)) => AdminAt::At(address),
        },
        proxy: Config::default(),
        access_log: arguments.access_log.then(stderr),
    }
}

fn format(shape: LogShape) -> LogFormat {
    match shape {
        LogShape::Plain => LogFormat::Plain,
        LogShape::Json => LogFormat::Json,
    }
}

fn greet(running: &Running, ignored: &[IgnoredKind], output: &mut Output) -> Result<(), CliError> {
    let snapshot = running.snapshots().load();
    let info = running.info();
    let workloads: Vec<WorkloadView> = snapshot
        .mesh
        .workloads()
        .map(|workload| {
            WorkloadView::of(workload, &snapshot.policies, info.doors_of(&workload.name.to_string()))
        })
        .collect();
    let services: Vec<ServiceView> =
        snapshot.mesh.services().map(|service| ServiceView::of(service)).collect();
    let policies: Vec<PolicyView> = PolicyView::all(&snapshot.policies);
    for kind in ignored {
        let count =
            if kind.count == 1 { "1 document".to_owned() } else { format!("{} documents", kind.count) };
        output
            .talk(&format!("ignored: {} ({count}, first at {}): {}\n", kind.kind, kind.first, kind.meaning));
    }
    output.answer(&banner(&info, &workloads, &services, &policies, &program()))?;
    output.answer(&format!("\n{}\n", live_line::header(look(output))))
}

/// How the user's shell finds this program: by name if it is on the PATH, else by its path.
fn program() -> String {
    let name = env!("CARGO_PKG_NAME");
    let Ok(own) = std::env::current_exe() else { return name.to_owned() };
    #[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).any(|folder| folder.join(name) == own);
    if on_path {
        return name.to_owned();
    }
    let here = std::env::current_dir().ok();
    let shorter = here.and_then(|here| Some(own.strip_prefix(here).ok()?.to_path_buf()));
    shorter.unwrap_or(own).display().to_string()
}

fn look(output: &Output) -> Look {
    Look { colour: output.is_coloured(), unicode: output.is_coloured() && std::io::stdout().is_terminal() }
}

/// SIGINT and SIGTERM, heard from before the mesh starts, so that none is missed.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self, CliError> {
        let listen = |kind| signal(kind).map_err(CliError::Runtime);
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! { _ = self.interrupt.recv() => {}, _ = self.terminate.recv() => {} }
    }
}

/// Prints one line per connection until a signal, a quit, or the end of whoever reads.
async fn watch(
    running: &Running,
    (mut signals, mut files): (Signals, Option<&mut Watch>),
    records: &mut Receiver<Arc<Record>>,
    output: &mut Output,
) -> Result<(), CliError> {
    let look = look(output);
    loop {
        let record: Result<Arc<Record>, RecvError> = tokio::select! {
            biased;
            () = signals.next() => return Ok(()),
            () = running.quit_requested() => return Ok(()),
            files = changed(&mut files) => {
                output.talk(&files.take_over(running));
                continue;
            }
            record = records.recv() => record,
        };
        match record {
            Ok(record) => output.answer(&format!("{}\n", live_line::line(&record, look)))?,
            Err(RecvError::Lagged(missed)) => {
                output.answer(&format!("… {missed} more connections (glasstunnel config connections)\n"))?;
            }
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

/// Waits for a change of the files; for ever, if none are watched.
async fn changed<'a>(files: &'a mut Option<&mut Watch>) -> &'a mut Watch {
    match files {
        Some(files) => {
            files.changed().await;
            files
        }
        None => std::future::pending().await,
    }
}

/// Drains, saying each step; a second signal cuts at once.
async fn stop(running: Running, arguments: &UpArguments, output: &mut Output) {
    let open = running.recorder().open().len();
    let grace = crate::cli::units::duration_text(arguments.grace);
    match open {
        0 => output.talk("\ndraining: no longer accepting; nothing is open\n"),
        1 => output.talk(&format!(
            "\ndraining: no longer accepting; 1 connection half gets {grace} (Ctrl-C cuts)\n"
        )),
        _ => output.talk(&format!(
            "\ndraining: no longer accepting; {open} connection halves get {grace} (Ctrl-C cuts)\n"
        )),
    }
    let Ok(mut again) = Signals::new() else { return };
    let drained = tokio::select! {
        drained = running.stop(arguments.grace) => drained,
        () = again.next() => {
            output.talk("cut\n");
            return;
        }
    };
    let Drained { finished, cut } = drained;
    match cut {
        0 => output.talk("stopped: everything finished\n"),
        _ => output.talk(&format!("stopped: {finished} tasks finished, {cut} cut\n")),
    }
}
