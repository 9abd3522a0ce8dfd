//! Every path against a small mesh, without sockets.

use std::sync::atomic::Ordering;

use super::*;
use crate::admin::tests::state;

fn ask(state: &State, method: &str, target: &str) -> Answer {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let call = Call {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        wants_openmetrics: false,
        is_from_context: true,
        body: String::new(),
    };
    answer(state, &call)
}

fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

#[track_caller]
fn check(target: &str, status: u16, words: &[&str]) {
    let answer = ask(&state().0, "GET", target);
    assert_eq!(answer.status, status, "{target}: {}", text(&answer));
    for word in words {
        assert!(text(&answer).contains(word), "{target}: no {word:?} in {}", text(&answer));
    }
}

#[test]
fn every_path_answers() {
    check("/", 200, &["glasstunnel 0.1.0 · mesh.yaml · context default", "/quitquitquit", "POST"]);
    check("/api/v1/info", 200, &["\"apiVersion\": \"glasstunnel.dev/v1\"", "\"kind\": \"MeshInfo\""]);
    check(
        "/api/v1/workloads",
        200,
        &["\"kind\": \"WorkloadList\"", "10.0.0.7", "\"mode\": \"STRICT\"", "mesh.yaml:9"],
    );
    check("/api/v1/workloads/reviews", 200, &["\"kind\": \"Workload\"", "\"protocol\": \"TCP\""]);
    check("/api/v1/workloads/default%2Freviews", 200, &["\"name\": \"reviews\""]);
    check("/api/v1/services", 200, &["\"items\": []"]);
    check("/api/v1/policies", 200, &["\"action\": \"STRICT\"", "\"scope\": \"Namespace\""]);
    check("/api/v1/certificates", 200, &["CertificateList"]);
    check("/api/v1/connections?all", 200, &["ConnectionList"]);
    check("/api/v1/records?limit=x", 200, &["ExplanationList"]);
    check("/metrics", 200, &["# EOF"]);
    check("/stats/prometheus", 200, &["# EOF"]);
    check("/healthz/ready", 200, &["ready\n"]);
}

#[test]
fn a_wrong_call_is_told_the_right_one() {
    check("/api/v1/workloads/reviws", 404, &["mesh.unknown_name", "did you mean `reviews.default`?"]);
    check("/api/v1/workload", 404, &["did you mean /api/v1/workloads?", "GET / lists every path"]);
    check("/api/v1/records/", 404, &["admin.unknown_path"]);
    check("/api/v1/records/x%1b", 400, &["expected a connection's number such as 17, found `x\\\\u{1b}`"]);
    check(
        "/api/v1/records/%2317",
        404,
        &["there is no finished connection #17", "no connection has finished yet"],
    );
    let (state, stopped) = state();
    let answer = ask(&state, "GET", "/quitquitquit");
    assert_eq!((answer.status, answer.allow), (405, Some("POST")));
    assert_eq!(ask(&state, "DELETE", "/api/v1/info").allow, Some("GET"));
    assert!(!stopped.load(Ordering::Relaxed));
}

#[test]
fn only_a_post_stops_the_mesh() {
    let (state, stopped) = state();
    assert_eq!(ask(&state, "POST", "/quitquitquit").body, "shutdown now\n");
    assert!(stopped.load(Ordering::Relaxed));
}

#[test]
fn not_ready_names_what_is_missing() {
    let (state, _) = state();
    let _doors = state.readiness.expect("doors");
    let answer = ask(&state, "GET", "/healthz/ready");
    assert_eq!((answer.status, text(&answer)), (500, "not ready, pending: doors\n"));
}

#[test]
fn every_route_is_help_and_path() {
    for route in &ROUTES {
        assert!(route.path.starts_with('/') && !route.help.is_empty(), "{}", route.path);
    }
}
