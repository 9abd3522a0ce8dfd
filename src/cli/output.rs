//! The two streams: stdout is the answer, stderr is talk. Nothing else in the program writes to either.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use anstream::stream::{AsLockedWrite, RawStream};
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::cli::args::Color;
use crate::cli::error::CliError;
use crate::reason::Reason;
use crate::telemetry::Outlet;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const LABEL: Style = Style::new().bold();
/// Columns where there is no terminal.
const WIDE: usize = 120;

const QUIET: Style = Style::new().dimmed();
/// What every escape sequence begins with.
const ESCAPE: u8 = 0x1b;

/// How long what was said last may take to be written where the reader is slow.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Both streams, with colours where they are wanted.
pub struct Output {
    answer: Box<dyn Write + Send>,
    talk: Box<dyn Write + Send>,
    choice: ColorChoice,
    /// Whether the answer may be coloured.
    is_coloured: bool,
    /// The ways to both, once nobody waits for their readers.
    outlets: Option<Outlets>,
}

/// The ways to both streams.
#[derive(Clone)]
pub(crate) struct Outlets {
    /// To stdout.
    pub(crate) answer: Outlet,
    /// To stderr.
    pub(crate) talk: Outlet,
}

/// A stream that whole lines are written to, many at once. Those without an escape sequence pass as they are, where there are to be
/// none: looking for one byte by byte in the access log was a tenth of all that is computed for a connection.
struct WholeLines<S: RawStream>(AutoStream<S>);

impl<S: RawStream + AsLockedWrite> Write for WholeLines<S>
where
    for<'a> &'a S: Write,
{
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        match text.contains(&ESCAPE) {
            true => self.0.write(text),
            false => self.0.as_inner().write(text),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Output {
    /// The process's streams. `auto` obeys NO_COLOR, CLICOLOR_FORCE and whether the stream is a terminal.
    pub fn new(color: Color) -> Self {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let (answer, talk) = (AutoStream::new(io::stdout(), choice), AutoStream::new(io::stderr(), choice));
        let is_coloured = answer.current_choice() != ColorChoice::Never;
        Self { answer: Box::new(answer), talk: Box::new(talk), choice, is_coloured, outlets: None }
    }

    /// From here on nobody waits for a reader: the answer fails with `WouldBlock` while its own does not read, and talk is lost.
    ///
    /// # Errors
    ///
    /// The system has no threads left.
    pub(crate) fn unblock(&mut self) -> Result<Outlets, CliError> {
        let stdout = WholeLines(AutoStream::new(io::stdout(), self.choice));
        let stderr = WholeLines(AutoStream::new(io::stderr(), self.choice));
        let answer = Outlet::new("stdout", stdout).map_err(CliError::Runtime)?;
        let talk = Outlet::new("stderr", stderr).map_err(CliError::Runtime)?;
        self.answer = Box::new(answer.clone());
        self.talk = Box::new(talk.clone());
        Ok(self.outlets.insert(Outlets { answer, talk }).clone())
    }

    /// Resolves when the answer cannot be written any more; never before [`Output::unblock`], since then who writes is told.
    pub(crate) async fn broken(&self) -> CliError {
        match &self.outlets {
            Some(outlets) => CliError::Write(outlets.answer.broken().await),
            None => std::future::pending().await,
        }
    }

    /// Waits a moment for readers who are slow.
    pub(crate) fn settle(&self) {
        for outlet in self.outlets.iter().flat_map(|outlets| [&outlets.answer, &outlets.talk]) {
            outlet.settle(LAST_WORDS);
        }
    }

    /// Whether the answer may be coloured.
    pub fn is_coloured(&self) -> bool {
        self.is_coloured
    }

    /// Writes a piece of the answer, whole lines, at once.
    ///
    /// # Errors
    ///
    /// [`CliError::Write`]; a reader that closed its pipe is among them.
    pub fn answer(&mut self, text: &str) -> Result<(), CliError> {
        self.answer.write_all(text.as_bytes()).and_then(|()| self.answer.flush()).map_err(CliError::Write)
    }

    /// How many columns the answer has: those of its terminal, else enough for a wide one.
    pub fn width(&self) -> usize {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
        size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(WIDE)
    }

    /// Writes bytes that are no text.
    ///
    /// # Errors
    ///
    /// As [`Output::answer`].
    pub fn answer_bytes(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(CliError::Write)
    }

    /// Says something beside the answer; a closed stderr is nobody's loss.
    pub fn talk(&mut self, text: &str) {
        let _unheard = self.talk.write_all(text.as_bytes()).and_then(|()| self.talk.flush());
    }

    /// Says something behind all that was said and answered before: each stream has a thread that writes to it.
    pub(crate) fn talk_last(&mut self, text: &str) {
        self.settle();
        self.talk(text);
    }

    /// Says why a command failed.
    pub fn failure(&mut self, error: &dyn Reason) {
        self.talk(&failure_text(error));
    }
}

/// An error as people read it: the sentence with its code, what it comes from, and what to do.
///
/// ```text
/// error: no mesh is running [context.none_running]
/// help: start one in another terminal: glasstunnel up
/// ```
pub fn failure_text(error: &dyn Reason) -> String {
    let mut text =
        format!("{ERROR}error{ERROR:#}{LABEL}:{LABEL:#} {error} {QUIET}[{}]{QUIET:#}\n", error.code());
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        // A sentence that holds its cause's words needs no second line for them.
        if !said.contains(&source.to_string()) {
            said = source.to_string();
            let _infallible = writeln!(text, "{LABEL}cause:{LABEL:#} {said}");
        }
        cause = source.source();
    }
    if let Some(hint) = error.hint() {
        let _infallible = writeln!(text, "{LABEL}help:{LABEL:#} {hint}");
    }
    text
}
