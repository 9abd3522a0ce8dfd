//! Where connections go, and what may go there.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use glasstunnel::netns::HBONE_PORT;

use crate::pair::{End, Pair, accept, app, dial, echo, exchange, expect, rest, serve};
use crate::ztunnel::stand::{
    CLOSED, DENIED, Real, SERVICE, STRICT, Unusual, WORKLOAD, both_ways, check_fields, check_refused,
    check_unheard, field,
};

#[test]
fn a_pod_and_a_service_are_reached_and_both_logs_agree() {
    both_ways("a_pod_and_a_service_are_reached_and_both_logs_agree", Unusual::default(), |stand| {
        let app = app(&stand.pair.server, WORKLOAD);
        let [four, six] = Pair::server_addresses();
        let vips: [IpAddr; 2] =
            [Ipv4Addr::new(10, 96, 0, 10).into(), Ipv6Addr::new(0xfd00, 0x10, 0x96, 0, 0, 0, 0, 0x10).into()];
        let cases =
            [(four, WORKLOAD, four), (six, WORKLOAD, six), (vips[0], SERVICE, four), (vips[1], SERVICE, six)];
        for (count, (to, port, reached)) in (1..).zip(cases) {
            let mut client = dial(&stand.pair.client, (to, port)).unwrap();
            client.write_all(b"ping").unwrap();
            let (mut server, from) = accept(&app);
            assert!(Pair::client_addresses().contains(&from), "the app sees {from}");
            expect(&mut server, b"ping").unwrap();
            server.write_all(b"pong!").unwrap();
            drop(server);
            assert_eq!(rest(&mut client), (b"pong!".to_vec(), End::Clean));
            drop(client);
            let out = stand.client.hear_times(count, &["access", "direction=\"outbound\""]).pop().unwrap();
            let into = stand.server.hear_times(count, &["access", "direction=\"inbound\""]).pop().unwrap();
            let door = SocketAddr::new(reached, HBONE_PORT).to_string();
            let authority = SocketAddr::new(reached, WORKLOAD).to_string();
            for line in [&out, &into] {
                check_fields(
                    line,
                    &[
                        ("src.workload", Some("client")),
                        ("src.identity", Some("spiffe://cluster.local/ns/default/sa/client")),
                        ("dst.addr", Some(&door)),
                        ("dst.hbone_addr", Some(&authority)),
                        ("dst.workload", Some("server")),
                        ("dst.identity", Some("spiffe://cluster.local/ns/default/sa/server")),
                        ("error", None),
                    ],
                );
            }
            check_fields(&out, &[("bytes_sent", Some("4")), ("bytes_recv", Some("5"))]);
            check_fields(&into, &[("bytes_sent", Some("5")), ("bytes_recv", Some("4"))]);
            let service = (port == SERVICE).then_some("server.default.svc.cluster.local");
            check_fields(&out, &[("dst.service", service)]);
        }
    });
}

#[test]
fn a_policy_refuses_with_401() {
    both_ways("a_policy_refuses_with_401", Unusual::default(), |stand| {
        let app = app(&stand.pair.server, DENIED);
        let mut client = stand.dial(DENIED);
        client.write_all(b"may I?").unwrap();
        check_refused(client, stand.real == Real::Server);
        let [out, into] = stand.logs(DENIED);
        assert_eq!(field(&out, "error"), Some("http status: 401 Unauthorized"), "{out}");
        let sentence = "connection closed due to policy rejection: explicitly denied by: default/no-clients";
        assert_eq!(field(&into, "error"), Some(sentence), "{into}");
        check_unheard(&app);
    });
}

#[test]
fn another_identity_than_expected_is_refused() {
    let unusual =
        Unusual { client: ["serviceAccount: server", "serviceAccount: other"], ..Unusual::default() };
    both_ways("another_identity_than_expected_is_refused", unusual, |stand| {
        let app = app(&stand.pair.server, WORKLOAD);
        let mut client = stand.dial(WORKLOAD);
        client.write_all(b"are you the other one?").unwrap();
        check_refused(client, stand.real == Real::Server);
        let out = stand.client.hear(&["access", "direction=\"outbound\""]);
        let into = stand.server.hear(&["access", "direction=\"inbound\""]);
        // Word for word the same, whoever says it.
        let expected = "io error: invalid peer certificate: Other(OtherError(identity verification error: peer did not \
                        present the expected SAN (spiffe://cluster.local/ns/default/sa/other), \
                        got spiffe://cluster.local/ns/default/sa/server))";
        check_fields(&out, &[("error", Some(expected))]);
        let alert =
            "tls handshake error: Custom { kind: InvalidData, error: AlertReceived(CertificateUnknown) }";
        check_fields(&into, &[("error", Some(alert))]);
        check_unheard(&app);
    });
}

#[test]
fn an_app_that_is_not_there_is_503() {
    both_ways("an_app_that_is_not_there_is_503", Unusual::default(), |stand| {
        let mut client = stand.dial(CLOSED);
        client.write_all(b"anybody?").unwrap();
        check_refused(client, stand.real == Real::Server);
        let [out, into] = stand.logs(CLOSED);
        assert_eq!(field(&out, "error"), Some("http status: 503 Service Unavailable"), "{out}");
        assert_eq!(
            field(&into, "error"),
            Some("connection failed: Connection refused (os error 111)"),
            "{into}"
        );
    });
}

#[test]
fn plaintext_into_a_permissive_workload_passes() {
    both_ways("plaintext_into_a_permissive_workload_passes", Unusual::default(), |stand| {
        let app = app(&stand.pair.server, WORKLOAD);
        for (count, (to, from)) in
            (1..).zip(Pair::server_addresses().into_iter().zip(Pair::outsider_addresses()))
        {
            let mut outsider = dial(&stand.pair.outsider, (to, WORKLOAD)).unwrap();
            outsider.write_all(b"plain").unwrap();
            let (mut server, seen) = accept(&app);
            assert_eq!(seen, from, "whom the app sees");
            expect(&mut server, b"plain").unwrap();
            server.write_all(b"and back").unwrap();
            drop(server);
            assert_eq!(rest(&mut outsider), (b"and back".to_vec(), End::Clean));
            drop(outsider);
            let line = stand.server.hear_times(count, &["access", "direction=\"inbound\""]).pop().unwrap();
            let door = SocketAddr::new(to, WORKLOAD).to_string();
            check_fields(
                &line,
                &[
                    ("src.identity", None),
                    ("dst.addr", Some(&door)),
                    ("dst.hbone_addr", None),
                    ("dst.workload", Some("server")),
                    ("dst.identity", None),
                    ("bytes_sent", Some("8")),
                    ("bytes_recv", Some("5")),
                    ("error", None),
                ],
            );
        }
    });
}

#[test]
fn plaintext_into_a_strict_workload_is_refused() {
    let strict = Unusual { server: STRICT, ..Unusual::default() };
    both_ways("plaintext_into_a_strict_workload_is_refused", strict, |stand| {
        let app = app(&stand.pair.server, WORKLOAD);
        for (count, to) in (1..).zip(Pair::server_addresses()) {
            let mut outsider = dial(&stand.pair.outsider, (to, WORKLOAD)).unwrap();
            let _ = outsider.write_all(b"plain");
            check_refused(outsider, stand.real == Real::Client);
            let line = stand.server.hear_times(count, &["access", "direction=\"inbound\""]).pop().unwrap();
            let sentence = "connection closed due to policy rejection: explicitly denied by: \
                            istio-system/istio_converted_static_strict";
            check_fields(&line, &[("src.identity", None), ("error", Some(sentence))]);
        }
        check_unheard(&app);
        serve(app, echo);
        exchange(&mut stand.dial(WORKLOAD), b"through the mesh").unwrap();
    });
}
