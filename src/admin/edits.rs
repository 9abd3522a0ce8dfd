//! The handlers that read and change the documents of the mesh.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use crate::admin::answer::Answer;
use crate::admin::editor::{Edit, Edited, Manner};
use crate::admin::error::RequestError;
use crate::admin::handlers::Asked;
use crate::admin::view::{EditedView, NamedText, RehearsalView, ResourceView};
use crate::explain::{self, Target};
use crate::mesh::Name;
use crate::policy::{MtlsMode, PeerAuthentication};
use crate::resources::{Input, Object, ObjectKey, Objects, kind_named};

/// The documents, of one kind, namespace or name if wanted.
pub(crate) fn objects(asked: &Asked<'_>) -> Answer {
    let objects = asked.state.editor.objects();
    let parameter = |name| asked.call.parameter(name);
    let (kind, namespace, name) = (parameter("kind"), parameter("namespace"), parameter("name"));
    let kind = match kind.as_deref().map(kind_named).transpose() {
        Ok(kind) => kind,
        Err(unknown) => return Answer::refusal(404, &unknown),
    };
    if kind.is_some_and(|kind| kind.kind == "Pod") {
        return pods(asked, &objects, (namespace.as_deref(), name.as_deref()));
    }
    let mut found = objects.documents(|object| {
        let key = &object.key;
        kind.is_none_or(|kind| key.kind == kind.kind)
            && namespace.as_deref().is_none_or(|namespace| namespace == &*key.name.namespace)
            && name.as_deref().is_none_or(|name| name == &*key.name.name)
    });
    found.sort_by_key(|(object, _)| &object.key);
    let snapshot = asked.state.snapshots.load();
    let view = |(object, document): (&Object, _)| {
        let view = ResourceView::of(object, document);
        match object.key.kind.as_str() {
            "Service" => view.with_cluster_ip(snapshot.mesh.service(&object.key.name)),
            _ => view,
        }
    };
    Answer::list(found.into_iter().map(view))
}

/// The workloads, whatever made them: a Deployment's pods are nobody's documents.
fn pods(asked: &Asked<'_>, objects: &Objects, (namespace, name): (Option<&str>, Option<&str>)) -> Answer {
    let since: HashMap<String, SystemTime> =
        objects.iter().map(|object| (object.source.to_string(), object.read_at)).collect();
    let snapshot = asked.state.snapshots.load();
    let wanted = snapshot
        .mesh
        .workloads()
        .filter(|workload| namespace.is_none_or(|namespace| namespace == &*workload.name.namespace))
        .filter(|workload| name.is_none_or(|name| name == &*workload.name.name));
    Answer::list(wanted.map(|workload| {
        let since = since.get(&workload.source.to_string()).copied().unwrap_or_else(SystemTime::now);
        ResourceView::of_workload(workload, since)
    }))
}

/// Puts the documents of the body in place of their namesakes, or beside the others.
pub(crate) fn apply(asked: &Asked<'_>) -> Answer {
    if !asked.call.is_from_context {
        return RequestError::NotFromHere.into();
    }
    match (body(asked), manner(asked)) {
        (Ok(objects), Ok(manner)) => edit(asked, Edit::Apply(objects), manner),
        (Err(answer), _) | (_, Err(answer)) => answer,
    }
}

/// Deletes the documents that the body or the parameters name.
pub(crate) fn delete(asked: &Asked<'_>) -> Answer {
    if !asked.call.is_from_context {
        return RequestError::NotFromHere.into();
    }
    let keys = if asked.call.body.is_empty() {
        named(asked).map(|key| vec![key])
    } else {
        body(asked).map(|objects| objects.iter().map(|object| object.key.clone()).collect())
    };
    match (keys, manner(asked)) {
        (Ok(keys), Ok(manner)) => edit(asked, Edit::Delete(keys), manner),
        (Err(answer), _) | (_, Err(answer)) => answer,
    }
}

/// Tries a mode on what was observed: `?target=NAME[:PORT]`, `&mode=STRICT`, `&since-ns=N`.
pub(crate) fn rehearse(asked: &Asked<'_>) -> Answer {
    match rehearsal(asked) {
        Ok(view) => Answer::one(view),
        Err(answer) => answer,
    }
}

fn rehearsal(asked: &Asked<'_>) -> Result<RehearsalView, Answer> {
    let wrong = |name, problem: String| Answer::from(RequestError::BadParameter { name, problem });
    let text = asked.call.parameter("target");
    let text = text.ok_or_else(|| wrong("target", "expected it, found none".to_owned()))?;
    let mode = asked.call.parameter("mode").unwrap_or_else(|| "STRICT".to_owned());
    let mode = MtlsMode::read(&mode).map_err(|error| wrong("mode", error.to_string()))?;
    let mode = mode.unwrap_or(MtlsMode::Permissive);
    let since = nanoseconds(asked, "since-ns")?.and_then(|since| SystemTime::now().checked_sub(since));
    let snapshot = asked.state.snapshots.load();
    let target = Target::read(&snapshot.mesh, &text).map_err(|error| Answer::refusal(404, &error))?;
    let mut records = asked.state.recorder.recent(usize::MAX);
    records.retain(|record| since.is_none_or(|since| record.started() >= since));
    let open: Vec<_> = asked.state.recorder.open().into_iter().map(|open| open.opening).collect();
    let rehearsal = explain::rehearse(&snapshot, (&target, mode), (&records, &open));
    let objects = asked.state.editor.objects();
    let written = |policy: &PeerAuthentication| {
        let key = ObjectKey { kind: "PeerAuthentication".to_owned(), name: policy.name.clone() };
        objects.documents(|object| object.key == key).pop().map(|(_, document)| document)
    };
    Ok(RehearsalView::of((&text, &mode.to_string()), &rehearsal, written))
}

fn edit(asked: &Asked<'_>, edit: Edit, manner: Manner) -> Answer {
    match asked.state.editor.edit(edit, manner) {
        Ok(edited) => Answer::list(edited.iter().map(|edited: &Edited| EditedView::of(edited))),
        Err(error) => Answer::refusal(422, &error),
    }
}

fn body(asked: &Asked<'_>) -> Result<Objects, Answer> {
    let body = &asked.call.body;
    let inputs = match asked.call.parameter("files") {
        Some(_) => files(body)?,
        None => {
            let name = asked.call.parameter("name").unwrap_or_else(|| "the request".to_owned());
            vec![Input::text(name, body.clone())]
        }
    };
    Objects::read(&inputs).map_err(|errors| Answer::refusal(422, &errors))
}

/// Several files as `[{"name": …, "text": …}]`, so that each mistake is shown in its own.
fn files(body: &str) -> Result<Vec<Input>, Answer> {
    let files: Vec<NamedText> = serde_json::from_str(body).map_err(|error| {
        let problem = format!("expected [{{\"name\": …, \"text\": …}}], found {error}");
        Answer::from(RequestError::BadParameter { name: "files", problem })
    })?;
    Ok(files.into_iter().map(|NamedText { name, text }| Input::text(name, text)).collect())
}

fn named(asked: &Asked<'_>) -> Result<ObjectKey, Answer> {
    let required = |name| {
        let missing = || RequestError::BadParameter { name, problem: "expected it, found none".to_owned() };
        asked.call.parameter(name).ok_or_else(|| Answer::from(missing()))
    };
    let kind = kind_named(&required("kind")?).map_err(|unknown| Answer::refusal(404, &unknown))?;
    let namespace = asked.call.parameter("namespace").unwrap_or_else(|| "default".to_owned());
    let namespace = if kind.is_namespaced { namespace } else { String::new() };
    Ok(ObjectKey { kind: kind.kind.to_owned(), name: Name::new(namespace, required("name")?) })
}

fn manner(asked: &Asked<'_>) -> Result<Manner, Answer> {
    let revert_after = nanoseconds(asked, "revert-after-ns")?;
    Ok(Manner { dry_run: asked.call.parameter("dry-run").is_some(), revert_after })
}

fn nanoseconds(asked: &Asked<'_>, name: &'static str) -> Result<Option<Duration>, Answer> {
    let wrong = |found: &str| RequestError::BadParameter {
        name,
        problem: format!("expected nanoseconds, found `{}`", found.escape_debug()),
    };
    let read = |text: String| match text.parse() {
        Ok(nanoseconds) => Ok(Duration::from_nanos(nanoseconds)),
        Err(_not_a_number) => Err(Answer::from(wrong(&text))),
    };
    asked.call.parameter(name).map(read).transpose()
}
