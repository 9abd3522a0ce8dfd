//! The title of the page, what was measured, and what to know before anything else.

use crate::cli::bench::html::svg::escaped;
use crate::cli::bench::words::{does, machine, sentence, settings, work};
use crate::load::Run;

/// The head.
pub(crate) fn head(run: &Run) -> String {
    let facts = settings(run).into_iter().chain([machine(run)]);
    let facts: String = facts.map(|fact| format!("<li>{}</li>", escaped(&fact))).collect();
    let doubts: String = run
        .notes
        .iter()
        .filter(|note| note.doubts)
        .map(|note| {
            format!(
                "<div class=\"doubt\" role=\"note\"><b>These figures are in doubt.</b> {} <code>{}</code></div>\n",
                escaped(&note.says),
                escaped(&note.code)
            )
        })
        .collect();
    format!(
        "<header>\n<p class=\"kind\">glasstunnel bench {}</p>\n<h1>{}</h1>\n<p class=\"says\">{}</p>\n\
         <ul class=\"facts\">{facts}</ul>\n{doubts}</header>\n",
        work(run.work),
        escaped(&run.name),
        escaped(&sentence(does(run.work))),
    )
}
