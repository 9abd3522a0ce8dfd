//! `certs list`: the identities of the running mesh, how long their certificates last, and who trusts them.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::admin::{Client, IdentityView, choose};
use crate::cli::args::{Format, ListArguments};
use crate::cli::certs::validity::{bar, span};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::listed::{Listed, listing};
use crate::cli::output::Output;
use crate::cli::table::Table;

/// Lists them.
pub(crate) async fn run(list: &ListArguments, output: &mut Output) -> Result<Exit, CliError> {
    let client = Client::of(choose(list.context.as_deref())?);
    let mut items = IdentityView::all(&client.certificates().await?, SystemTime::now());
    if let Some(namespace) = &list.namespace {
        items.retain(|item| item.namespace() == Some(namespace));
    }
    if list.output == Format::Name {
        // Each is a name that another command takes.
        items.retain(|item| item.role == "workload");
    }
    if items.is_empty() && matches!(list.output, Format::Table | Format::Wide) {
        output.talk(&format!("{}\n", IdentityView::NOTHING));
        return Ok(Exit::Done);
    }
    output.answer(&listing(&items, list.output, !list.no_headers))?;
    Ok(Exit::Done)
}

impl Listed for IdentityView {
    const NOTHING: &'static str = "no certificates: no workload here is in the mesh";

    fn namespace(&self) -> Option<&str> {
        // `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`
        self.identity.split('/').nth(4)
    }

    fn name(&self) -> String {
        self.identity.clone()
    }

    fn table(items: &[Self], wide: bool) -> Table {
        let narrow = ["IDENTITY", "KEY", "SERIAL", "VALIDITY", "EXPIRES", "RENEWED", "TRUSTED BY", "STATUS"];
        let more: &[&str] = if wide { &["NOT AFTER"] } else { &[] };
        let mut table = Table::new(narrow.into_iter().chain(more.iter().copied()));
        for item in items {
            let within = |nanoseconds: Option<u64>| {
                nanoseconds
                    .map_or_else(String::new, |left| format!("in {}", span(Duration::from_nanos(left))))
            };
            let serial = &item.serial_number;
            table.row([
                if item.role == "root" { format!("root {}", item.identity) } else { item.identity.clone() },
                item.public_key.clone(),
                if wide { serial.clone() } else { shortened(serial) },
                lived(item),
                within(item.expires_in_ns),
                within(item.renewal_in_ns),
                trusted(item),
                item.status.clone(),
                item.not_after.clone(),
            ]);
        }
        table
    }
}

/// How much of the validity is over, as the running mesh saw it when it answered.
fn lived(item: &IdentityView) -> String {
    let at = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok().map(SystemTime::from);
    match (at(&item.not_before), at(&item.not_after)) {
        (Some(not_before), Some(not_after)) => {
            let left = Duration::from_nanos(item.expires_in_ns.unwrap_or_default());
            bar(not_before, not_after, not_after - left)
        }
        _ => String::new(),
    }
}

fn trusted(item: &IdentityView) -> String {
    match item.others {
        0 => "nobody else is here".to_owned(),
        others => format!("{} of {others}", item.trusted_by.len()),
    }
}

/// Both ends of a serial number: enough to find it in a log.
fn shortened(serial: &str) -> String {
    match (serial.get(..4), serial.get(serial.len().saturating_sub(4)..)) {
        (Some(first), Some(last)) if serial.len() > 9 => format!("{first}…{last}"),
        _ => serial.to_owned(),
    }
}
