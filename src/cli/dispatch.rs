//! From the command line to an exit code.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::{Builder, Runtime};

use crate::admin::ClientError;
use crate::cli::args::{Arguments, Color, Command};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::{
    analyze, bench, capture, certs, config, edit, exec, explain, get, probe, proxy, repro, strict, suite,
    trace, up, why,
};

/// The program.
pub fn main() -> ExitCode {
    // The panic's own message is on stderr already.
    catch_unwind(AssertUnwindSafe(start))
        .unwrap_or_else(|_panic| {
            Output::new(Color::Auto)
                .talk("this is a bug in glasstunnel: please report it with the lines above\n");
            Exit::Bug
        })
        .into()
}

fn start() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(message) => return say(&message),
    };
    let mut output = Output::new(arguments.color);
    let exit = end(dispatch(&arguments.command, &mut output), &mut output);
    output.settle();
    exit
}

/// Says why a command failed, if it did.
fn end(ended: Result<Exit, CliError>, output: &mut Output) -> Exit {
    match ended {
        Ok(exit) => exit,
        Err(error) => {
            let exit = Exit::of(&error);
            // A reader that closed its pipe wants to hear nothing more.
            match &error {
                _ if exit == Exit::Done => {}
                // They show the lines of the file that they are about, in a layout of their own.
                CliError::Load(errors) => output.talk(&format!("{errors}\n")),
                CliError::Client(ClientError::Refused { refusal, .. })
                    if refusal.message.starts_with("error[") =>
                {
                    output.talk(&format!("{}\n", refusal.message));
                }
                error => output.failure(error),
            }
            exit
        }
    }
}

fn dispatch(command: &Command, output: &mut Output) -> Result<Exit, CliError> {
    match command {
        Command::Up(arguments) => {
            let access = up::prepare(arguments)?;
            runtime()?.block_on(up::run(arguments, access, output)).map(|()| Exit::Done)
        }
        Command::Proxy(arguments) => runtime()?.block_on(proxy::run(arguments, output)).map(|()| Exit::Done),
        Command::Exec(arguments) => runtime()?.block_on(exec::run(arguments)).map(Exit::Program),
        Command::Config(arguments) => {
            runtime()?.block_on(config::run(arguments, output)).map(|()| Exit::Done)
        }
        Command::Get(arguments) => runtime()?.block_on(get::run(arguments, output)).map(|()| Exit::Done),
        Command::Apply(arguments) => runtime()?.block_on(edit::apply(arguments, output)).map(|()| Exit::Done),
        Command::Delete(arguments) => {
            runtime()?.block_on(edit::delete(arguments, output)).map(|()| Exit::Done)
        }
        Command::Strict(arguments) => runtime()?.block_on(strict::run(arguments, output)),
        Command::Analyze(arguments) => runtime()?.block_on(analyze::run(arguments, output)),
        Command::Certs(arguments) => runtime()?.block_on(certs::run(arguments, output)),
        Command::Trace(arguments) => runtime()?.block_on(trace::run(arguments, output)),
        Command::Capture(arguments) => runtime()?.block_on(capture::run(arguments, output)),
        Command::Probe(arguments) => runtime()?.block_on(probe::run(arguments, output)),
        Command::Repro(arguments) => runtime()?.block_on(repro::run(arguments, output)),
        Command::Test(arguments) => runtime()?.block_on(suite::run(arguments, output)),
        Command::Bench(arguments) => runtime()?.block_on(bench::run(arguments, output)),
        Command::Why(arguments) => why::run(arguments, output),
        Command::Explain(arguments) => runtime()?.block_on(explain::run(arguments, output)),
    }
}

fn runtime() -> Result<Runtime, CliError> {
    Builder::new_current_thread().enable_all().build().map_err(CliError::Runtime)
}

/// What clap has to say: help and version are answers, everything else is talk.
fn say(message: &clap::Error) -> Exit {
    let mut output = Output::new(Color::Auto);
    let text = message.render().ansi().to_string();
    if message.use_stderr() {
        output.talk(&text);
        return Exit::Usage;
    }
    output.answer(&text).map_or_else(|error| Exit::of(&error), |()| Exit::Done)
}
