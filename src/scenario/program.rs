//! A real program as a client, run as if inside its workload.

use std::process::Stdio;

use tokio::process::Command;
use tokio::time::{Instant, timeout_at};

use crate::lab::Lab;
use crate::scenario::client::Client;
use crate::scenario::error::ScenarioError;
use crate::scenario::saw::Saw;

/// Variables that would lead a program around the mesh, as `exec` takes them away.
const LEAD_ASTRAY: [&str; 6] =
    ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY"];

/// Runs it until `deadline`.
///
/// # Errors
///
/// A program that cannot be run; an unknown name in `{captured NAME:PORT}` or `{hbone NAME}`.
pub(crate) async fn run(lab: &Lab, client: &Client, deadline: Instant) -> Result<Saw, ScenarioError> {
    let words: Vec<String> =
        client.command.iter().map(|word| filled(lab, word)).collect::<Result<_, ScenarioError>>()?;
    let door = lab.outbound(&client.from)?;
    let program = words.first().cloned().unwrap_or_default();
    let mut command = Command::new(&program);
    for variable in LEAD_ASTRAY {
        command.env_remove(variable);
    }
    command
        .args(words.iter().skip(1))
        .env("ALL_PROXY", format!("socks5h://{door}"))
        .env("all_proxy", format!("socks5h://{door}"))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    match timeout_at(deadline, command.output()).await {
        Ok(Ok(output)) => {
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text).into_owned();
            Ok(Saw { text, exit: output.status.code(), status: None })
        }
        Ok(Err(source)) => Err(ScenarioError::Program { client: client.name.clone(), program, source }),
        Err(_elapsed) => Ok(Saw::failed(None, "the program did not end in time")),
    }
}

/// A word with `{captured NAME:PORT}`, `{hbone NAME}` and `{outbound}`, the door for programs that say whom they stand for,
/// replaced by where these are on this machine.
fn filled(lab: &Lab, word: &str) -> Result<String, ScenarioError> {
    let Some((before, rest)) = word.split_once('{') else { return Ok(word.to_owned()) };
    let Some((inside, after)) = rest.split_once('}') else { return Ok(word.to_owned()) };
    let address = match inside.split_once(' ') {
        None if inside == "outbound" => lab.shared_door()?,
        Some(("hbone", name)) => lab.hbone(name)?,
        Some(("captured", place)) => {
            match place.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse().ok()?))) {
                Some((name, port)) => lab.captured(name, port)?,
                None => return Ok(word.to_owned()),
            }
        }
        _ => return Ok(word.to_owned()),
    };
    Ok(format!("{before}{address}{after}"))
}
