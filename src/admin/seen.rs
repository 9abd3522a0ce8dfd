//! The handlers that show what connections said: `trace` and `capture`. They tell over the context's socket only, because
//! they tell contents and keys.

use std::time::{Duration, SystemTime};

use crate::admin::answer::Answer;
use crate::admin::dialler::Wish;
use crate::admin::error::RequestError;
use crate::admin::handlers::{Asked, find_record, question};
use crate::admin::view::CalledView;
use crate::glass;
use crate::telemetry::Record;

/// How many connections a capture looks at: as many as the recorder keeps.
const ALL: usize = 10_000;

/// One finished connection as a sequence.
pub(crate) fn trace(asked: &Asked<'_>) -> Answer {
    let bytes = asked.call.parameter("bytes").is_some();
    match record(asked) {
        Ok(record) => Answer::one(glass::trace(&record, bytes)),
        Err(answer) => answer,
    }
}

/// One connection, or those of the last while, as a capture file.
pub(crate) fn capture(asked: &Asked<'_>) -> Answer {
    if !asked.call.is_from_context {
        return RequestError::TellsContents.into();
    }
    let info = asked.state.info.load();
    if info.ca_is_plugged_in && asked.call.parameter("force").is_none() {
        return RequestError::PluggedIn.into();
    }
    let records = match wanted(asked) {
        Ok(records) => records,
        Err(answer) => return answer,
    };
    if !info.is_tapped {
        return RequestError::NotTapped.into();
    }
    let capture = glass::capture(records.iter().map(|record| &**record));
    Answer::file("application/x-pcapng", capture.file)
}

/// Makes a connection, and answers with the address that it comes from.
pub(crate) fn call(asked: &Asked<'_>) -> Answer {
    if !asked.call.is_from_context {
        return RequestError::TellsContents.into();
    }
    if !asked.state.info.load().is_tapped {
        return RequestError::NotTapped.into();
    }
    let question = match question(asked, &asked.state.snapshots.load()) {
        Ok(question) => question,
        Err(answer) => return answer,
    };
    let to = asked.call.parameter("to").unwrap_or_default();
    let host = to.rsplit_once(':').map_or(to.as_str(), |(host, _)| host).to_owned();
    let fresh_tunnel = asked.call.parameter("fresh-tunnel").is_some();
    match asked.state.dialler.dial(Wish { question, host, fresh_tunnel }) {
        Ok(client) => Answer::one(CalledView { client }),
        Err(error) => Answer::refusal(422, &error),
    }
}

fn record(asked: &Asked<'_>) -> Result<std::sync::Arc<Record>, Answer> {
    if !asked.call.is_from_context {
        return Err(RequestError::TellsContents.into());
    }
    find_record(asked, asked.rest)
}

/// `id`, or what began in the last `since-ns`.
fn wanted(asked: &Asked<'_>) -> Result<Vec<std::sync::Arc<Record>>, Answer> {
    if let Some(id) = asked.call.parameter("id") {
        return find_record(asked, &id).map(|record| vec![record]);
    }
    let since = asked.call.parameter("since-ns").map(|text| text.parse::<u64>());
    let since = match since {
        Some(Ok(nanoseconds)) => Some(Duration::from_nanos(nanoseconds)),
        None => None,
        Some(Err(problem)) => {
            let problem = problem.to_string();
            return Err(RequestError::BadParameter { name: "since-ns", problem }.into());
        }
    };
    let after = since.and_then(|since| SystemTime::now().checked_sub(since));
    let records = asked.state.recorder.recent(ALL);
    Ok(records.into_iter().filter(|record| after.is_none_or(|after| record.started() >= after)).collect())
}
