//! The list of the catalogue.

use serde::Serialize;

use crate::admin::{Document, Kind, List};
use crate::cli::table::Table;
use crate::knowledge::{alert, rows};
use crate::repro::Entry;

/// An entry in the list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EntryView {
    id: &'static str,
    name: &'static str,
    area: String,
    title: &'static str,
    alerts: Vec<String>,
    flags: &'static [&'static str],
    codes: &'static [&'static str],
}

impl Kind for EntryView {
    const KIND: &'static str = "Failure";
}

impl EntryView {
    fn of(entry: &Entry) -> Self {
        let row = entry.row;
        let name = |number: &u8| {
            alert(*number).map_or_else(|| number.to_string(), |known| format!("{} ({number})", known.name))
        };
        Self {
            id: row.id,
            name: row.name,
            area: row.area.to_string(),
            title: row.title,
            alerts: row.alerts.iter().map(name).collect(),
            flags: row.flags,
            codes: row.codes,
        }
    }
}

pub(super) fn document(entries: &[Entry]) -> Document<List<EntryView>> {
    Document::<List<EntryView>>::list(entries.iter().map(EntryView::of).collect())
}

pub(super) fn text(entries: &[Entry]) -> String {
    let mut table = Table::new(["ID", "NAME", "WHAT", "PEER SEES (alert)", "FLAG"]);
    for view in entries.iter().map(EntryView::of) {
        let flag = view.flags.first().copied().unwrap_or("-").to_owned();
        table.row([
            view.id.to_owned(),
            view.name.to_owned(),
            view.title.to_owned(),
            view.alerts.join(", "),
            flag,
        ]);
    }
    let example = entries.first().map_or("B25", |entry| entry.row.id);
    format!(
        "{}{} of {} known failures.  glasstunnel repro show {example} · glasstunnel repro run {example} · glasstunnel repro run all\n",
        table.render(true),
        entries.len(),
        rows().count()
    )
}
