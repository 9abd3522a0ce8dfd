//! `before` and `afterwards`, read.

use crate::resources::{Fields, LoadErrors, Node, ObjectKey, Objects, OwnDocument, Problem, scalar};
use crate::scenario::read_fault::{ahead, faults};
use crate::scenario::step::Step;
use crate::scenario::value::{duration, texts, wrong};

const STEPS: [&str; 7] = ["apply", "delete", "revoke", "renew", "faults", "at", "drain"];

/// When steps happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Before a client.
    Before,
    /// After the last one.
    Afterwards,
}

/// With the place in its file.
pub(crate) fn of<T>(document: &OwnDocument, read: Result<T, Problem>) -> Result<T, LoadErrors> {
    read.map_err(|problem| document.error(problem).into())
}

/// Reads steps in a mesh whose documents are `objects`, and makes these what they are after the steps.
pub(crate) fn steps(
    document: &OwnDocument,
    nodes: &[Node],
    objects: &mut Objects,
    when: When,
) -> Result<Vec<Step>, LoadErrors> {
    nodes.iter().map(|node| step(document, node, objects, when)).collect()
}

fn step(document: &OwnDocument, node: &Node, objects: &mut Objects, when: When) -> Result<Step, LoadErrors> {
    let (name, value) = of(document, named(node, when))?;
    match name {
        "apply" => {
            let fields = of(document, Fields::of(node, "a step"))?;
            let documents = Objects::within(document, of(document, fields.list("apply"))?)?;
            *objects = objects.with(&documents).0;
            Ok(Step::Apply(documents))
        }
        "delete" => {
            let keys = of(document, keys(value, objects))?;
            *objects = objects.without(&keys);
            Ok(Step::Delete(keys))
        }
        _ => of(document, plain(document, node)),
    }
}

/// Those that leave the documents as they are.
fn plain(document: &OwnDocument, node: &Node) -> Result<Step, Problem> {
    let fields = Fields::of(node, "a step")?;
    if let Some(workload) = fields.text("revoke")? {
        return Ok(Step::Revoke(workload.to_owned()));
    }
    if let Some(workload) = fields.text("renew")? {
        return Ok(Step::Renew(workload.to_owned()));
    }
    if fields.get("faults").is_some() {
        return Ok(Step::Faults(faults(document, fields.list("faults")?)?));
    }
    if let Some(found) = fields.get("at") {
        return ahead(&found).map(Step::At);
    }
    duration(&fields.required("drain")?).map(Step::Drain)
}

/// The one thing that a step does.
fn named(node: &Node, when: When) -> Result<(&'static str, &Node), Problem> {
    let fields = Fields::of(node, "a step")?;
    fields.only(&STEPS)?;
    let [(key, value)] = fields.entries() else {
        let message =
            format!("expected one of {} in a step, found {}", STEPS.join(", "), fields.entries().len());
        return Err(wrong(node.at, message, Some("steps are a list: begin each with `-`".to_owned())));
    };
    let written = scalar(&key.value);
    let name = STEPS.into_iter().find(|name| *name == written).unwrap_or_default();
    if name == "drain" && when == When::Before {
        let message = "expected `drain` in `afterwards`, found it in `before`".to_owned();
        return Err(wrong(key.at, message, Some("nobody can connect to a mesh that has stopped".to_owned())));
    }
    Ok((name, value))
}

/// `PeerAuthentication default/strict`: objects as errors and tables call them.
pub(crate) fn keys(node: &Node, objects: &Objects) -> Result<Vec<ObjectKey>, Problem> {
    let names = texts(node)?;
    let known: Vec<(String, &ObjectKey)> =
        objects.iter().map(|object| (object.key.to_string(), &object.key)).collect();
    let find = |name: &String| {
        let key = known.iter().find(|(known, _)| known == name);
        key.map(|(_, key)| (*key).clone()).ok_or_else(|| {
            let near = crate::mesh::nearest(name, known.iter().map(|(known, _)| known.as_str()));
            let message = format!("expected a document of this file, found `{}`", name.escape_debug());
            wrong(node.at, message, near.map(|near| format!("did you mean `{near}`?")))
        })
    };
    names.iter().map(find).collect()
}
