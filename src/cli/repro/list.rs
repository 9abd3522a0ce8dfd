//! The list of the catalogue.

use serde::Serialize;

use crate::admin::{Document, Kind, List};
use crate::cli::table::Table;
use crate::knowledge::{ALERTS, rows};
use crate::repro::{Entry, entries, expected};
use crate::scenario::{Aspect, Scenario};

/// An entry in the list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EntryView {
    id: &'static str,
    name: &'static str,
    area: String,
    title: &'static str,
    exits: Vec<String>,
    alerts: Vec<String>,
    flags: Vec<String>,
    codes: Vec<String>,
    has_fix: bool,
}

impl Kind for EntryView {
    const KIND: &'static str = "Failure";
}

impl EntryView {
    fn of(entry: &Entry, scenario: &Scenario) -> Self {
        let row = entry.row;
        let seen = |aspect| expected(scenario, aspect);
        let numbered = |name: String| match ALERTS.iter().find(|known| known.name == name) {
            Some(known) => format!("{name} ({})", known.number),
            None => name,
        };
        Self {
            id: row.id,
            name: row.name,
            area: row.area.to_string(),
            title: row.title,
            exits: seen(Aspect::Exit),
            alerts: seen(Aspect::Alert).into_iter().map(numbered).collect(),
            flags: seen(Aspect::Flag),
            codes: seen(Aspect::Code),
            has_fix: scenario.fix.is_some(),
        }
    }
}

/// The views of entries with their scenarios.
pub(super) fn views(entries: &[(Entry, Scenario)]) -> Vec<EntryView> {
    entries.iter().map(|(entry, scenario)| EntryView::of(entry, scenario)).collect()
}

pub(super) fn document(views: Vec<EntryView>) -> Document<List<EntryView>> {
    Document::<List<EntryView>>::list(views)
}

pub(super) fn text(views: &[EntryView]) -> String {
    let mut table = Table::new(["ID", "NAME", "WHAT", "CURL", "ALERT", "FLAG"]);
    for view in views {
        table.row([
            view.id.to_owned(),
            view.name.to_owned(),
            view.title.to_owned(),
            view.exits.join(" "),
            view.alerts.join(", "),
            view.flags.join(" "),
        ]);
    }
    let example = views.first().map_or("B25", |view| view.id);
    format!(
        "{}\n{} listed; {} of {} known failures can be made to happen here.\nglasstunnel repro show {example} · glasstunnel repro run {example} · glasstunnel repro fix {example} · glasstunnel repro run all\n",
        table.render(true),
        views.len(),
        entries().count(),
        rows().count()
    )
}
