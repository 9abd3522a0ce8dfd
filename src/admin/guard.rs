//! Who may call over TCP: a browser on this machine can be made to, so the headers that it cannot forge are checked.
//!
//! A page of another site can point its own name at our address (DNS rebinding): then Host names that site. And it can
//! submit a form to our address: then Host is ours, and Origin names that site. The context's socket needs neither check,
//! because no browser opens it and the kernel says whose process is on the other end.

use std::net::SocketAddr;

use crate::admin::error::RequestError;

/// The headers that are looked at; `None` for an absent one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Headers<'a> {
    /// `host`, or the authority of an absolute request target, which replaces it (RFC 9112 §3.2.2).
    pub(crate) host: Option<&'a str>,
    /// `origin`, which browsers send with every POST.
    pub(crate) origin: Option<&'a str>,
}

/// Lets a call to `local` pass if its headers name that address.
///
/// # Errors
///
/// [`RequestError::WrongHost`] and, for a method that changes something, [`RequestError::WrongOrigin`].
pub(crate) fn check(local: SocketAddr, headers: Headers<'_>, method: &str) -> Result<(), RequestError> {
    let host = headers.host.unwrap_or("(none)");
    if !names(local, host) {
        return Err(RequestError::WrongHost { expected: local, found: host.escape_debug().to_string() });
    }
    let is_change = !matches!(method, "GET" | "HEAD");
    match headers.origin {
        Some(origin)
            if is_change && !origin.strip_prefix("http://").is_some_and(|host| names(local, host)) =>
        {
            Err(RequestError::WrongOrigin { found: origin.escape_debug().to_string() })
        }
        _ => Ok(()),
    }
}

/// Whether `host` is `local` or localhost, with the port unless that is HTTP's own.
fn names(local: SocketAddr, host: &str) -> bool {
    let without_port = match local {
        SocketAddr::V4(v4) => v4.ip().to_string(),
        SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
    };
    [without_port.as_str(), "localhost"].iter().any(|name| {
        host.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
            && match host.get(name.len()..) {
                Some("") => local.port() == 80,
                Some(rest) => rest.strip_prefix(':') == Some(&local.port().to_string()),
                None => false,
            }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_pass() {
        fn check_host(local: &str, host: &str, expect: bool) {
            let headers = Headers { host: Some(host), origin: None };
            assert_eq!(check(local.parse().unwrap(), headers, "GET").is_ok(), expect, "{local} {host}");
        }
        check_host("127.0.0.1:15000", "127.0.0.1:15000", true);
        check_host("127.0.0.1:15000", "localhost:15000", true);
        check_host("127.0.0.1:15000", "LocalHost:15000", true);
        check_host("[::1]:15000", "[::1]:15000", true);
        check_host("127.0.0.1:80", "127.0.0.1", true);
        check_host("127.0.0.1:15000", "127.0.0.1", false);
        check_host("127.0.0.1:15000", "evil.example:15000", false);
        check_host("127.0.0.1:15000", "localhost.evil.example:15000", false);
        check_host("127.0.0.1:15000", "localhost:150000", false);
        check_host("127.0.0.1:15000", "localhost:15000@evil.example", false);
        check_host("127.0.0.1:15000", "", false);
        check_host("127.0.0.1:15000", "löcalhost:15000", false);
    }

    #[test]
    fn another_site_may_look_at_nothing_and_change_nothing() {
        let local: SocketAddr = "127.0.0.1:15000".parse().unwrap();
        let of = |origin| Headers { host: Some("127.0.0.1:15000"), origin };
        assert!(matches!(check(local, Headers::default(), "GET"), Err(RequestError::WrongHost { .. })));
        assert!(check(local, of(None), "POST").is_ok());
        assert!(check(local, of(Some("http://localhost:15000")), "POST").is_ok());
        for origin in ["http://evil.example", "null", "https://127.0.0.1:15000", "http://127.0.0.1:1"] {
            assert!(
                matches!(check(local, of(Some(origin)), "POST"), Err(RequestError::WrongOrigin { .. })),
                "{origin}"
            );
        }
    }
}
