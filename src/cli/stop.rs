//! How a command that runs in the foreground ends: a signal, then a drain that says what it waits for.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::app::Running;
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::units;
use crate::drain::Drained;

/// SIGINT and SIGTERM, heard from before the mesh starts, so that none is missed.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(crate) fn new() -> Result<Self, CliError> {
        let listen = |kind| signal(kind).map_err(CliError::Runtime);
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    pub(crate) async fn next(&mut self) {
        tokio::select! { _ = self.interrupt.recv() => {}, _ = self.terminate.recv() => {} }
    }
}

/// Drains, saying what it waits for; a second signal cuts at once. The sentence that it returns is to be said last, after what
/// was seen meanwhile.
#[must_use]
pub(crate) async fn stop(running: Running, within: Duration, output: &mut Output) -> String {
    let open = running.recorder().open().len();
    let grace = units::duration_text(within);
    match open {
        0 => output.talk("\ndraining: no longer accepting; nothing is open\n"),
        1 => output.talk(&format!(
            "\ndraining: no longer accepting; 1 connection half gets {grace} (Ctrl-C cuts)\n"
        )),
        _ => output.talk(&format!(
            "\ndraining: no longer accepting; {open} connection halves get {grace} (Ctrl-C cuts)\n"
        )),
    }
    let Ok(mut again) = Signals::new() else { return String::new() };
    let Drained { finished, cut } = tokio::select! {
        drained = running.stop(within) => drained,
        () = again.next() => return "cut\n".to_owned(),
    };
    match cut {
        0 => "stopped: everything finished\n".to_owned(),
        _ => format!("stopped: {finished} tasks finished, {cut} cut\n"),
    }
}
