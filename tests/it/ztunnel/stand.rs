//! Two pods, the real one's proxy in one of them and ours in the other.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use glasstunnel::netns::PROXY_MARK;

use crate::pair::{End, Folder, Pair, Running, dial, environment, exchange, glasstunnel, rest, tell};

/// The port of the service, and of its workload.
pub(crate) const SERVICE: u16 = 80;
pub(crate) const WORKLOAD: u16 = 8080;
/// A port of the server's that the client may not speak to, and one that nobody listens on.
pub(crate) const DENIED: u16 = 8081;
pub(crate) const CLOSED: u16 = 8089;

/// A ztunnel's local configuration (reference/hbone.md 8.2).
pub(crate) const MESH: &str = include_str!("../../../examples/ztunnel/mesh.yaml");
/// What makes its server STRICT: what stands there, and what then does.
pub(crate) const STRICT: [&str; 2] = [
    r#"authorizationPolicies: ["default/no-clients"]"#,
    r#"authorizationPolicies: ["default/no-clients", "istio-system/istio_converted_static_strict"]"#,
];

/// Where the real ztunnel stands; the other one is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Real {
    Server,
    Client,
}

/// What is not as usual in a test.
#[derive(Clone, Copy, Default)]
pub(crate) struct Unusual<'a> {
    /// A replacement in the file that the client's proxy reads, and in that of the server's.
    pub(crate) client: [&'a str; 2],
    pub(crate) server: [&'a str; 2],
    /// Arguments of ours.
    pub(crate) ours: &'a [&'a str],
    /// Environment of the real one.
    pub(crate) real: &'a [(&'a str, &'a str)],
}

/// Both proxies, and the pods that they are in.
pub(crate) struct Stand {
    pub(crate) pair: Pair,
    pub(crate) real: Real,
    pub(crate) client: Running,
    pub(crate) server: Running,
    _folder: Folder,
}

/// Runs `case` in both directions: with the real one as the server, then as the client.
pub(crate) fn both_ways(test: &str, unusual: Unusual<'_>, case: impl Fn(&mut Stand)) {
    let Some(program) = environment("ZTUNNEL_BIN") else {
        return tell(&format!("skipped: {test}: ZTUNNEL_BIN is not set"));
    };
    for real in [Real::Server, Real::Client] {
        let Some(pair) = Pair::new(test) else { return };
        let folder = Folder::new();
        let [client_mesh, server_mesh] = [("client", unusual.client), ("server", unusual.server)]
            .map(|(name, [from, to])| folder.write(name, replaced(from, to).as_bytes()));
        let theirs = |mesh, workload| ztunnel(&program, mesh, workload, unusual.real);
        let ours = |mesh, workload| ours(mesh, workload, unusual.ours);
        let (client, server) = match real {
            Real::Server => (ours(&client_mesh, "client"), theirs(&server_mesh, "server")),
            Real::Client => (theirs(&client_mesh, "client"), ours(&server_mesh, "server")),
        };
        let client = Running::start(&pair.client, &format!("the client's proxy (real: {real:?})"), client);
        let server = Running::start(&pair.server, &format!("the server's proxy (real: {real:?})"), server);
        for proxy in [&client, &server] {
            // Ours says `ready`, the real one `marking server ready`.
            proxy.hear(&["ready"]);
        }
        case(&mut Stand { pair, real, client, server, _folder: folder });
    }
}

fn replaced(from: &str, to: &str) -> String {
    assert!(MESH.contains(from), "{from}");
    if from.is_empty() { MESH.to_owned() } else { MESH.replacen(from, to, 1) }
}

/// The real one, in its dedicated mode (reference/hbone.md 9).
fn ztunnel(program: &str, mesh: &Path, workload: &str, more: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LOCAL_XDS_PATH", mesh).env("PROXY_MODE", "dedicated").env("FAKE_CA", "true");
    command.env("XDS_ADDRESS", "").env("PROXY_WORKLOAD_INFO", format!("default/{workload}/{workload}"));
    command.env("PACKET_MARK", PROXY_MARK.to_string()).env("ENABLE_ORIG_SRC", "true").env("RUST_LOG", "info");
    command.env("ZTUNNEL_WORKER_THREADS", "2").envs(more.iter().copied());
    command
}

/// Ours, with the real one's CA.
fn ours(mesh: &Path, workload: &str, more: &[&str]) -> Command {
    let Some(checkout) = environment("ZTUNNEL_SRC") else {
        panic!("expected ZTUNNEL_SRC beside ZTUNNEL_BIN: the checkout that it was built from, for its CA");
    };
    let ca = Path::new(&checkout).join("src/tls");
    let mut command = glasstunnel(mesh, &format!("default/{workload}"));
    command.arg("--ca-cert").arg(ca.join("root-cert.pem")).arg("--ca-key").arg(ca.join("ca-key.pem"));
    command.args(more);
    command
}

impl Stand {
    /// The address of the server of the first family.
    pub(crate) fn server() -> IpAddr {
        Pair::server_addresses()[0]
    }

    /// A program in the client's pod dials the server.
    pub(crate) fn dial(&self, port: u16) -> TcpStream {
        dial(&self.pair.client, (Self::server(), port)).unwrap()
    }

    /// The lines of both proxies about a connection to `port`: `[outbound, inbound]`.
    pub(crate) fn logs(&self, port: u16) -> [String; 2] {
        let authority = format!("dst.hbone_addr={}:{port} ", Self::server());
        [(&self.client, "outbound"), (&self.server, "inbound")]
            .map(|(proxy, way)| proxy.hear(&["access", &authority, &format!("direction=\"{way}\"")]))
    }
}

/// The value of a field in a line of an access log, without its quotes.
pub(crate) fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = line.split_once(&format!("{name}="))?;
    match after.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => after.split_whitespace().next(),
    }
}

#[track_caller]
pub(crate) fn check_fields(line: &str, expect: &[(&str, Option<&str>)]) {
    for (name, value) in expect {
        assert_eq!(field(line, name), *value, "{name} in {line}");
    }
}

/// What a program sees that is refused: nothing, and a reset. The real one may close before it has heard what the program
/// says, and then the end looks clean.
#[track_caller]
pub(crate) fn check_refused(mut program: TcpStream, by_ours: bool) {
    let (read, end) = rest(&mut program);
    assert!(read.is_empty() && (end == End::Reset || !by_ours), "{read:?}, then {end:?}");
}

/// No connection waits for this app.
#[track_caller]
pub(crate) fn check_unheard(app: &TcpListener) {
    app.set_nonblocking(true).unwrap();
    let kind = app.accept().map_err(|error| error.kind());
    assert!(matches!(kind, Err(ErrorKind::WouldBlock)), "{kind:?}");
    app.set_nonblocking(false).unwrap();
}

/// A connection to an app that echoes.
pub(crate) fn try_one(stand: &Stand) -> io::Result<()> {
    let mut new = dial(&stand.pair.client, (Stand::server(), WORKLOAD))?;
    exchange(&mut new, b"a new one")
}
