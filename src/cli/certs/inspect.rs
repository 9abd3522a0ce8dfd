//! `certs inspect`: what certificates say, SPIFFE first. Nothing in them is believed, and no key is shown.

use std::fmt::Write as _;
use std::time::SystemTime;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::admin::{Document, InspectedView, InspectionView, List, LookView, json, yaml};
use crate::cli::args::{Alpn, InspectArguments, Shape};
use crate::cli::certs::harmless::harmless;
use crate::cli::certs::party::{Files, Target, party, target};
use crate::cli::certs::validity::validity;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::identity::{CertificateDer, CertificateSummary, encode_certificates};
use crate::tls::{ClientOffer, Look, Looker, look};

/// What was found in one place.
struct Inspection {
    source: String,
    server: Option<LookView>,
    others: Vec<String>,
    certificates: Vec<(CertificateDer, CertificateSummary)>,
}

/// Reads, and tells.
pub(crate) async fn run(arguments: &InspectArguments, output: &mut Output) -> Result<Exit, CliError> {
    let context = arguments.context.as_deref();
    let inspections = match target(&arguments.target, context).await? {
        Target::Files(files) => of_files(files)?,
        Target::Server { host, port } => {
            let look = shown(&host, port, arguments).await?;
            let server = Some(LookView::of(&look));
            vec![inspection(arguments.target.clone(), server, Vec::new(), look.chain)?]
        }
    };
    let now = SystemTime::now();
    let views = || inspections.iter().map(|found| found.view(now)).collect();
    output.answer(&match arguments.output {
        Shape::Text => {
            inspections.iter().map(|found| found.text(&inspections, now)).collect::<Vec<_>>().join("\n")
        }
        Shape::Json => json(&Document::<List<InspectionView>>::list(views())),
        Shape::Yaml => yaml(&Document::<List<InspectionView>>::list(views())),
        Shape::Pem => inspections.iter().map(Inspection::pem).collect(),
    })?;
    Ok(Exit::Done)
}

/// What the server at `host` and `port` shows.
async fn shown(host: &str, port: u16, arguments: &InspectArguments) -> Result<Look, CliError> {
    let client = match &arguments.client {
        Some(path) => Some(party(&path.display().to_string(), None).await?),
        None => None,
    };
    let looker = Looker {
        name: arguments.sni.clone().unwrap_or_else(|| host.to_owned()),
        offer: match arguments.alpn {
            Alpn::H2 => ClientOffer::Hbone,
            Alpn::Istio => ClientOffer::Istio,
            Alpn::None => ClientOffer::None,
        },
        client,
    };
    server(host, port, &looker, Instant::now() + arguments.timeout).await
}

/// Dials and looks.
pub(crate) async fn server(
    host: &str,
    port: u16,
    looker: &Looker,
    deadline: Instant,
) -> Result<Look, CliError> {
    let failed = |source| CliError::Dial { at: format!("{host}:{port}"), source };
    let dialled = timeout_at(deadline, TcpStream::connect((host, port))).await;
    let stream = dialled.unwrap_or_else(|late| Err(late.into())).map_err(failed)?;
    Ok(look(stream, looker, deadline).await?)
}

fn of_files(files: Files) -> Result<Vec<Inspection>, CliError> {
    let read = files.into_iter().map(|(path, material)| {
        inspection(path.display().to_string(), None, material.others, material.certificates)
    });
    read.collect()
}

fn inspection(
    source: String,
    server: Option<LookView>,
    others: Vec<String>,
    certificates: Vec<CertificateDer>,
) -> Result<Inspection, CliError> {
    let read = |der: CertificateDer| Ok((der.clone(), CertificateSummary::parse(&der)?));
    let certificates = certificates.into_iter().map(read).collect::<Result<_, CliError>>()?;
    Ok(Inspection { source, server, others, certificates })
}

impl Inspection {
    fn view(&self, now: SystemTime) -> InspectionView {
        let certificates = self.certificates.iter();
        InspectionView {
            source: self.source.clone(),
            server: self.server.clone(),
            others: self.others.clone(),
            certificates: certificates.map(|(der, said)| InspectedView::of(der, said, now)).collect(),
        }
    }

    fn pem(&self) -> String {
        let ders: Vec<_> = self.certificates.iter().map(|(der, _)| der.clone()).collect();
        encode_certificates(&ders)
    }

    fn text(&self, all: &[Self], now: SystemTime) -> String {
        let count = match self.certificates.len() {
            1 => "1 certificate".to_owned(),
            count => format!("{count} certificates"),
        };
        let others = match self.others.as_slice() {
            [] => String::new(),
            others => format!(", {} (not shown)", others.join(", ")),
        };
        let mut text = format!("{}: {count}{others}\n", self.source);
        if let Some(server) = &self.server {
            text += &handshake(server);
        }
        for (place, (_, said)) in self.certificates.iter().enumerate() {
            text += &self.certificate((place, said), all, now);
        }
        text
    }

    fn certificate(
        &self,
        (place, said): (usize, &CertificateSummary),
        all: &[Self],
        now: SystemTime,
    ) -> String {
        let role = match (said.is_ca, said.subject == said.issuer) {
            (false, _) => "leaf",
            (true, true) => "root",
            (true, false) => "intermediate",
        };
        let name = said.uris.first().unwrap_or(&said.subject);
        let mut lines = vec![
            ("issuer", format!("{}{}", said.issuer, self.signer(said, all))),
            ("serial", said.serial.clone()),
            ("valid", validity(said.not_before, said.not_after, now)),
            ("usage", format!("{} · {}", said.extended_key_usage, said.key_usage)),
            ("key", key(said)),
            ("names", names(said)),
            ("CA", if said.is_ca { "yes" } else { "no" }.to_owned()),
        ];
        if !said.subject.is_empty() && !said.uris.is_empty() {
            lines.insert(0, ("subject", said.subject.clone()));
        }
        let mut text = format!("\n  {}  {role:<8} {}\n", place + 1, harmless(name));
        for (label, line) in lines {
            let _infallible = writeln!(text, "     {label:<8} {}", harmless(&line));
        }
        text
    }

    /// Which certificate has the issuer's name and key: one of the same place, or else of another that was looked at.
    fn signer(&self, said: &CertificateSummary, all: &[Self]) -> String {
        if said.subject == said.issuer && said.is_ca {
            return " (itself)".to_owned();
        }
        let signed = |(_, other): &(CertificateDer, CertificateSummary)| {
            let same_key = said.issuer_key_id.is_none() || said.issuer_key_id == other.key_id;
            other.subject == said.issuer && same_key && other.is_ca
        };
        if let Some(place) = self.certificates.iter().position(signed) {
            return format!(" (certificate {})", place + 1);
        }
        match all.iter().find(|other| other.certificates.iter().any(signed)) {
            Some(other) => format!(" (in {})", other.source),
            None => " (not here)".to_owned(),
        }
    }
}

fn handshake(server: &LookView) -> String {
    let alpn = server.alpn.as_deref().unwrap_or("none");
    let asks = match (server.asks_for_certificate, server.certificate_authorities.as_slice()) {
        (false, _) => "asks for no client certificate".to_owned(),
        (true, []) => "asks for a client certificate of any CA".to_owned(),
        (true, names) => format!("asks for a client certificate of {}", names.join(" or ")),
    };
    let mut text = format!(
        "  {} {} {} · ALPN {} · {}\n",
        server.version,
        server.suite,
        server.group,
        harmless(alpn),
        harmless(&asks)
    );
    if let Some(alert) = &server.alert {
        let _infallible = writeln!(text, "  after the handshake it refused us with the alert {alert}");
    }
    text
}

fn key(said: &CertificateSummary) -> String {
    let id = said.key_id.as_deref().map(|id| format!(" · id {id}")).unwrap_or_default();
    format!("{}{id}", said.public_key)
}

/// How many names there are; those that were not shown already are named.
fn names(said: &CertificateSummary) -> String {
    let count = |number: usize, noun: &str| match number {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    };
    let more: Vec<_> = said.uris.iter().skip(1).chain(&said.other_names).cloned().collect();
    let counted = match (said.uris.len(), said.other_names.len()) {
        (0, 0) => return "none".to_owned(),
        (uris, 0) => count(uris, "URI"),
        (0, others) => count(others, "other name"),
        (uris, others) => format!("{}, {}", count(uris, "URI"), count(others, "other name")),
    };
    let more = if more.is_empty() { String::new() } else { format!(": {}", more.join(", ")) };
    format!("{counted}{more}")
}
