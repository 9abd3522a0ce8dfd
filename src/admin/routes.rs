//! Every path of the API, as data; `GET /` prints this table.

use crate::admin::answer::Answer;
use crate::admin::edits;
use crate::admin::error::RequestError;
use crate::admin::handlers::{self, Asked};
use crate::admin::request::Call;
use crate::admin::seen;
use crate::admin::state::State;
use crate::mesh::nearest;

/// One path.
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path; `{…}` at its end stands for anything.
    pub path: &'static str,
    /// What it answers, in one line.
    pub help: &'static str,
    handler: fn(&Asked<'_>) -> Answer,
}

const fn get(path: &'static str, help: &'static str, handler: fn(&Asked<'_>) -> Answer) -> Route {
    Route { method: "GET", path, help, handler }
}

const fn post(path: &'static str, help: &'static str, handler: fn(&Asked<'_>) -> Answer) -> Route {
    Route { method: "POST", path, help, handler }
}

/// The paths, in the order of the list that a person reads.
pub static ROUTES: [Route; 23] = [
    get("/", "this list", index),
    get("/api/v1/info", "the mesh: where it came from, its CA, its doors", handlers::info),
    get("/api/v1/workloads", "workloads with their effective modes and doors", handlers::workloads),
    get("/api/v1/workloads/{NAME}", "one workload, by any name that a command takes", handlers::workload),
    get("/api/v1/services", "services and who stands behind them", handlers::services),
    get("/api/v1/policies", "policies as they were written", handlers::policies),
    get("/api/v1/certificates", "what each identity shows and trusts; never a key", handlers::certificates),
    get(
        "/api/v1/connections",
        "open connections, one entry per side; ?all adds finished ones",
        handlers::connections,
    ),
    get(
        "/api/v1/records",
        "the last 100 finished connections; ?limit=N for more or fewer",
        handlers::records,
    ),
    get("/api/v1/records/{ID}", "one finished connection, every step of both sides", handlers::record),
    get("/api/v1/objects", "the documents; ?kind=, ?namespace= and ?name= pick some", edits::objects),
    post("/api/v1/apply", "put documents in place: ?name=FILE, ?dry-run, ?revert-after-ns=N", edits::apply),
    post("/api/v1/delete", "delete what the body or ?kind=, ?namespace= and ?name= name", edits::delete),
    get(
        "/api/v1/rehearse",
        "a mode tried on what was observed: ?target=NAME[:PORT], &mode=STRICT, &since-ns=N",
        edits::rehearse,
    ),
    get(
        "/api/v1/explain",
        "a connection that nobody made: ?from=NAME&to=NAME:PORT, &as=hbone|mtls|tls|raw, &under=MODE",
        handlers::explain,
    ),
    get(
        "/api/v1/trace/{ID}",
        "one finished connection as a sequence of messages; ?bytes; on the context's socket only",
        seen::trace,
    ),
    get(
        "/api/v1/capture",
        "a pcapng file with its keys: ?id=ID or ?since-ns=N, ?force; on the context's socket only",
        seen::capture,
    ),
    post(
        "/api/v1/call",
        "make a connection: ?from=NAME&to=NAME:PORT, &as=hbone|mtls|tls|raw, &fresh-tunnel; on the context's socket only",
        seen::call,
    ),
    get("/api/v1/analyze", "what the documents say and do not do, with Istio's codes", handlers::analysis),
    get("/metrics", "metrics for Prometheus, with ztunnel's names", handlers::metrics),
    get("/stats/prometheus", "the same, where ztunnel and Envoy have it", handlers::metrics),
    get("/healthz/ready", "200 once the mesh may be used", handlers::ready),
    post("/quitquitquit", "drain and stop", handlers::quit),
];

/// Finds the route and lets it answer.
pub(crate) fn answer(state: &State, call: &Call) -> Answer {
    match find(call) {
        Ok((route, rest)) => (route.handler)(&Asked { state, call, rest }),
        Err(error) => error.into(),
    }
}

fn find(call: &Call) -> Result<(&'static Route, &str), RequestError> {
    let Some((route, rest)) = ROUTES.iter().find_map(|route| Some((route, matches(route, &call.path)?)))
    else {
        return Err(RequestError::UnknownPath {
            path: call.path.escape_debug().to_string(),
            nearest: nearest(&call.path, ROUTES.iter().map(|route| route.path)),
        });
    };
    let suits = call.method == route.method || (call.method == "HEAD" && route.method == "GET");
    match suits {
        true => Ok((route, rest)),
        false => Err(RequestError::WrongMethod {
            path: route.path,
            expected: route.method,
            found: call.method.escape_debug().to_string(),
        }),
    }
}

/// What stands in place of `{…}`, if the path is this route's; the empty text for a route without one.
fn matches<'a>(route: &Route, path: &'a str) -> Option<&'a str> {
    match fixed_part(route) {
        (fixed, false) => (fixed == path).then_some(""),
        (fixed, true) => path.strip_prefix(fixed).filter(|rest| !rest.is_empty()),
    }
}

/// The path up to `{…}`, and whether there is one.
fn fixed_part(route: &Route) -> (&'static str, bool) {
    route.path.split_once('{').map_or((route.path, false), |(fixed, _)| (fixed, true))
}

fn index(asked: &Asked<'_>) -> Answer {
    let info = asked.state.info.load();
    let mut text =
        format!("glasstunnel {} · {} · context {}\n\n", info.version, info.mesh_source, info.context);
    let width = ROUTES.iter().map(|route| route.path.len()).max().unwrap_or_default();
    for route in &ROUTES {
        text.push_str(&format!("{:<4}  {:<width$}  {}\n", route.method, route.path, route.help));
    }
    Answer::text(200, text)
}

#[cfg(test)]
mod tests;
