//! `kind: Scenario`, read.

use crate::identity::SpiffeId;
use crate::resources::{Fields, LoadErrors, Node, Objects, OwnDocument, Problem};
use crate::scenario::client::Client;
use crate::scenario::definition::{Certificate, Scenario};
use crate::scenario::read_client::{bends, client};
use crate::scenario::read_expected::expected;
use crate::scenario::read_fault::{ahead, faults};
use crate::scenario::read_step::{When, keys, of, steps};
use crate::scenario::settings::ScenarioSettings;
use crate::scenario::step::Step;
use crate::scenario::value::{choice, duration, list, parsed, wrong};

const SPEC: [&str; 8] =
    ["title", "plainTools", "certificates", "faults", "settings", "clients", "afterwards", "fix"];
const FIX: [&str; 9] =
    ["title", "documents", "delete", "certificates", "faults", "settings", "clients", "afterwards", "expect"];
const SETTINGS: [&str; 12] = [
    "semantics",
    "certificateTtl",
    "rootTtl",
    "at",
    "intermediate",
    "silence",
    "handshake",
    "dial",
    "answer",
    "idle",
    "pingInterval",
    "pingTimeout",
];

/// Reads one scenario, whose mesh is `objects`.
pub(crate) fn scenario(document: &OwnDocument, objects: &Objects) -> Result<Scenario, LoadErrors> {
    let fields = of(document, document.fields())?;
    let mut scenario = base(document, fields, objects)?;
    let spec = of(document, fields.map("spec"))?;
    if let Some(found) = spec.get("fix") {
        let fix = of(document, Fields::of(found.node(), "fix"))?;
        scenario.fix = Some(Box::new(fixed(document, &scenario, fix)?));
    }
    Ok(scenario)
}

fn base(document: &OwnDocument, fields: Fields<'_>, objects: &Objects) -> Result<Scenario, LoadErrors> {
    let (name, spec) = of(document, head(fields))?;
    let (clients, afterwards) = clients(document, spec, objects.clone())?;
    let rest = |spec: Fields<'_>| {
        Ok(Scenario {
            name: name.to_owned(),
            source: document.source(fields.at()),
            title: spec.text("title")?.unwrap_or_default().to_owned(),
            plain_tools: list(spec, "plainTools")?,
            objects: objects.clone(),
            certificates: certificates(spec)?,
            faults: faults(document, spec.list("faults")?)?,
            settings: settings(spec.map("settings")?)?,
            clients,
            afterwards,
            fix: None,
        })
    };
    of(document, rest(spec))
}

/// Its name, and what it is.
fn head(fields: Fields<'_>) -> Result<(&str, Fields<'_>), Problem> {
    fields.only(&["apiVersion", "kind", "metadata", "spec"])?;
    let metadata = fields.map("metadata")?;
    metadata.only(&["name", "labels", "annotations"])?;
    let spec = fields.map("spec")?;
    spec.only(&SPEC)?;
    if spec.list("clients")?.is_empty() {
        return Err(wrong(
            spec.at(),
            "expected at least one client in `clients`, found none".to_owned(),
            None,
        ));
    }
    Ok((metadata.required_text("name")?, spec))
}

/// The scenario with what the fix replaces. What it does not name stays as it was.
fn fixed(document: &OwnDocument, broken: &Scenario, fix: Fields<'_>) -> Result<Scenario, LoadErrors> {
    of(document, fix.only(&FIX))?;
    let documents = Objects::within(document, of(document, fix.list("documents"))?)?;
    let deleted = match fix.get("delete") {
        Some(found) => of(document, keys(found.node(), &broken.objects))?,
        None => Vec::new(),
    };
    let objects = broken.objects.without(&deleted).with(&documents).0;
    let mut fixed = Scenario { objects: objects.clone(), ..broken.clone() };
    of(document, replace(document, &mut fixed, fix))?;
    if fix.get("clients").is_some() {
        (fixed.clients, fixed.afterwards) = clients(document, fix, objects)?;
    } else if fix.get("afterwards").is_some() {
        fixed.afterwards = clients(document, fix, objects)?.1;
    }
    if let Some(found) = fix.get("expect") {
        let expect = Fields::of(found.node(), "expect").and_then(expected);
        let expect = of(document, expect)?;
        fixed.clients.iter_mut().for_each(|client| client.expect = expect.clone());
    }
    Ok(fixed)
}

fn replace(document: &OwnDocument, fixed: &mut Scenario, fix: Fields<'_>) -> Result<(), Problem> {
    fixed.title = fix.required_text("title")?.to_owned();
    fixed.plain_tools = Vec::new();
    if fix.get("certificates").is_some() {
        fixed.certificates = certificates(fix)?;
    }
    if fix.get("faults").is_some() {
        fixed.faults = faults(document, fix.list("faults")?)?;
    }
    if let Some(found) = fix.get("settings") {
        fixed.settings = settings(Fields::of(found.node(), "settings")?)?;
    }
    Ok(())
}

/// The clients with what happens before each, and what happens afterwards.
fn clients(
    document: &OwnDocument,
    fields: Fields<'_>,
    mut objects: Objects,
) -> Result<(Vec<Client>, Vec<Step>), LoadErrors> {
    let mut clients: Vec<Client> = Vec::new();
    for node in of(document, fields.list("clients"))? {
        let mut client = of(document, client(node))?;
        if clients.iter().any(|other| other.name == client.name) {
            let message =
                format!("expected each client once, found another `{}`", client.name.escape_debug());
            let help = "give it a `name` of its own".to_owned();
            return of(document, Err(wrong(node.at, message, Some(help))));
        }
        let before = of(document, Fields::of(node, "a client").and_then(|fields| fields.list("before")))?;
        client.before = steps(document, before, &mut objects, When::Before)?;
        clients.push(client);
    }
    let afterwards = of(document, fields.list("afterwards"))?;
    Ok((clients, steps(document, afterwards, &mut objects, When::Afterwards)?))
}

fn certificates(fields: Fields<'_>) -> Result<Vec<Certificate>, Problem> {
    let one = |node: &Node| {
        let fields = Fields::of(node, "a certificate")?;
        fields.only(&["workload", "bend", "id"])?;
        Ok(Certificate {
            workload: fields.required_text("workload")?.to_owned(),
            bend: fields
                .get("bend")
                .map(|found| choice(&found, &bends()))
                .transpose()?
                .unwrap_or(crate::ca::Bend::Straight),
            id: fields.get("id").map(|found| parsed::<SpiffeId>(&found)).transpose()?,
        })
    };
    fields.list("certificates")?.iter().map(one).collect()
}

fn settings(fields: Fields<'_>) -> Result<ScenarioSettings, Problem> {
    fields.only(&SETTINGS)?;
    let time = |name| fields.get(name).map(|found| duration(&found)).transpose();
    Ok(ScenarioSettings {
        semantics: fields.get("semantics").map(|found| parsed(&found)).transpose()?,
        certificate_ttl: time("certificateTtl")?,
        root_ttl: time("rootTtl")?,
        at: fields.get("at").map(|found| ahead(&found)).transpose()?,
        intermediate: fields.boolean("intermediate")?.unwrap_or_default(),
        silence: time("silence")?,
        handshake: time("handshake")?,
        dial: time("dial")?,
        answer: time("answer")?,
        idle: time("idle")?,
        ping_interval: time("pingInterval")?,
        ping_timeout: time("pingTimeout")?,
    })
}
