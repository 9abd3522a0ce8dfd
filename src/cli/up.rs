//! `up`: loads a mesh, runs it in the foreground, prints one line per connection, and drains on a signal.

use std::io::{ErrorKind, IsTerminal};
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::admin::{PolicyView, ServiceView, WorkloadView};
use crate::app::{self, AdminAt, CaAt, Ground, Options, Running};
use crate::cli::args::{AdminAddress, LogArguments, LogShape, UpArguments};
use crate::cli::banner::banner;
use crate::cli::error::CliError;
use crate::cli::files::{DEMO_NAME, FromFiles, inputs, read};
use crate::cli::limits::raise_descriptors;
use crate::cli::output::{Outlets, Output};
use crate::cli::stop::{Signals, stop};
use crate::cli::tap::tapping;
use crate::cli::watch::Watch;
use crate::netns::{self, Access, Pods};
use crate::policy::Snapshot;
use crate::proxy::{Config, Tapping};
use crate::resources::{DEMO, IgnoredKind, Input, Objects};
use crate::telemetry::{self, AccessLog, LogFormat, Look, Outlet, Record, live_line};

/// What has to happen while the process has one thread: with `--netns`, becoming somebody who may make networks.
pub(crate) fn prepare(arguments: &UpArguments) -> Result<Option<Access>, CliError> {
    Ok(if arguments.netns { Some(netns::prepare()?) } else { None })
}

/// Runs the mesh until it is told to stop; with `access` to networks, in network namespaces.
pub(crate) async fn run(
    arguments: &UpArguments,
    access: Option<Access>,
    output: &mut Output,
) -> Result<(), CliError> {
    if arguments.print_mesh && arguments.files.is_empty() {
        return output.answer(DEMO);
    }
    let inputs = inputs(&arguments.files)?;
    let FromFiles { objects, snapshot, ignored: skipped } = read(&inputs, arguments.semantics)?;
    if arguments.print_mesh {
        return print(&inputs, output);
    }
    let descriptors = raise_descriptors();
    if descriptors.is_worth_saying() {
        output.talk(&format!("{descriptors}\n"));
    }
    let signals = Signals::new()?;
    let mut files = arguments.watch.then(|| Watch::new(inputs.clone(), objects.clone()));
    let ground = match access {
        Some(access) => Ground::Pods(Arc::new(Pods::new()?), access),
        None => Ground::Loopback,
    };
    let tapping = tapping(&arguments.tap, (true, arguments.plugged.is_plugged()), output)?;
    output.talk(&ignored(&skipped));
    let outlets = output.unblock()?;
    log(&arguments.log, &outlets)?;
    let options = options(arguments, (objects, snapshot), (ground, tapping), outlets.talk);
    let running = app::start(options).await?;
    greet(&running, output)?;
    let mut records = running.recorder().subscribe();
    let mut lines = Lines { look: look(output), missed: 0 };
    let reading = watch(&running, (signals, files.as_mut()), (&mut records, &mut lines), output).await;
    let last = stop(running, arguments.grace, output).await;
    // What ended during the drain, or just before it, is on record by now.
    let mut rest = std::iter::from_fn(|| records.try_recv().ok());
    let shown = reading.and_then(|()| rest.try_for_each(|record| lines.show(&record, output)));
    output.talk_last(&last);
    shown
}

/// The documents as they were given, in one stream.
fn print(inputs: &[Input], output: &mut Output) -> Result<(), CliError> {
    for (index, (_, text)) in crate::resources::texts(inputs)?.iter().enumerate() {
        let separator = if index > 0 && !text.starts_with("---") { "---\n" } else { "" };
        output.answer(&format!("{separator}{}\n", text.trim_end()))?;
    }
    Ok(())
}

fn options(
    arguments: &UpArguments,
    (objects, snapshot): (Objects, Snapshot),
    (ground, tapping): (Ground, Tapping),
    stderr: Outlet,
) -> Options {
    let cluster = snapshot.mesh.settings().cluster.clone();
    let access_log = || access_log(&arguments.log, cluster.as_str(), stderr);
    let names: Vec<String> = arguments.files.iter().map(|path| path.display().to_string()).collect();
    let cores = available_parallelism().map_or(1, NonZero::get);
    Options {
        objects,
        snapshot,
        semantics: arguments.semantics,
        mesh_source: if names.is_empty() { DEMO_NAME.to_owned() } else { names.join(", ") },
        context: arguments.context.clone(),
        ground,
        ca: ca(arguments),
        intermediate: arguments.ca_intermediate,
        ca_faults: app::CaFaults::default(),
        crl: arguments.crl.clone(),
        certificate_ttl: arguments.ttl,
        workers: arguments.workers.map_or(cores, usize::from),
        admin: admin(arguments.admin),
        proxy: Config::default(),
        tapping,
        access_log: arguments.access_log.then(access_log),
    }
}

fn ca(arguments: &UpArguments) -> CaAt {
    match (arguments.plugged.files(), &arguments.ca_dir) {
        (Some(files), _) => CaAt::Files(files),
        (None, Some(folder)) => CaAt::Dir(folder.clone()),
        (None, None) => CaAt::Memory,
    }
}

pub(crate) fn admin(address: Option<AdminAddress>) -> AdminAt {
    match address {
        None => AdminAt::Node,
        Some(AdminAddress::None) => AdminAt::Nowhere,
        Some(AdminAddress::At(address)) => AdminAt::At(address),
    }
}

/// Sets up the process's own log.
pub(crate) fn log(arguments: &LogArguments, outlets: &Outlets) -> Result<(), CliError> {
    Ok(telemetry::init(format(arguments.shape), &arguments.filter, outlets.talk.clone())?)
}

/// ztunnel's access log, once the process's own log is set up.
pub(crate) fn access_log(arguments: &LogArguments, cluster: &str, to: Outlet) -> AccessLog {
    let log = AccessLog::new(format(arguments.shape), cluster, Box::new(to));
    log.with_opened(telemetry::shows_opened())
}

fn format(shape: LogShape) -> LogFormat {
    match shape {
        LogShape::Plain => LogFormat::Plain,
        LogShape::Json => LogFormat::Json,
    }
}

fn greet(running: &Running, output: &mut Output) -> Result<(), CliError> {
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
    output.answer(&banner(&info, &workloads, &services, &policies, &program()))?;
    output.answer(&format!("\n{}\n", live_line::header(look(output))))
}

/// The kinds that were skipped, a line each.
pub(crate) fn ignored(kinds: &[IgnoredKind]) -> String {
    let line = |kind: &IgnoredKind| {
        let count =
            if kind.count == 1 { "1 document".to_owned() } else { format!("{} documents", kind.count) };
        format!("ignored: {} ({count}, first at {}): {}\n", kind.kind, kind.first, kind.meaning)
    };
    kinds.iter().map(line).collect()
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

/// Prints one line per connection until a signal, a quit, or the end of whoever reads.
async fn watch(
    running: &Running,
    (mut signals, mut files): (Signals, Option<&mut Watch>),
    (records, lines): (&mut Receiver<Arc<Record>>, &mut Lines),
    output: &mut Output,
) -> Result<(), CliError> {
    loop {
        let record: Result<Arc<Record>, RecvError> = tokio::select! {
            biased;
            () = signals.next() => return Ok(()),
            () = running.quit_requested() => return Ok(()),
            gone = output.broken() => return Err(gone),
            files = changed(&mut files) => {
                output.talk(&files.take_over(running));
                continue;
            }
            record = records.recv() => record,
        };
        match record {
            Ok(record) => lines.show(&record, output)?,
            Err(RecvError::Lagged(missed)) => lines.skip(missed, output)?,
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

/// The live lines.
struct Lines {
    look: Look,
    /// How many connections have no line, because nobody read in time.
    missed: u64,
}

impl Lines {
    /// Shows a connection, behind how many had no line before it.
    fn show(&mut self, record: &Record, output: &mut Output) -> Result<(), CliError> {
        let text = format!("{}{}\n", self.count(), live_line::line(record, self.look));
        self.missed += 1;
        self.made_up_for(output.answer(&text))
    }

    /// Says that so many came too fast to be shown.
    fn skip(&mut self, missed: u64, output: &mut Output) -> Result<(), CliError> {
        self.missed += missed;
        self.made_up_for(output.answer(&self.count()))
    }

    fn count(&self) -> String {
        match self.missed {
            0 => String::new(),
            missed => format!("… {missed} more connections (glasstunnel config connections)\n"),
        }
    }

    /// What was printed made up for all that was missed, unless whoever reads is not there yet.
    fn made_up_for(&mut self, printed: Result<(), CliError>) -> Result<(), CliError> {
        match printed {
            Err(CliError::Write(full)) if full.kind() == ErrorKind::WouldBlock => Ok(()),
            printed => {
                self.missed = 0;
                printed
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_read_in_time_is_counted_until_it_is_said() {
        let mut lines = Lines { look: Look { colour: false, unicode: false }, missed: 3 };
        let full = || Err(CliError::Write(ErrorKind::WouldBlock.into()));
        lines.made_up_for(full()).unwrap();
        lines.missed += 2;
        assert_eq!(lines.count(), "… 5 more connections (glasstunnel config connections)\n");
        lines.made_up_for(Ok(())).unwrap();
        assert_eq!(lines.count(), "");
        let gone = Err(CliError::Write(ErrorKind::BrokenPipe.into()));
        assert!(lines.made_up_for(gone).is_err(), "a reader who left is an end");
    }
}
