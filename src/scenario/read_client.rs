//! `clients`, read.

use crate::ca::Bend;
use crate::fault::Fault;
use crate::resources::{Fields, Found, Node, Problem, Value};
use crate::scenario::client::{Client, Shown, TlsWish};
use crate::scenario::read_expected::expected;
use crate::scenario::value::{choice, duration, list, parsed, wrong};
use crate::tls::ClientOffer;

const FIELDS: [&str; 17] = [
    "name",
    "from",
    "to",
    "as",
    "send",
    "freshTunnel",
    "repeat",
    "together",
    "patience",
    "fault",
    "hold",
    "again",
    "command",
    "tls",
    "authority",
    "before",
    "expect",
];

/// More than that is a benchmark.
const MOST: u32 = 1_000;

const OFFERS: [(&str, ClientOffer); 4] = [
    ("none", ClientOffer::None),
    ("h2", ClientOffer::Hbone),
    ("istio", ClientOffer::Istio),
    ("sidecar", ClientOffer::Sidecar),
];

/// Reads one client, without what happens before it.
pub(crate) fn client(node: &Node) -> Result<Client, Problem> {
    let fields = Fields::of(node, "a client")?;
    fields.only(&FIELDS)?;
    let command = list(fields, "command")?;
    let to = match command.is_empty() {
        true => destination(&fields.required("to")?)?,
        false => fields.text("to")?.unwrap_or_default().to_owned(),
    };
    let from = fields.required_text("from")?.to_owned();
    Ok(Client {
        name: fields.text("name")?.map_or_else(|| from.clone(), str::to_owned),
        to,
        manner: fields.get("as").map(|found| parsed(&found)).transpose()?,
        send: fields.text("send")?.map(str::to_owned),
        fresh_tunnel: fields.boolean("freshTunnel")?.unwrap_or_default(),
        repeat: repeat(fields)?,
        together: alone(fields, "together")?,
        patience: fields.get("patience").map(|found| duration(&found)).transpose()?,
        fault: fault(fields)?,
        hold: alone(fields, "hold")?,
        again: again(fields)?,
        command,
        tls: tls(fields.map("tls")?)?,
        authority: fields.text("authority")?.map(str::to_owned),
        before: Vec::new(),
        expect: expected(fields.map("expect")?)?,
        from,
    })
}

fn destination(found: &Found<'_>) -> Result<String, Problem> {
    let text = found.text()?;
    let is_complete = text.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if is_complete {
        return Ok(text.to_owned());
    }
    let message = format!("expected NAME:PORT, found `{}`", text.escape_debug());
    Err(wrong(found.at(), message, Some("add the port that is dialled".to_owned())))
}

/// A fault on the client's own connection; what its proxy dials is led through the scenario's `faults`.
fn fault(fields: Fields<'_>) -> Result<Option<Fault>, Problem> {
    let Some(found) = fields.get("fault") else { return Ok(None) };
    if fields.get("as").is_none() {
        let message = "expected `as` beside `fault`, found a client that goes through its proxy".to_owned();
        return Err(wrong(found.at(), message, Some("name the door in `faults`".to_owned())));
    }
    parsed(&found).map(Some)
}

/// Something that only the built-in client does.
fn alone(fields: Fields<'_>, name: &'static str) -> Result<bool, Problem> {
    let does = fields.boolean(name)?.unwrap_or_default();
    match (does, fields.get("command")) {
        (true, Some(found)) => Err(wrong(
            found.at(),
            format!("expected no `command` in a client with `{name}`, found one"),
            None,
        )),
        _ => Ok(does),
    }
}

fn again(fields: Fields<'_>) -> Result<Option<String>, Problem> {
    match fields.get("again") {
        Some(found) if !fields.boolean("hold")?.unwrap_or_default() => {
            let message = "expected `hold: true` beside `again`, found none".to_owned();
            Err(wrong(found.at(), message, None))
        }
        _ => Ok(fields.text("again")?.map(str::to_owned)),
    }
}

fn repeat(fields: Fields<'_>) -> Result<u32, Problem> {
    let Some(found) = fields.get("repeat") else { return Ok(1) };
    let number = u32::try_from(found.number()?).ok().filter(|number| (1..=MOST).contains(number));
    number.ok_or_else(|| wrong(found.at(), format!("expected 1 to {MOST} runs"), None))
}

fn tls(fields: Fields<'_>) -> Result<TlsWish, Problem> {
    fields.only(&["alpn", "serverName", "certificate"])?;
    Ok(TlsWish {
        offer: fields
            .get("alpn")
            .map(|found| choice(&found, &OFFERS))
            .transpose()?
            .unwrap_or(ClientOffer::None),
        server_name: fields.text("serverName")?.map(str::to_owned),
        certificate: fields
            .get("certificate")
            .map(|found| shown(&found))
            .transpose()?
            .unwrap_or(Shown::Nothing),
    })
}

/// `none`, `own`, or a bend.
fn shown(found: &Found<'_>) -> Result<Shown, Problem> {
    match &found.node().value {
        Value::Text(text) if text == "none" => Ok(Shown::Nothing),
        Value::Text(text) if text == "own" => Ok(Shown::Own(Bend::Straight)),
        _ => choice(found, &bends()).map(Shown::Own),
    }
}

/// All bends by their names.
pub(crate) fn bends() -> Vec<(&'static str, Bend)> {
    Bend::ALL.iter().map(|bend| (bend.name(), *bend)).collect()
}
