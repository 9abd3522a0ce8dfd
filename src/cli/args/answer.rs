//! How an answer is wanted: which part of a list, and in which form.

use clap::{Args, ValueEnum};

/// How to list.
#[derive(Clone, Debug, Args)]
pub struct ListArguments {
    /// Only this namespace [default: all]
    #[arg(short, long, value_name = "NS")]
    pub namespace: Option<String>,
    /// table, wide, json, yaml, jsonl (a line per item) or name [default: table]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub output: Format,
    /// Leave the header line out
    #[arg(long)]
    pub no_headers: bool,
    /// Which running mesh [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns for people; istioctl calls it short
    #[default]
    #[value(alias = "short")]
    Table,
    /// The same with more columns at the end
    Wide,
    /// One document
    Json,
    /// One line of JSON per item
    Jsonl,
    /// One document
    Yaml,
    /// One name a line
    Name,
}

/// The form of a connection's story.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Story {
    /// Both lanes for people
    #[default]
    Text,
    /// One document
    Json,
    /// One document
    Yaml,
}
