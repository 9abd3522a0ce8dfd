//! `proxy`: one workload's proxy, in ztunnel's dedicated shape. stdout is ztunnel's access log, stderr is talk.

use std::num::NonZero;
use std::thread::available_parallelism;

use crate::app::{self, CaAt, Ground, One, Options};
use crate::cli::args::ProxyArguments;
use crate::cli::error::CliError;
use crate::cli::files::{FromFiles, inputs, read};
use crate::cli::limits::raise_descriptors;
use crate::cli::output::Output;
use crate::cli::stop::{Signals, stop};
use crate::cli::tap::tapping;
use crate::cli::up::{access_log, admin, ignored, log};
use crate::mesh::Name;
use crate::net::{Network, any_address};
use crate::proxy::{Config, Tapping};
use crate::telemetry::Outlet;

/// Runs the proxy until it is told to stop.
pub(crate) async fn run(arguments: &ProxyArguments, output: &mut Output) -> Result<(), CliError> {
    let files = read(&inputs(&arguments.files)?, arguments.semantics)?;
    let workload = files.snapshot.mesh.find_workload(&arguments.workload).map_err(CliError::Workload)?;
    let descriptors = raise_descriptors();
    if descriptors.is_worth_saying() {
        output.talk(&format!("{descriptors}\n"));
    }
    let outlets = output.unblock()?;
    log(&arguments.log, &outlets)?;
    let mut signals = Signals::new()?;
    output.talk(&ignored(&files.ignored));
    let tapping = tapping(&arguments.tap, (false, arguments.plugged.is_plugged()), output)?;
    let options = options(arguments, files, (workload.name.clone(), tapping), outlets.answer);
    let running = app::start(options).await?;
    output.talk("ready\n");
    tokio::select! { () = signals.next() => {}, () = running.quit_requested() => {} }
    let last = stop(running, arguments.grace, output).await;
    output.talk_last(&last);
    Ok(())
}

fn options(
    arguments: &ProxyArguments,
    files: FromFiles,
    (workload, tapping): (Name, Tapping),
    stdout: Outlet,
) -> Options {
    let cluster = files.snapshot.mesh.settings().cluster.clone();
    let names: Vec<String> = arguments.files.iter().map(|path| path.display().to_string()).collect();
    let cores = available_parallelism().map_or(1, NonZero::get);
    Options {
        objects: files.objects,
        snapshot: files.snapshot,
        semantics: arguments.semantics,
        mesh_source: names.join(", "),
        context: arguments.context.clone(),
        ground: Ground::One(One {
            workload,
            bind: arguments.bind.unwrap_or_else(any_address),
            network: network(arguments),
        }),
        ca: ca(arguments),
        intermediate: false,
        ca_faults: app::CaFaults::default(),
        crl: arguments.crl.clone(),
        certificate_ttl: arguments.ttl,
        workers: arguments.workers.map_or(cores, usize::from),
        admin: admin(arguments.admin),
        proxy: config(arguments),
        tapping,
        access_log: Some(access_log(&arguments.log, cluster.as_str(), stdout)),
    }
}

fn network(arguments: &ProxyArguments) -> Network {
    Network {
        namespace: None,
        mark: arguments.mark,
        capture: arguments.capture,
        original_source: arguments.original_source,
        congestion: arguments.congestion_control.clone().unwrap_or_default(),
    }
}

fn ca(arguments: &ProxyArguments) -> CaAt {
    arguments.plugged.files().map_or_else(|| CaAt::Dir(arguments.ca_dir.clone()), CaAt::Files)
}

fn config(arguments: &ProxyArguments) -> Config {
    let mut config = Config::default();
    if let Some(streams) = arguments.pool_max_streams {
        config.hbone.pool_max_streams = usize::from(streams);
    }
    config
}
