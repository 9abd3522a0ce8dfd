//! `capture`: connections as one file that Wireshark opens decrypted.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use crate::admin::{Client, choose};
use crate::cli::args::CaptureArguments;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::units::duration_text;

/// How long the recorder may take to know of what has just ended.
const SETTLING: Duration = Duration::from_millis(300);

/// Writes it, and says what is in it.
///
/// # Errors
///
/// [`CliError`] when no mesh can be picked or asked, it knows no such connection, or the file cannot be written. Nothing is
/// written then.
pub(crate) async fn run(arguments: &CaptureArguments, output: &mut Output) -> Result<Exit, CliError> {
    let client = Client::of(choose(arguments.context.as_deref())?);
    let mut since = arguments.last;
    if let Some(period) = arguments.period {
        // Whether it may be had at all is asked before anybody waits.
        client.capture(None, Some(Duration::ZERO), arguments.force).await?;
        output.talk(&format!("capturing for {}…\n", duration_text(period)));
        tokio::time::sleep(period + SETTLING).await;
        since = Some(period + SETTLING);
    }
    let file = client.capture(arguments.id, since, arguments.force).await?;
    if arguments.write == Path::new("-") {
        output.answer_bytes(&file)?;
    } else {
        write(&arguments.write, &file, arguments.force)?;
    }
    let name = arguments.write.display();
    output.talk(&format!(
        "wrote {name} ({} bytes)\nwarning: it holds the keys of its connections: whoever has the file can read what was said\n\
         open it: wireshark {name}, or: tshark -r {name} -Y 'http2.headers.method == \"CONNECT\"'\n",
        file.len(),
    ));
    Ok(Exit::Done)
}

/// For its owner alone, and never over another file unless that is wanted.
pub(crate) fn write(path: &Path, file: &[u8], force: bool) -> Result<(), CliError> {
    let failed = |source| CliError::Capture { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    options.open(path).and_then(|mut opened| opened.write_all(file)).map_err(failed)
}
