//! Whether a mesh looks into its connections: what `--tap`, `--no-tap` and `SSLKEYLOGFILE` come to.

use std::path::PathBuf;

use crate::cli::args::TapArguments;
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::proxy::Tapping;
use crate::tls::KeyLogFile;

/// What was asked for, or else `by_default`; nothing of a plugged-in CA's identities unless `--tap` says so.
///
/// # Errors
///
/// [`CliError::KeyLog`] when the file that `SSLKEYLOGFILE` names cannot be written.
pub(crate) fn tapping(
    arguments: &TapArguments,
    (by_default, is_plugged): (bool, bool),
    output: &mut Output,
) -> Result<Tapping, CliError> {
    let is_on = arguments.tap || by_default && !arguments.no_tap && !is_plugged;
    if is_on && is_plugged {
        output.talk(
            "warning: --tap with a CA of your own: this process keeps the keys of connections that real identities \
             make, and `trace` and `capture` hand them out\n",
        );
    }
    let Some(path) = key_log_path() else { return Ok(Tapping::new(is_on, None)) };
    if is_plugged && !arguments.tap {
        output.talk(&format!(
            "warning: SSLKEYLOGFILE={} is ignored: the CA is one of your own, and its identities' keys are told only with --tap\n",
            path.display()
        ));
        return Ok(Tapping::new(is_on, None));
    }
    let file = KeyLogFile::open(&path).map_err(|source| CliError::KeyLog { path: path.clone(), source })?;
    output.talk(&format!(
        "warning: SSLKEYLOGFILE: the secrets of every TLS connection go to {}: who can read it can read them all\n",
        path.display()
    ));
    Ok(Tapping::new(is_on, Some(file)))
}

/// The file that Wireshark, curl and browsers share secrets by; an empty name is none, as for them.
fn key_log_path() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
    let path = std::env::var_os("SSLKEYLOGFILE")?;
    Some(PathBuf::from(path)).filter(|path| !path.as_os_str().is_empty())
}
