//! The README's session is what the real program prints: its commands are run, its output is compared.

use crate::netns::bridge;
use crate::up::Up;

/// Numbers differ from run to run (times, ports, serials); the words and their order do not.
fn words(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut last = ' ';
        for letter in line.trim().chars() {
            let letter = if letter.is_ascii_digit() { 'N' } else { letter };
            if !((letter == 'N' && last == 'N') || (letter == ' ' && last == ' ')) {
                out.push(letter);
            }
            last = letter;
        }
        out.push('\n');
    }
    // `1.9ms` or `1ms` or `901 µs`: any length of time.
    out.replace("N.N", "N")
        .replace("N.N", "N")
        .replace("Nms", "N s")
        .replace("N µs", "N s")
        .replace("Ns", "N s")
}

/// The commands of the block that follows `marker`, each with what it prints.
pub(crate) fn session<'a>(readme: &'a str, marker: &str) -> Vec<(&'a str, String)> {
    let (_, after) = readme.split_once(marker).unwrap();
    let (_, block) = after.split_once("```console\n").unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    let mut commands: Vec<(&str, String)> = Vec::new();
    for line in block.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => commands.push((command, String::new())),
            None => {
                let (_, output) = commands.last_mut().unwrap();
                output.push_str(line);
                output.push('\n');
            }
        }
    }
    commands
}

#[tokio::test]
async fn the_session_in_the_readme_is_true() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let up = Up::start(&[]).await;
    let (_, block) = readme.split_once("```text\n").unwrap();
    let (banner, _) = block.split_once("TIME ").unwrap();
    assert_eq!(words(&up.plain_banner()), words(banner), "up prints:\n{}", up.banner);
    let mut commands = session(&readme, "<!-- session: tests/it/readme.rs -->");
    commands.extend(session(&readme, "<!-- session: policy -->"));
    commands.extend(session(&readme, "<!-- session: certs -->"));
    assert!(commands.len() >= 13, "a session is gone");
    hold(&up, commands).await;
}

#[tokio::test]
async fn the_session_in_pods_is_true() {
    if bridge("the_session_in_pods_is_true").is_none() {
        return;
    }
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let commands = session(&readme, "<!-- session: pods -->");
    assert!(commands.len() >= 5, "the session is gone");
    hold(&Up::start(&["--netns"]).await, commands).await;
}

/// Each command prints what is said of it.
async fn hold(up: &Up, commands: Vec<(&str, String)>) {
    for (command, expected) in commands {
        let mut arguments = command.split_whitespace().map(|word| word.trim_matches('\''));
        assert_eq!(arguments.next(), Some("glasstunnel"), "{command}");
        let subcommand = arguments.next().unwrap();
        let rest: Vec<&str> = arguments.collect();
        // `config` has nouns and `certs` verbs, and the context belongs to those.
        let of = if ["config", "certs"].contains(&subcommand) { rest.split_at(1) } else { rest.split_at(0) };
        let command_words: Vec<&str> = [&[subcommand][..], of.0].concat();
        let mut printed = String::new();
        // A record is whole a moment after the program that caused it has ended; only questions are asked again.
        let tries = if ["config", "explain"].contains(&subcommand) { 100 } else { 1 };
        for _ in 0..tries {
            let ran = up.ask(&command_words, of.1).await;
            printed = format!("{}{}", ran.out, ran.err);
            if words(&printed) == words(&expected) {
                break;
            }
        }
        assert_eq!(words(&printed), words(&expected), "{command} prints:\n{printed}");
    }
}
