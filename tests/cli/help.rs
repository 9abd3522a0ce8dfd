//! Every `--help`, as a terminal of 100 columns shows it.

use clap::{Command, CommandFactory};
use glasstunnel::cli::Arguments;

use crate::golden;

/// A terminal beside an editor.
const WIDTH: usize = 100;

#[test]
fn every_help_reads_well() {
    let mut command = Arguments::command().term_width(WIDTH);
    command.build();
    let helps = helps(&mut command, "glasstunnel");
    assert_eq!(helps.len(), 42, "a command came or went");
    for (name, help) in &helps {
        golden::check(&format!("help-{name}"), help);
    }
    for (name, help) in &helps {
        assert!(help.contains("Examples:\n"), "{name} has no examples");
        let too_long: Vec<_> = help.lines().filter(|line| line.chars().count() > WIDTH).collect();
        assert!(too_long.is_empty(), "{name}: {too_long:#?}");
    }
}

/// The help of `command` and of every command below it that people are told of.
fn helps(command: &mut Command, name: &str) -> Vec<(String, String)> {
    let mut helps = vec![(name.to_owned(), command.render_help().to_string())];
    for sub in command.get_subcommands_mut().filter(|sub| !sub.is_hide_set()) {
        let name = format!("{name}-{}", sub.get_name());
        helps.extend(self::helps(sub, &name));
    }
    helps
}
