//! The text of the answers.

use std::fmt::Write;

use crate::backend::about::{About, Caller};
use crate::backend::request::{BadRequest, Head};
use crate::sniff::Escaped;

/// A whole answer to a good request; to HEAD, the same without its body (RFC 9110 §9.3.2).
pub(crate) fn answer(about: &About, caller: &Caller, head: &Head, body: u64) -> String {
    let text = match head.target.as_ref() {
        b"/health" => "ok\n".to_owned(),
        _ => page(about, caller, head, body),
    };
    let wants_body = head.method != "HEAD";
    response("200 OK", &text, (wants_body, head.keep_alive))
}

/// A whole answer to a bad one.
pub(crate) fn refusal(bad: &BadRequest) -> String {
    response("400 Bad Request", &format!("{bad}\n"), (true, false))
}

/// Who answers, who called, over which wire, and what was asked.
fn page(about: &About, caller: &Caller, head: &Head, body: u64) -> String {
    let mut text = format!("{}/{} answers\n", about.namespace, about.workload);
    let workload = caller.workload.as_deref().unwrap_or("unknown");
    let identity = caller.identity.as_deref().unwrap_or("no identity");
    // Writing to a String cannot fail.
    let _ = writeln!(text, "caller   {workload} ({identity})");
    let _ = writeln!(text, "wire     {}", caller.wire);
    let _ = writeln!(text, "request  {}", Escaped(&head.line));
    for (name, value) in &head.headers {
        let _ = writeln!(text, "header   {}: {}", Escaped(name), Escaped(value));
    }
    let _ = writeln!(text, "body     {body} bytes");
    text
}

fn response(status: &str, text: &str, (wants_body, keep_alive): (bool, bool)) -> String {
    let connection = if keep_alive { "keep-alive" } else { "close" };
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: {connection}\r\n\r\n{}",
        text.len(),
        if wants_body { text } else { "" },
    )
}
