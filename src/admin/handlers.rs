//! What each path answers, one small function each. None of them changes anything but [`quit`].

use std::sync::Arc;
use std::time::SystemTime;

use crate::admin::answer::Answer;
use crate::admin::error::RequestError;
use crate::admin::request::{Call, decode};
use crate::admin::state::State;
use crate::admin::view::{
    AnalysisReportView, ConnectionView, ExplanationView, MeshInfo, PolicyView, RecordView, ServiceView,
    WorkloadView,
};
use crate::analyze::analyze;
use crate::explain::{self, Question};
use crate::mesh::Workload;
use crate::policy::{MtlsMode, Snapshot};
use crate::telemetry::Record;

/// How many finished connections a list holds at most: as many as the recorder keeps.
const ALL: usize = 10_000;
/// How many `/api/v1/records` holds unless asked for more.
const RECENT: usize = 100;

/// What a handler is given: the state, the call, and what stood in place of `{…}` in its path.
pub(crate) struct Asked<'a> {
    pub(crate) state: &'a State,
    pub(crate) call: &'a Call,
    pub(crate) rest: &'a str,
}

pub(crate) fn info(asked: &Asked<'_>) -> Answer {
    Answer::one(MeshInfo::clone(&asked.state.info.load()))
}

pub(crate) fn workloads(asked: &Asked<'_>) -> Answer {
    let snapshot = asked.state.snapshots.load();
    Answer::list(snapshot.mesh.workloads().map(|workload| view(asked, &snapshot, workload)))
}

pub(crate) fn workload(asked: &Asked<'_>) -> Answer {
    let snapshot = asked.state.snapshots.load();
    match snapshot.mesh.find_workload(&decode(asked.rest)) {
        Ok(workload) => Answer::one(view(asked, &snapshot, &workload)),
        Err(unknown) => Answer::refusal(404, &unknown),
    }
}

pub(crate) fn services(asked: &Asked<'_>) -> Answer {
    let snapshot = asked.state.snapshots.load();
    Answer::list(snapshot.mesh.services().map(|service| ServiceView::of(service)))
}

pub(crate) fn policies(asked: &Asked<'_>) -> Answer {
    Answer::list(PolicyView::all(&asked.state.snapshots.load().policies).into_iter())
}

pub(crate) fn certificates(asked: &Asked<'_>) -> Answer {
    Answer::list((asked.state.certificates)().into_iter())
}

pub(crate) fn connections(asked: &Asked<'_>) -> Answer {
    let now = SystemTime::now();
    let open = asked.state.recorder.open();
    let open = open.iter().map(|connection| ConnectionView::open(connection, now));
    if asked.call.parameter("all").is_none() {
        return Answer::list(open);
    }
    let finished = asked.state.recorder.recent(ALL);
    let finished = finished
        .iter()
        .flat_map(|record| record.halves().map(|half| ConnectionView::finished(record.id, half)));
    Answer::list(finished.chain(open))
}

pub(crate) fn records(asked: &Asked<'_>) -> Answer {
    let count = asked.call.parameter("limit").and_then(|limit| limit.parse().ok());
    let semantics = asked.state.snapshots.load().mesh.semantics();
    let records = asked.state.recorder.recent(count.unwrap_or(RECENT).min(ALL));
    Answer::list(records.iter().map(|record| RecordView::of(record, semantics)))
}

pub(crate) fn record(asked: &Asked<'_>) -> Answer {
    match find_record(asked, asked.rest) {
        Ok(record) => Answer::one(RecordView::explained(&record, &asked.state.snapshots.load())),
        Err(answer) => answer,
    }
}

/// The finished connection that `text` names: `17`, `#17`.
pub(crate) fn find_record(asked: &Asked<'_>, text: &str) -> Result<Arc<Record>, Answer> {
    let text = decode(text);
    let Ok(id) = text.trim_start_matches('#').parse() else {
        return Err(RequestError::BadId { found: text.escape_debug().to_string() }.into());
    };
    let recorder = &asked.state.recorder;
    recorder.get(id).ok_or_else(|| {
        let newest = recorder.recent(1).last().map(|record| record.id);
        let open = recorder.open().iter().any(|connection| connection.id == id);
        RequestError::NoSuchRecord { id, newest, open }.into()
    })
}

pub(crate) fn explain(asked: &Asked<'_>) -> Answer {
    let snapshot = asked.state.snapshots.load();
    match question(asked, &snapshot) {
        Ok(question) => Answer::one(ExplanationView::of(&explain::explain(&snapshot, &question))),
        Err(answer) => answer,
    }
}

pub(crate) fn question(asked: &Asked<'_>, snapshot: &Snapshot) -> Result<Question, Answer> {
    let text = |name| asked.call.parameter(name);
    let wrong =
        |name: &'static str, problem: String| Answer::from(RequestError::BadParameter { name, problem });
    let required = |name| text(name).ok_or_else(|| wrong(name, "expected it, found none".to_owned()));
    let (from, to) = (required("from")?, required("to")?);
    let manner = text("as").map(|text| text.parse()).transpose().map_err(|problem| wrong("as", problem))?;
    let under = text("under").map(|text| MtlsMode::read(&text)).transpose();
    let under = under.map_err(|problem| wrong("under", problem.to_string()))?.flatten();
    let question = Question::read(&snapshot.mesh, &from, &to, manner);
    let question = question.map_err(|error| Answer::refusal(404, &error))?;
    Ok(Question { under, ..question })
}

pub(crate) fn analysis(asked: &Asked<'_>) -> Answer {
    let snapshot = asked.state.snapshots.load();
    Answer::one(AnalysisReportView::of(&analyze(&asked.state.editor.objects(), &snapshot.mesh)))
}

pub(crate) fn metrics(asked: &Asked<'_>) -> Answer {
    let content_type = match asked.call.wants_openmetrics {
        true => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        false => "text/plain; version=0.0.4; charset=utf-8",
    };
    Answer { content_type, ..Answer::text(200, (asked.state.metrics)()) }
}

pub(crate) fn ready(asked: &Asked<'_>) -> Answer {
    match asked.state.readiness.pending() {
        done if done.is_empty() => Answer::text(200, "ready\n"),
        pending => Answer::text(500, format!("not ready, pending: {}\n", pending.join(", "))),
    }
}

/// Answers ztunnel's words and starts the drain, which lets this answer out.
pub(crate) fn quit(asked: &Asked<'_>) -> Answer {
    (asked.state.shutdown)();
    Answer::text(200, "shutdown now\n")
}

fn view(asked: &Asked<'_>, snapshot: &Snapshot, workload: &Workload) -> WorkloadView {
    WorkloadView::of(
        workload,
        &snapshot.policies,
        asked.state.info.load().doors_of(&workload.name.to_string()),
    )
}
