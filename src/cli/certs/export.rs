//! `certs export`: a workload's certificate in files, and lines that use it with programs that know nothing of the mesh.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::admin::{Client, CommandView, Document, ExportView, MeshInfo, WorkloadView, choose, json, yaml};
use crate::cli::args::{ExportArguments, Story};
use crate::cli::borrowed::{Terms, borrow};
use crate::cli::certs::destination::Destination;
use crate::cli::certs::one_liners::{OneLiner, Papers, curl_speaks_hbone};
use crate::cli::certs::validity::left;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::identity::{Existing, Svid, write_svid};

/// Borrows, writes, and says what to do with it.
pub(crate) async fn run(arguments: &ExportArguments, output: &mut Output) -> Result<Exit, CliError> {
    let client = Client::of(choose(arguments.context.as_deref())?);
    let workload = client.workload(&arguments.workload).await?;
    let workloads = client.workloads().await?;
    let destination = match &arguments.to {
        Some(to) => Destination::named(to, &client).await?,
        None => Destination::best(&workloads, &workload),
    };
    let folder = arguments.dir.clone().unwrap_or_else(|| PathBuf::from(workload.dotted()));
    let existing = if arguments.force { Existing::Replaced } else { Existing::Kept };
    let terms = Terms { life: arguments.ttl, force: arguments.force };
    let svid = borrow(&client, &arguments.workload, terms).await?;
    write_svid(&folder, &svid, existing)?;
    let info = client.info().await?;
    let lines = lines(&Papers::of(&folder), &destination, outsider(&info, &workloads)).await;
    let view = view(&folder, &svid, &lines);
    output.answer(&match arguments.output {
        Story::Text => text(&view, &svid),
        Story::Json => json(&Document::one(view)),
        Story::Yaml => yaml(&Document::one(view)),
    })?;
    Ok(Exit::Done)
}

/// The words before a command that has to run where the doors can be reached: in pods, whatever is outside the mesh is in a
/// network of its own, too, and nobody captures its connections.
fn outsider(info: &MeshInfo, workloads: &[WorkloadView]) -> String {
    let elsewhere = |workload: &&WorkloadView| workload.network_namespace.is_some();
    let outside = workloads.iter().filter(elsewhere).find(|workload| !workload.in_mesh());
    outside
        .map(|workload| format!("glasstunnel exec --context {} {} -- ", info.context, workload.dotted()))
        .unwrap_or_default()
}

/// Everything that works here.
async fn lines(papers: &Papers, to: &Destination, before: String) -> Vec<OneLiner> {
    let mut lines = Vec::new();
    let mut add = |does: String, command: String| {
        lines.push(OneLiner { does, command: format!("{before}{command}") });
    };
    if let Some(door) = to.hbone {
        let does = format!("HBONE's handshake with {}, as a peer's proxy begins it", to.name);
        add(does, papers.openssl(&door.to_string()));
    }
    if let Some((port, captured)) = to.strict {
        let (host, ip) = (&to.name, captured.ip());
        let resolve = match captured.port() == port {
            true => format!("--resolve {host}:{port}:{ip} "),
            false => format!("--connect-to {host}:{port}:{captured} "),
        };
        let does = format!("{host} port {port} is STRICT: it takes any TLS that shows a mesh certificate");
        add(does, papers.curl(&format!("https://{host}:{port}/"), &resolve));
    }
    if let (Some(door), Some(at)) = (to.hbone, to.mesh)
        && curl_speaks_hbone().await
    {
        let does =
            format!("HBONE itself: a CONNECT for {} port {} in HTTP/2 in mutual TLS", to.name, at.port());
        add(does, papers.curl_over_hbone(door, at));
    }
    lines
}

fn view(folder: &Path, svid: &Svid, lines: &[OneLiner]) -> ExportView {
    let file = |name: &str| folder.join(name).display().to_string();
    let command = |line: &OneLiner| CommandView { does: line.does.clone(), command: line.command.clone() };
    ExportView::of(
        svid,
        [file("cert-chain.pem"), file("key.pem"), file("root-cert.pem")],
        lines.iter().map(command).collect(),
    )
}

fn text(view: &ExportView, svid: &Svid) -> String {
    let ExportView { identity, chain, key, roots, commands, .. } = view;
    let width = [chain, key, roots].map(|name| name.chars().count()).into_iter().max().unwrap_or_default();
    let sent = match svid.chain.len() {
        1 => "1 certificate".to_owned(),
        count => format!("{count} certificates"),
    };
    let mut text = format!(
        "{identity}: {}, serial {}\n\
         \x20 {chain:<width$}  {sent} to send\n\
         \x20 {key:<width$}  its key, made here, mode 0600: who reads it is that workload\n\
         \x20 {roots:<width$}  whom to trust\n",
        left(svid.not_before, svid.not_after, SystemTime::now()),
        svid.serial,
    );
    if commands.is_empty() {
        text += "no workload of the mesh has a door here to try it at\n";
    }
    for CommandView { does, command } in commands {
        text += &format!("\n  # {does}\n  {command}\n");
    }
    text
}
