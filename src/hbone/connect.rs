//! The CONNECT: exactly the headers that ztunnel sends, in its order (reference/hbone.md 2.3).

use http::header::HeaderValue;
use http::{HeaderMap, HeaderName, Method, Request, Uri};

use crate::hbone::authority::Authority;
use crate::hbone::baggage::Baggage;
use crate::hbone::error::HboneError;
use crate::hbone::forwarded::Forwarded;
use crate::reason::shown;
use crate::trace_context::TraceContext;

/// What names the client.
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
/// What names the trace.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Who wants to go where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectRequest {
    /// Where to.
    pub authority: Authority,
    /// Who asks, in its own words.
    pub baggage: Option<Baggage>,
    /// Which client.
    pub forwarded: Option<Forwarded>,
    /// What joins both halves of the connection.
    pub trace: Option<TraceContext>,
}

impl ConnectRequest {
    /// Reads a request. Headers that only serve telemetry are read leniently; method and authority are not.
    ///
    /// # Errors
    ///
    /// [`HboneError`]: answered with 400.
    pub fn parse<B>(request: &Request<B>) -> Result<Self, HboneError> {
        if request.method() != Method::CONNECT {
            return Err(HboneError::Method { found: shown(request.method().as_str()) });
        }
        let authority = request.uri().authority().ok_or(HboneError::NoAuthority)?;
        let authority = Authority::parse(authority.as_str())?;
        let headers = request.headers();
        Ok(Self {
            authority,
            baggage: Baggage::in_headers(headers),
            forwarded: text(headers, &FORWARDED).and_then(Forwarded::parse),
            trace: text(headers, &TRACEPARENT).and_then(TraceContext::parse),
        })
    }

    /// The request as it goes out: no scheme, no path, nothing but these headers.
    ///
    /// # Errors
    ///
    /// [`HboneError::Authority`] when the authority cannot stand in a header, which a parsed one always can.
    pub fn to_request(&self) -> Result<Request<()>, HboneError> {
        let text = self.authority.to_string();
        let unusable = || HboneError::Authority { found: text.clone(), why: "it cannot stand in a request" };
        let uri = Uri::builder().authority(text.as_str()).build();
        let mut request = Request::new(());
        *request.method_mut() = Method::CONNECT;
        *request.uri_mut() = uri.ok().ok_or_else(unusable)?;
        let mut headers = HeaderMap::with_capacity(3);
        if let Some(baggage) = &self.baggage {
            baggage.insert_into(&mut headers);
        }
        insert(&mut headers, FORWARDED, self.forwarded.as_ref());
        insert(&mut headers, TRACEPARENT, self.trace.as_ref());
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// Puts `value` under `name`, unless it cannot stand in a header: telemetry never stops a connection.
///
/// No two connections say the same here, so it is kept out of the tables of both ends (RFC 7541 §6.2.3), where it would only
/// push out what is said again.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: Option<&impl ToString>) {
    let value = value.and_then(|value| HeaderValue::try_from(value.to_string()).ok());
    if let Some(mut value) = value {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use proptest::option::of;
    use proptest::prelude::*;

    use super::*;
    use crate::hbone::baggage::Described;

    fn request() -> ConnectRequest {
        ConnectRequest {
            authority: Authority::parse("10.77.0.2:8080").unwrap(),
            baggage: Baggage::of(&Described { namespace: Some("default"), ..Described::default() }),
            forwarded: Forwarded::parse("for=\"10.77.0.1:57586\""),
            trace: Some(TraceContext::fresh()),
        }
    }

    #[test]
    fn round_trips_with_ztunnels_headers_in_its_order() {
        let wire = request().to_request().unwrap();
        assert_eq!(wire.uri().to_string(), "10.77.0.2:8080");
        assert_eq!((wire.uri().scheme(), wire.uri().path_and_query()), (None, None));
        let names: Vec<&str> = wire.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["baggage", "forwarded", "traceparent"]);
        let parsed = ConnectRequest::parse(&wire).unwrap();
        assert_eq!(parsed.to_request().unwrap().headers(), wire.headers());
        assert_eq!(parsed.authority, request().authority);
    }

    #[test]
    fn refuses_what_is_no_connect() {
        let get = Request::get("http://10.77.0.2/").body(()).unwrap();
        assert_eq!(ConnectRequest::parse(&get).unwrap_err().to_string(), "expected method CONNECT, got GET");
        let none = Request::builder().method("CONNECT").uri("/").body(()).unwrap();
        assert!(matches!(ConnectRequest::parse(&none), Err(HboneError::NoAuthority)));
    }

    proptest! {
        #[test]
        fn no_header_panics_or_stops_a_connect(
            name in "baggage|forwarded|traceparent",
            value in proptest::collection::vec(0x20_u8..=0xff, 0..200),
        ) {
            let mut wire = Request::builder().method("CONNECT").uri("10.77.0.2:8080").body(()).unwrap();
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                wire.headers_mut().insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
            }
            prop_assert!(ConnectRequest::parse(&wire).is_ok());
        }

        #[test]
        fn what_is_sent_reads_back(
            ip: IpAddr,
            port in 1_u16..,
            host in of("[a-z][a-z0-9-]{0,20}"),
            client: IpAddr,
            names in of(("[a-z0-9-]{1,20}", "[a-z0-9.-]{1,20}")),
            traced: bool,
        ) {
            let authority = match host {
                Some(host) => Authority::Host { host, port },
                None => Authority::Address(SocketAddr::new(ip.to_canonical(), port)),
            };
            let baggage = names.and_then(|(namespace, version)| Baggage::of(&Described {
                namespace: Some(&namespace),
                service_version: Some(&version),
                ..Described::default()
            }));
            let forwarded = Some(Forwarded { client: SocketAddr::new(client, port), host: None });
            let trace = traced.then(TraceContext::fresh);
            let sent = ConnectRequest { authority, baggage, forwarded, trace };
            prop_assert_eq!(ConnectRequest::parse(&sent.to_request().unwrap()).unwrap(), sent);
        }
    }
}
