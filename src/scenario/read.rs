//! `kind: Scenario`, read.

use crate::identity::SpiffeId;
use crate::resources::{Fields, LoadErrors, Node, Objects, OwnDocument, Problem};
use crate::scenario::client::Client;
use crate::scenario::definition::{Certificate, Scenario};
use crate::scenario::fault::{FaultWish, Place};
use crate::scenario::read_client::{bends, client};
use crate::scenario::read_expected::expected;
use crate::scenario::settings::ScenarioSettings;
use crate::scenario::value::{choice, duration, list, parsed, texts, wrong};

const SPEC: [&str; 7] = ["title", "plainTools", "certificates", "faults", "settings", "clients", "fix"];
const FIX: [&str; 8] =
    ["title", "documents", "delete", "certificates", "faults", "settings", "clients", "expect"];
const SETTINGS: [&str; 10] = [
    "semantics",
    "certificateTtl",
    "intermediate",
    "silence",
    "handshake",
    "dial",
    "answer",
    "idle",
    "pingInterval",
    "pingTimeout",
];
const DOORS: [(&str, Place); 3] =
    [("hbone", Place::Hbone), ("captured", Place::Captured), ("backend", Place::Backend)];

/// Reads one scenario, whose mesh is `objects`.
pub(crate) fn scenario(document: &OwnDocument, objects: &Objects) -> Result<Scenario, LoadErrors> {
    let fields = of(document, document.fields())?;
    let mut scenario = of(document, base(document, fields, objects))?;
    let spec = of(document, fields.map("spec"))?;
    if let Some(found) = spec.get("fix") {
        let fix = of(document, Fields::of(found.node(), "fix"))?;
        scenario.fix = Some(Box::new(fixed(document, &scenario, fix)?));
    }
    Ok(scenario)
}

fn of<T>(document: &OwnDocument, read: Result<T, Problem>) -> Result<T, LoadErrors> {
    read.map_err(|problem| document.error(problem).into())
}

fn base(document: &OwnDocument, fields: Fields<'_>, objects: &Objects) -> Result<Scenario, Problem> {
    fields.only(&["apiVersion", "kind", "metadata", "spec"])?;
    let metadata = fields.map("metadata")?;
    metadata.only(&["name", "labels", "annotations"])?;
    let spec = fields.map("spec")?;
    spec.only(&SPEC)?;
    let clients = clients(spec)?;
    if clients.is_empty() {
        return Err(wrong(
            spec.at(),
            "expected at least one client in `clients`, found none".to_owned(),
            None,
        ));
    }
    Ok(Scenario {
        name: metadata.required_text("name")?.to_owned(),
        source: document.source(fields.at()),
        title: spec.text("title")?.unwrap_or_default().to_owned(),
        plain_tools: list(spec, "plainTools")?,
        objects: objects.clone(),
        certificates: certificates(spec)?,
        faults: faults(document, spec)?,
        settings: settings(spec.map("settings")?)?,
        clients,
        fix: None,
    })
}

/// The scenario with what the fix replaces. What it does not name stays as it was.
fn fixed(document: &OwnDocument, broken: &Scenario, fix: Fields<'_>) -> Result<Scenario, LoadErrors> {
    of(document, fix.only(&FIX))?;
    let documents = Objects::within(document, of(document, fix.list("documents"))?)?;
    let deleted = of(document, deleted(fix, &broken.objects))?;
    let objects = broken.objects.without(&deleted).with(&documents).0;
    let mut fixed = Scenario { objects, ..broken.clone() };
    of(document, replace(document, &mut fixed, fix))?;
    Ok(fixed)
}

fn replace(document: &OwnDocument, fixed: &mut Scenario, fix: Fields<'_>) -> Result<(), Problem> {
    fixed.title = fix.required_text("title")?.to_owned();
    fixed.plain_tools = Vec::new();
    if fix.get("certificates").is_some() {
        fixed.certificates = certificates(fix)?;
    }
    if fix.get("faults").is_some() {
        fixed.faults = faults(document, fix)?;
    }
    if let Some(found) = fix.get("settings") {
        fixed.settings = settings(Fields::of(found.node(), "settings")?)?;
    }
    if fix.get("clients").is_some() {
        fixed.clients = clients(fix)?;
    }
    if let Some(found) = fix.get("expect") {
        let expect = expected(Fields::of(found.node(), "expect")?)?;
        fixed.clients.iter_mut().for_each(|client| client.expect = expect.clone());
    }
    Ok(())
}

/// `PeerAuthentication default/strict`: objects as errors and tables call them.
fn deleted(fix: Fields<'_>, objects: &Objects) -> Result<Vec<crate::resources::ObjectKey>, Problem> {
    let Some(found) = fix.get("delete") else { return Ok(Vec::new()) };
    let names = texts(found.node())?;
    let known: Vec<(String, &crate::resources::ObjectKey)> =
        objects.iter().map(|object| (object.key.to_string(), &object.key)).collect();
    let find = |name: &String| {
        let key = known.iter().find(|(known, _)| known == name);
        key.map(|(_, key)| (*key).clone()).ok_or_else(|| {
            let near = crate::mesh::nearest(name, known.iter().map(|(known, _)| known.as_str()));
            let message = format!("expected a document of this file, found `{}`", name.escape_debug());
            wrong(found.at(), message, near.map(|near| format!("did you mean `{near}`?")))
        })
    };
    names.iter().map(find).collect()
}

fn clients(fields: Fields<'_>) -> Result<Vec<Client>, Problem> {
    let nodes = fields.list("clients")?;
    let mut clients: Vec<Client> = Vec::new();
    for node in nodes {
        let client = client(node)?;
        if clients.iter().any(|other| other.name == client.name) {
            let message =
                format!("expected each client once, found another `{}`", client.name.escape_debug());
            return Err(wrong(node.at, message, Some("give it a `name` of its own".to_owned())));
        }
        clients.push(client);
    }
    Ok(clients)
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

fn faults(document: &OwnDocument, fields: Fields<'_>) -> Result<Vec<FaultWish>, Problem> {
    let one = |node: &Node| {
        let fields = Fields::of(node, "a fault")?;
        fields.only(&["at", "fault"])?;
        // Not `on`: YAML 1.1 takes that word for true.
        let place = fields.required("at")?;
        let place = Fields::of(place.node(), "at")?;
        place.only(&["workload", "door"])?;
        Ok(FaultWish {
            workload: place.required_text("workload")?.to_owned(),
            place: choice(&place.required("door")?, &DOORS)?,
            fault: parsed(&fields.required("fault")?)?,
            source: document.source(node.at),
        })
    };
    fields.list("faults")?.iter().map(one).collect()
}

fn settings(fields: Fields<'_>) -> Result<ScenarioSettings, Problem> {
    fields.only(&SETTINGS)?;
    let time = |name| fields.get(name).map(|found| duration(&found)).transpose();
    Ok(ScenarioSettings {
        semantics: fields.get("semantics").map(|found| parsed(&found)).transpose()?,
        certificate_ttl: time("certificateTtl")?,
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
