//! A probe as people read it: what is there, what that rests on, and what to do next.

use std::fmt::Write as _;

use anstyle::Style;

use crate::admin::ProbeView;

const LOUD: Style = Style::new().bold();

/// The whole answer.
pub fn text(view: &ProbeView) -> String {
    let mut text = format!("{}: {LOUD}{}{LOUD:#}\n", view.target, view.says);
    let facts = [("mode", &view.behaviour), ("identity", &view.identity), ("workload", &view.workload)];
    for (label, fact) in facts {
        if let Some(fact) = fact {
            let _infallible = writeln!(text, "  {label:<10} {}", fact.escape_debug());
        }
    }
    for (place, because) in view.because.iter().enumerate() {
        let label = if place == 0 { "because" } else { "" };
        let _infallible = writeln!(text, "  {label:<10} {because}");
    }
    let noun = if view.connections == 1 { "connection" } else { "connections" };
    let _infallible = writeln!(text, "\nEvidence, {} {noun} to {}:", view.connections, view.address);
    for (place, attempt) in view.evidence.iter().enumerate() {
        let _infallible = writeln!(text, "  {}  {:<10} sent  {}", place + 1, attempt.trial, attempt.sent);
        let _infallible = writeln!(text, "     {:<10} came  {}", "", attempt.says);
    }
    if let Some(untried) = &view.untried {
        let _infallible = writeln!(
            text,
            "\nNot tried: {untried}\n  there is none to show: --from WORKLOAD, or --cert FILE --key FILE"
        );
    }
    text.push_str("\nNext:\n");
    let width = view.next.iter().map(|next| next.to.chars().count()).max().unwrap_or_default();
    for next in &view.next {
        let _infallible = writeln!(text, "  {:<width$}   {}", next.to, next.command);
    }
    text
}
