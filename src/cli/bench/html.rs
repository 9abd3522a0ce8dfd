//! A run as one page that needs nothing else: no script, no font, no style from elsewhere. It is well-formed XML as well.

mod style;
mod svg;
mod axis;
mod slot;
mod bars;
mod spread;
mod curve;
mod memory;
mod price;
mod figures;
mod head;
mod tables;

use crate::cli::bench::html::figures::{cpu, latencies, memories, rates, rounds};
use crate::cli::bench::html::head::head;
use crate::cli::bench::html::price::priced;
use crate::cli::bench::html::style::STYLE;
use crate::cli::bench::html::svg::escaped;
use crate::cli::bench::html::tables::{environment, notes, paths};
use crate::load::Run;

/// The whole page.
pub fn page(run: &Run) -> String {
    let name = escaped(&run.name);
    let sections = [
        head(run),
        priced(run),
        paths(run),
        rates(run),
        latencies(run),
        cpu(run),
        rounds(run),
        memories(run),
        notes(run),
        environment(run),
    ];
    format!(
        "<!DOCTYPE html>\n\
         <html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <title>{name} · glasstunnel bench</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{}</main>\n</body>\n</html>\n",
        sections.concat()
    )
}
