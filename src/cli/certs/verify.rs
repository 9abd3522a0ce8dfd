//! `certs verify`: would A accept B? The verifier of the wire is asked; this lays its answer out.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::SystemTime;

use anstyle::{AnsiColor, Style};

use crate::admin::{AcceptanceView, Document, List, json, yaml};
use crate::cli::args::{PeerRole, Story, VerifyArguments};
use crate::cli::certs::harmless::harmless;
use crate::cli::certs::party::party;
use crate::cli::certs::validity::left;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::identity::{CertificateSummary, Credential, SpiffeId, TrustBundle};
use crate::reason::Reason as _;
use crate::tls::{Acceptance, Checked, Expected, Found, Question, Revocations, Role, fits};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
/// What a mesh is called that nobody named.
const TRUST_DOMAIN: &str = "cluster.local";

/// Both parties, and what is known of the second.
struct Parties<'a> {
    arguments: &'a VerifyArguments,
    verifier: Credential,
    peer: Credential,
    leaf: Option<CertificateSummary>,
    now: SystemTime,
}

/// Asks, and tells; 1 if B is refused in a role that was asked about.
pub(crate) async fn run(arguments: &VerifyArguments, output: &mut Output) -> Result<Exit, CliError> {
    let context = arguments.context.as_deref();
    let peer = party(&arguments.peer, context).await?;
    let now = SystemTime::now();
    let parties = Parties {
        verifier: party(&arguments.verifier, context).await?,
        leaf: peer.chain.first().and_then(|der| CertificateSummary::parse(der).ok()),
        now: arguments.at.map_or(now, |at| at.from(now)),
        arguments,
        peer,
    };
    let roles = match arguments.role {
        Some(PeerRole::Client) => vec![Role::Server],
        Some(PeerRole::Server) => vec![Role::Client],
        None => vec![Role::Server, Role::Client],
    };
    let answers: Vec<_> =
        roles.into_iter().map(|role| Ok((role, parties.ask(role)?))).collect::<Result<_, CliError>>()?;
    let name = || parties.leaf.as_ref().and_then(|leaf| leaf.uris.first().cloned());
    let views = || answers.iter().map(|(role, answer)| AcceptanceView::of(*role, name(), answer)).collect();
    output.answer(&match arguments.output {
        Story::Text => {
            answers.iter().map(|(role, answer)| parties.text(*role, answer)).collect::<Vec<_>>().join("\n")
        }
        Story::Json => json(&Document::<List<AcceptanceView>>::list(views())),
        Story::Yaml => yaml(&Document::<List<AcceptanceView>>::list(views())),
    })?;
    let is_refused = answers.iter().any(|(_, answer)| answer.refused.is_some()) || parties.misfit().is_some();
    Ok(if is_refused { Exit::No } else { Exit::Done })
}

impl Parties<'_> {
    fn ask(&self, role: Role) -> Result<Acceptance, CliError> {
        let revocations = match &self.arguments.crl {
            Some(path) => Revocations::read(path)?,
            None => Revocations::default(),
        };
        let bundle = TrustBundle { trust_domain: self.trust_domain(), roots: self.verifier.roots.clone() };
        let question = Question {
            role,
            bundle: Arc::new(bundle),
            expected: match role {
                Role::Server => Expected::OurTrustDomain(self.arguments.alias.clone()),
                Role::Client => Expected::OneOf(self.expected()),
            },
            revocations: Arc::new(revocations),
            at: self.now,
        };
        let mut acceptance = question.ask(&self.peer.chain)?;
        for (check, found) in &mut acceptance.checks {
            if *found == Found::Good && self.is_idle(*check, role) {
                *found = Found::NotAsked;
            }
        }
        Ok(acceptance)
    }

    /// Whether nobody said what this check should hold B against.
    fn is_idle(&self, check: Checked, role: Role) -> bool {
        match check {
            Checked::Revocation => self.arguments.crl.is_none(),
            Checked::Expected => role == Role::Client && self.arguments.expect.is_empty(),
            _ => false,
        }
    }

    fn trust_domain(&self) -> String {
        let of = |party: &Credential| Some(identity(party)?.trust_domain().to_owned());
        let named = self.arguments.trust_domain.clone();
        named
            .or_else(|| of(&self.verifier))
            .or_else(|| of(&self.peer))
            .unwrap_or_else(|| TRUST_DOMAIN.to_owned())
    }

    /// Whom A dials: who nobody named is taken to be who B says.
    fn expected(&self) -> Vec<SpiffeId> {
        match self.arguments.expect.as_slice() {
            [] => identity(&self.peer).into_iter().collect(),
            named => named.to_vec(),
        }
    }

    /// Why B could not prove that its certificate is its own.
    fn misfit(&self) -> Option<String> {
        let key = self.peer.key.as_ref().filter(|_| !self.peer.chain.is_empty())?;
        fits(&self.peer.chain, key).err().map(|error| error.cause().to_string())
    }

    fn text(&self, role: Role, acceptance: &Acceptance) -> String {
        let (verifier, peer) = (&self.arguments.verifier, &self.arguments.peer);
        let (mine, theirs) = match role {
            Role::Server => ("server", "client"),
            Role::Client => ("client", "server"),
        };
        let verdict = if acceptance.refused.is_none() { "accepted" } else { "refused" };
        let mut text = format!("{verifier} (the {mine}) meets {peer} as a {theirs}: {verdict}\n");
        match (self.peer.key.is_some(), self.misfit()) {
            (false, _) => {}
            (true, None) => text += &line(&Found::Good, "key", "fits its certificate"),
            (true, Some(problem)) => text += &marked(BAD, '✗', "key", &problem),
        }
        for (check, found) in &acceptance.checks {
            let says = match found {
                Found::Good => self.good(*check, role),
                Found::Bad(cause) => cause.to_string(),
                Found::NotReached => "not reached".to_owned(),
                Found::NotAsked if *check == Checked::Revocation => "no list was given (--crl)".to_owned(),
                Found::NotAsked => "taken to be whom A dials (--expect)".to_owned(),
            };
            text += &line(found, label(*check), &says);
        }
        if let Some(refused) = &acceptance.refused {
            let alert = refused
                .alert_sent()
                .map_or_else(|| "nothing".to_owned(), |alert| format!("the alert {alert}, and no more"));
            let _infallible = writeln!(text, "  {peer} hears {alert}");
            let _infallible =
                writeln!(text, "  {verifier} logs {} [{}]", harmless(&refused.to_string()), refused.code());
            text.extend(refused.hint().map(|hint| format!("  next: {hint}\n")));
        }
        text
    }

    /// What was found where nothing is wrong.
    fn good(&self, check: Checked, role: Role) -> String {
        let Some(leaf) = &self.leaf else { return String::new() };
        match check {
            Checked::Identity => format!("one URI SAN, {}", leaf.uris.concat()),
            Checked::NoCa => "CA:FALSE".to_owned(),
            Checked::NoSigner => format!("may not sign: {}", leaf.key_usage),
            Checked::Expected if role == Role::Server => {
                format!("of the trust domain {}", self.trust_domain())
            }
            Checked::Expected => "is the one that is expected".to_owned(),
            Checked::Dates => left(leaf.not_before, leaf.not_after, self.now),
            Checked::Purpose => format!("good for {}", leaf.extended_key_usage.replace("none", "anything")),
            Checked::Path => {
                let (sent, issuer) = (self.peer.chain.len(), &leaf.issuer);
                format!("{sent} sent, issued by {issuer}, leads to a root of {}", self.arguments.verifier)
            }
            Checked::Revocation => "on no list".to_owned(),
        }
    }
}

fn identity(party: &Credential) -> Option<SpiffeId> {
    let summary = CertificateSummary::parse(party.chain.first()?).ok()?;
    summary.uris.first()?.parse().ok()
}

fn label(check: Checked) -> &'static str {
    match check {
        Checked::Identity => "identity",
        Checked::NoCa => "no CA",
        Checked::NoSigner => "no signer",
        Checked::Expected => "expected",
        Checked::Dates => "dates",
        Checked::Purpose => "purpose",
        Checked::Path => "path",
        Checked::Revocation => "revocation",
    }
}

fn line(found: &Found, label: &str, says: &str) -> String {
    match found {
        Found::Good => marked(GOOD, '✓', label, says),
        Found::Bad(_) => marked(BAD, '✗', label, says),
        Found::NotReached | Found::NotAsked => marked(Style::new(), '·', label, says),
    }
}

fn marked(style: Style, mark: char, label: &str, says: &str) -> String {
    format!("  {style}{mark}{style:#} {label:<10}  {}\n", harmless(says))
}
