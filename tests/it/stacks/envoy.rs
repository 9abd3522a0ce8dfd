//! Envoy judges every case by a handshake: an Envoy that shows it, to an Envoy that verifies as Istio tells it to.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Verdicts;
use super::cases::Case;

/// Ports: where a case is shown by a server, the way there, where a client is asked for it, and the way there.
const SHOWN: u16 = 20_000;
const TO_SHOWN: u16 = 21_000;
const ASKED: u16 = 22_000;
const TO_ASKED: u16 = 23_000;
/// Who answers behind both.
const ANSWERS: u16 = 24_000;
const ANSWER: &[u8] = b"accepted";
const TLS: &str = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3";
const VERSION: &str =
    "tls_params: {tls_minimum_protocol_version: TLSv1_3, tls_maximum_protocol_version: TLSv1_3}";
const FILTERS: &str = "type.googleapis.com/envoy.extensions.filters.network";

struct Envoy(Child);

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Answers every connection, and keeps it open: an answer that ends before the handshake would end that, too. The thread ends
/// with the tests.
fn answer(listener: TcpListener) {
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for mut stream in listener.incoming().flatten() {
            // Whoever is gone needs no answer.
            let _ = stream.write_all(ANSWER);
            kept.push(stream);
        }
    });
}

/// What Envoy says of each case, with its log in `folder`.
pub(crate) fn verdicts(program: &Path, folder: &Path, cases: &[&Case]) -> Verdicts {
    // A loopback address of one's own, so that fixed ports are nobody else's.
    let [a, b] = rand::random::<[u8; 2]>();
    let ip = Ipv4Addr::new(127, 200, a, b);
    answer(TcpListener::bind((ip, ANSWERS)).unwrap());
    let (config, log) = (folder.join("envoy.yaml"), folder.join("reasons"));
    fs::write(&config, configuration(ip, cases, &log)).unwrap();
    let mut command = Command::new(program);
    command.args([
        "--disable-hot-restart",
        "--file-flush-interval-msec",
        "20",
        "--concurrency",
        "1",
        "-l",
        "error",
    ]);
    let errors = fs::File::create(folder.join("envoy.log")).unwrap();
    let child =
        command.arg("-c").arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).spawn();
    let mut envoy = Envoy(child.unwrap());
    let until = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect((ip, TO_ASKED)).is_err() {
        let ended = envoy.0.try_wait().unwrap();
        let said = || fs::read_to_string(folder.join("envoy.log")).unwrap_or_default();
        assert!(ended.is_none() && Instant::now() < until, "Envoy did not start: {ended:?} {}", said());
    }
    let mut verdicts = Verdicts::new();
    for (number, case) in (0..).zip(cases) {
        for (role, way) in [("server", TO_SHOWN), ("client", TO_ASKED)] {
            let mut said = [0; ANSWER.len()];
            let read = TcpStream::connect((ip, way + number)).unwrap().read_exact(&mut said);
            let refused = read.is_err().then(|| reason(&log, &format!("{role}-{number} ")));
            verdicts.insert((case.name.clone(), role), refused);
        }
    }
    verdicts
}

/// Whether Envoy would start with these certificates as its own.
pub(crate) fn is_valid(program: &Path, folder: &Path, cases: &[&Case]) -> bool {
    let config = folder.join("valid.yaml");
    fs::write(&config, configuration(Ipv4Addr::LOCALHOST, cases, &folder.join("reasons"))).unwrap();
    let ran = Command::new(program).args(["--mode", "validate", "-l", "off", "-c"]).arg(&config).output();
    ran.unwrap().status.success()
}

/// Waits for the line of the log that begins so and says something.
fn reason(log: &Path, begins: &str) -> String {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let text = fs::read_to_string(log).unwrap_or_default();
        let mut reasons =
            text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')?.strip_prefix(begins));
        if let Some(reason) = reasons.find(|reason| *reason != "-") {
            return reason.replace('_', " ");
        }
        assert!(Instant::now() < until, "no line {begins} in {text}");
    }
}

fn configuration(ip: Ipv4Addr, cases: &[&Case], log: &Path) -> String {
    let (mut listeners, mut clusters) = (String::new(), String::new());
    let good = cases.iter().find(|case| case.name == "good").unwrap_or(&cases[0]);
    let good = own(&good.folder);
    for (number, case) in (0..).zip(cases) {
        let (own, judge) = (own(&case.folder), judge(&case.folder));
        let shows = downstream(&own, "", false);
        let asks = downstream(&good, &judge, true);
        let logs = |role: &str, what: &str| {
            format!(
                "[{{name: file, typed_config: {{'@type': type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog, path: '{}', log_format: {{text_format_source: {{inline_string: \"{role}-{number} %{what}_TRANSPORT_FAILURE_REASON%\\n\"}}}}}}}}]",
                log.display()
            )
        };
        let leads = |to: &str, logs: &str| {
            format!(
                "{{name: lead, typed_config: {{'@type': {FILTERS}.tcp_proxy.v3.TcpProxy, stat_prefix: lead, cluster: '{to}', access_log: {logs}}}}}"
            )
        };
        let (server, client) = (format!("server-{number}"), format!("client-{number}"));
        for (port, socket, filter, logs) in [
            (SHOWN, shows.as_str(), leads("answers", "[]"), "[]".to_owned()),
            (TO_SHOWN, "", leads(&server, &logs("server", "UPSTREAM")), "[]".to_owned()),
            (ASKED, asks.as_str(), leads("answers", "[]"), logs("client", "DOWNSTREAM")),
            (TO_ASKED, "", leads(&client, "[]"), "[]".to_owned()),
        ] {
            listeners += &format!(
                "  - {{name: '{port}-{number}', address: {{socket_address: {{address: '{ip}', port_value: {}}}}}, access_log: {logs}, filter_chains: [{{filters: [{filter}]{socket}}}]}}\n",
                port + number
            );
        }
        for (name, port, common) in [(server, SHOWN, judge.clone()), (client, ASKED, own.clone())] {
            clusters += &format!(
                "  - {{name: '{name}', type: STATIC, connect_timeout: 20s, load_assignment: {{cluster_name: '{name}', endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: '{ip}', port_value: {}}}}}}}}}]}}]}}, transport_socket: {{name: tls, typed_config: {{'@type': {TLS}.UpstreamTlsContext, common_tls_context: {{{VERSION}, {common}}}}}}}}}\n",
                port + number
            );
        }
    }
    clusters += &format!(
        "  - {{name: answers, type: STATIC, load_assignment: {{cluster_name: answers, endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: '{ip}', port_value: {ANSWERS}}}}}}}}}]}}]}}}}\n"
    );
    format!("static_resources:\n  listeners:\n{listeners}  clusters:\n{clusters}")
}

/// A certificate of one's own.
fn own(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "tls_certificates: [{{certificate_chain: {{filename: '{folder}/cert-chain.pem'}}, private_key: {{filename: '{folder}/key.pem'}}}}]"
    )
}

/// As istiod sets it up: the roots, and a name in the trust domain.
fn judge(folder: &Path) -> String {
    format!(
        "validation_context: {{trusted_ca: {{filename: '{}/root-cert.pem'}}, match_typed_subject_alt_names: [{{san_type: URI, matcher: {{prefix: 'spiffe://cluster.local/'}}}}]}}",
        folder.display()
    )
}

fn downstream(own: &str, judge: &str, asks: bool) -> String {
    let judge = if judge.is_empty() { String::new() } else { format!(", {judge}") };
    format!(
        ", transport_socket: {{name: tls, typed_config: {{'@type': {TLS}.DownstreamTlsContext, require_client_certificate: {asks}, common_tls_context: {{{VERSION}, {own}{judge}}}}}}}"
    )
}
