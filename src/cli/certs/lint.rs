//! `certs lint`: what is wrong with certificates before anybody meets them, and who would refuse it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anstyle::{AnsiColor, Style};
use tokio::time::Instant;

use crate::admin::{Document, LintFindingView, LintView, json, yaml};
use crate::analyze::{CertificateFinding, Intent, Level, lint_files};
use crate::cli::args::{LintArguments, Story};
use crate::cli::certs::inspect::server;
use crate::cli::certs::party::{Files, Target, target};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::identity::Material;
use crate::tls::{ClientOffer, Looker};

/// How long a server may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks, and tells; 1 if there is an error among the findings.
pub(crate) async fn run(arguments: &LintArguments, output: &mut Output) -> Result<Exit, CliError> {
    let files = match target(&arguments.target, arguments.context.as_deref()).await? {
        Target::Files(files) => files,
        Target::Server { host, port } => of_server(&arguments.target, (host, port)).await?,
    };
    let intent = Intent { role: arguments.role, trust_domain: arguments.trust_domain.clone() };
    let found = lint_files(&arguments.target, &joined(files), &intent, SystemTime::now())?;
    let count = |level| found.iter().filter(|(_, finding)| finding.rule.level == level).count();
    let view = LintView {
        errors: count(Level::Error),
        warnings: count(Level::Warning),
        infos: count(Level::Info),
        findings: found.iter().map(|(source, finding)| LintFindingView::of(source, finding)).collect(),
    };
    let exit = if view.errors > 0 { Exit::No } else { Exit::Done };
    match arguments.output {
        Story::Text => {
            output
                .answer(&found.iter().map(|(source, finding)| text(source, finding)).collect::<String>())?;
            output.talk(&summary(&view, &arguments.target));
        }
        Story::Json => output.answer(&json(&Document::one(view)))?,
        Story::Yaml => output.answer(&yaml(&Document::one(view)))?,
    }
    Ok(exit)
}

async fn of_server(target: &str, (host, port): (String, u16)) -> Result<Files, CliError> {
    let looker = Looker { name: host.clone(), offer: ClientOffer::Hbone, client: None };
    let look = server(&host, port, &looker, Instant::now() + PATIENCE).await?;
    let material = Material { certificates: look.chain, ..Material::default() };
    Ok(vec![(PathBuf::from(target), material)])
}

/// What the owner of a folder's key shows, in Istio's agent and its `cacerts`, and in a Kubernetes secret. `ca-cert.pem`
/// comes first: beside it, `cert-chain.pem` may hold what is above.
const CHAINS: [&str; 3] = ["ca-cert.pem", "cert-chain.pem", "tls.crt"];

/// A folder's only key belongs to the chain there, whatever file each is in.
fn joined(mut files: Files) -> Files {
    let keys: Vec<_> = files.iter().filter_map(|(_, material)| material.key.clone()).collect();
    let chain = files
        .iter_mut()
        .find(|(path, _)| path.file_name().is_some_and(|name| CHAINS.iter().any(|chain| name == *chain)));
    if let ([key], Some((_, material))) = (keys.as_slice(), chain) {
        material.key.get_or_insert_with(|| key.clone());
    }
    files
}

fn text(source: &str, finding: &CertificateFinding) -> String {
    let rule = finding.rule;
    let style = match rule.level {
        Level::Error => AnsiColor::Red.on_default().bold(),
        Level::Warning => AnsiColor::Yellow.on_default().bold(),
        Level::Info => Style::new().bold(),
    };
    let place = finding.place.map(|place| format!(" certificate {}", place + 1)).unwrap_or_default();
    let mut text =
        format!("{style}{}{style:#} [{}] ({source}{place}) {}\n", rule.level, rule.id, finding.message);
    for refusal in rule.refused_by {
        let _infallible = writeln!(text, "  refused by {refusal}");
    }
    let _infallible = writeln!(text, "  fix: {}", rule.fix);
    text
}

fn summary(view: &LintView, target: &str) -> String {
    let count = |number, noun: &str| match number {
        0 => None,
        1 => Some(format!("1 {noun}")),
        number => Some(format!("{number} {noun}s")),
    };
    let counts = [count(view.errors, "error"), count(view.warnings, "warning"), count(view.infos, "remark")];
    match counts.into_iter().flatten().collect::<Vec<_>>().as_slice() {
        [] => format!("✔ Nothing wrong with the certificates of {target}.\n"),
        counts => format!("{} in {target}\n", counts.join(", ")),
    }
}
