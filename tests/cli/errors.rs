//! The layout of errors, one example of each that a person can meet.

use std::io;
use std::time::Duration;

use glasstunnel::admin::{ClientError, ContextError, RefusalView, RequestError};
use glasstunnel::app::{Holder, StartError};
use glasstunnel::cli::{ChildError, CliError, failure_text};

use crate::golden;

#[test]
fn errors_say_what_why_and_what_next() {
    let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
    let name = || "staging".to_owned();
    let refused =
        |error: &RequestError| ClientError::Refused { status: 404, refusal: RefusalView::of(error) };
    let errors: Vec<CliError> = vec![
        ContextError::NoneRunning.into(),
        ContextError::NotRunning {
            wanted: "stagng".to_owned(),
            nearest: Some(name()),
            running: vec!["default".to_owned(), name()],
        }
        .into(),
        ContextError::NotRunning { wanted: name(), nearest: None, running: vec![] }.into(),
        ContextError::Several { running: vec!["default".to_owned(), name()] }.into(),
        ContextError::BadName { found: "My Mesh".to_owned() }.into(),
        ContextError::Taken { name: name() }.into(),
        ContextError::Socket { name: name(), source: denied() }.into(),
        ContextError::Unlisted { source: denied() }.into(),
        ContextError::Foreign { name: name(), expected: 1000, found: 1001 }.into(),
        ClientError::Unreachable {
            at: "the mesh at 127.0.0.1:15000".to_owned(),
            source: io::Error::from(io::ErrorKind::ConnectionRefused),
        }
        .into(),
        ClientError::Broken {
            at: "the mesh `default`".to_owned(),
            source: "connection closed before message completed".into(),
        }
        .into(),
        ClientError::TooSlow { at: "the mesh `default`".to_owned(), limit: Duration::from_secs(10) }.into(),
        refused(&RequestError::NoSuchRecord { id: 170, newest: Some(17), open: false }).into(),
        refused(&RequestError::NoSuchRecord { id: 18, newest: Some(17), open: true }).into(),
        ClientError::Unreadable {
            at: "the mesh `default`".to_owned(),
            path: "/api/v1/info".to_owned(),
            problem: "missing field `socks` at line 9 column 1".to_owned(),
        }
        .into(),
        StartError::PortInUse {
            addr: "127.0.0.1:15000".parse().unwrap(),
            door: "admin".to_owned(),
            holder: Some(Holder { pid: 4121, command: "python3".to_owned() }),
            source: io::Error::from(io::ErrorKind::AddrInUse),
        }
        .into(),
        ChildError::NotFound { program: "crul".to_owned(), nearest: Some("curl".to_owned()) }.into(),
        ChildError::NotExecutable { program: "./mesh.yaml".to_owned(), source: denied() }.into(),
        CliError::Write(io::Error::from(io::ErrorKind::StorageFull)),
    ];
    let texts: Vec<_> = errors.iter().map(|error| failure_text(error)).collect();
    golden::check("errors", &texts.join("\n"));
}
