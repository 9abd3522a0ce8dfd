//! What `repro` and `test` take.

use std::path::PathBuf;
use std::str::FromStr as _;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::args::answer::Story;
use crate::cli::args::certs::Moment;
use crate::cli::examples;
use crate::knowledge::Area;
use crate::mesh::nearest;

/// What `repro` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::REPRO, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct ReproArguments {
    /// What to do with the catalogue.
    #[command(subcommand)]
    pub command: ReproCommand,
}

/// What to do with the catalogue.
#[derive(Debug, Subcommand)]
pub enum ReproCommand {
    /// List the failures that can be reproduced
    #[command(after_help = examples::REPRO_LIST)]
    List(ReproListArguments),
    /// Say what is known of one failure, and how it is set up here
    #[command(after_help = examples::REPRO_SHOW, arg_required_else_help = true)]
    Show(ReproShowArguments),
    /// Make it happen: what was expected against what was observed, at both ends
    #[command(after_help = examples::REPRO_RUN, arg_required_else_help = true)]
    Run(ReproRunArguments),
    /// Apply its fix: what changes, and the same connections before and after
    #[command(after_help = examples::REPRO_FIX, arg_required_else_help = true)]
    Fix(FixArguments),
}

/// What `repro list` takes.
#[derive(Debug, Args)]
pub struct ReproListArguments {
    /// policy, certificates, tls, hbone, tcp, authz or topology [default: all]
    #[arg(long, value_name = "AREA", value_parser = area)]
    pub area: Option<Area>,
    /// text, json or yaml [default: text]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Story::Text)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Story,
}

/// An area by its name.
fn area(text: &str) -> Result<Area, String> {
    let names = Area::ALL.map(|area| area.to_string());
    let found = Area::ALL.into_iter().find(|area| area.to_string() == text);
    found.ok_or_else(|| {
        let (last, others) = names
            .split_last()
            .map_or((String::new(), String::new()), |(last, others)| (last.clone(), others.join(", ")));
        let near =
            nearest(text, names.iter().map(String::as_str)).map(|near| format!("; did you mean `{near}`?"));
        format!("expected {others} or {last}{}", near.unwrap_or_default())
    })
}

/// What `repro show` takes.
#[derive(Debug, Args)]
pub struct ReproShowArguments {
    /// An id or a name: B25, unknown-ca-different-root
    #[arg(value_name = "ID")]
    pub id: String,
    /// text, or yaml: a file that `glasstunnel test` runs [default: text]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Catalogue::Text)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Catalogue,
}

/// The form of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Catalogue {
    /// For people
    #[default]
    Text,
    /// The mesh and the scenario
    Yaml,
}

/// How scenarios are played.
#[derive(Debug, Args)]
pub struct PlayArguments {
    /// Draw each connection
    #[arg(long)]
    pub trace: bool,
    /// Write the connections to a file that Wireshark opens decrypted; it holds their keys
    #[arg(long, value_name = "FILE")]
    pub capture: Option<PathBuf>,
    /// At another time, by all clocks of the mesh: +25h, -1h or 2026-11-21T06:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = Moment::from_str, allow_hyphen_values = true)]
    pub at: Option<Moment>,
    /// Leave the mesh running until Ctrl-C
    #[arg(long)]
    pub keep: bool,
    /// text or json [default: text]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Story::Text)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Story,
}

/// What `repro run` takes.
#[derive(Debug, Args)]
pub struct ReproRunArguments {
    /// Ids or names, or all
    #[arg(value_name = "ID…|all", required = true)]
    pub ids: Vec<String>,
    /// How many run beside each other [default: 4]
    #[arg(short, long, value_name = "N", default_value_t = 4, hide_default_value = true)]
    pub jobs: usize,
    /// Do all of it N times; any difference between two rounds is an error, too [default: 1]
    #[arg(long, value_name = "N", default_value_t = 1, hide_default_value = true, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub times: u32,
    /// How they are played.
    #[command(flatten)]
    pub play: PlayArguments,
}

/// What `repro fix` takes.
#[derive(Debug, Args)]
pub struct FixArguments {
    /// An id or a name
    #[arg(value_name = "ID")]
    pub id: String,
    /// How it is played.
    #[command(flatten)]
    pub play: PlayArguments,
}

/// What `test` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::TEST, arg_required_else_help = true)]
pub struct TestArguments {
    /// YAML with scenarios, and the documents of their mesh
    #[arg(value_name = "FILE|DIR", required = true)]
    pub files: Vec<PathBuf>,
    /// Documents that all scenarios have in common: your mesh
    #[arg(short = 'f', long = "file", value_name = "FILE|DIR")]
    pub mesh: Vec<PathBuf>,
    /// Only the scenarios of these names
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// How many run beside each other [default: 4]
    #[arg(short, long, value_name = "N", default_value_t = 4, hide_default_value = true)]
    pub jobs: usize,
    /// Play the fix of each scenario that has one instead
    #[arg(long)]
    pub fixed: bool,
    /// Print all that is observed, as YAML to expect it
    #[arg(long)]
    pub observe: bool,
    /// text, json or junit [default: text]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Outcome::Text)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Outcome,
}

/// The form of a suite's outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Outcome {
    /// For people
    #[default]
    Text,
    /// One document
    Json,
    /// XML as CI systems read it
    Junit,
}
