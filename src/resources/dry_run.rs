//! The annotation `istio.io/dry-run`, which only an AuthorizationPolicy may have.

use crate::policy::Action;
use crate::resources::fields::Found;
use crate::resources::metadata::Metadata;
use crate::resources::parse::Problem;

const ANNOTATION: &str = "istio.io/dry-run";

/// Whether an AuthorizationPolicy is only to be evaluated and told.
pub(crate) fn dry_run(metadata: &Metadata<'_>, action: Action) -> Result<bool, Problem> {
    let Some(found) = annotation(metadata)? else { return Ok(false) };
    let text = found.text()?;
    let name = &metadata.name;
    if !matches!(action, Action::Allow | Action::Deny) {
        let message = format!(
            "the annotation {ANNOTATION} currently only supports action ALLOW/DENY, found action {action} in {name}"
        );
        return Err(refused(&found, message, "remove the annotation"));
    }
    // Go's spellings of a boolean.
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        other => {
            let other = other.escape_debug();
            let message = format!(
                "{name} has annotation {ANNOTATION} with invalid value ({other}): expected true or false"
            );
            Err(refused(
                &found,
                message,
                "write `istio.io/dry-run: \"true\"`, or remove it to enforce the policy",
            ))
        }
    }
}

/// Refuses the annotation on every other kind of Istio's.
pub(crate) fn no_dry_run(metadata: &Metadata<'_>) -> Result<(), Problem> {
    let Some(found) = annotation(metadata)? else { return Ok(()) };
    let name = &metadata.name;
    let message = format!("{name} has unsupported annotation {ANNOTATION}, please remove the annotation");
    Err(refused(&found, message, "only an AuthorizationPolicy can be tried without being enforced"))
}

fn annotation<'a>(metadata: &Metadata<'a>) -> Result<Option<Found<'a>>, Problem> {
    Ok(metadata.fields.map("annotations")?.get(ANNOTATION))
}

fn refused(found: &Found<'_>, message: String, help: &str) -> Problem {
    Problem { at: found.at(), code: "resources.dry_run", message, help: Some(help.to_owned()) }
}
