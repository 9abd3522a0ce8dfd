//! What `why` takes.

use clap::Args;

use crate::cli::args::answer::Story;
use crate::cli::examples;

/// What `why` takes.
#[derive(Debug, Args)]
#[command(after_help = examples::WHY, arg_required_else_help = true)]
pub struct WhyArguments {
    /// What somebody said: a message, a line, a number, a code, a row's id; `-` for a log on stdin
    #[arg(value_name = "TEXT|-", required = true)]
    pub text: Vec<String>,
    /// How many causes to tell [default: 5]
    #[arg(short = 'n', long, value_name = "N", default_value_t = 5, conflicts_with = "all")]
    #[arg(hide_default_value = true)]
    pub limit: usize,
    /// All causes
    #[arg(long)]
    pub all: bool,
    /// text, json or yaml [default: text]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Story::Text)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Story,
}
