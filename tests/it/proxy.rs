//! `proxy`, by its contract (DESIGN section 5): a process in each of two pods, captured by REDIRECT or TPROXY, with a CA that
//! is plugged in, and without any of that.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};

use glasstunnel::netns::{OUTBOUND_PORT, PROXY_MARK, Pod};
use glasstunnel::proxy::HBONE;

use crate::pair::{End, Folder, Pair, Running, accept, app, dial, echo, exchange, expect, rest, serve};

/// Both families on both sides, and the same service before the server.
const MESH: &str = include_str!("../../examples/ztunnel/mesh.yaml");
const PORT: u16 = 8080;

/// `glasstunnel proxy`, with nothing but what is asked for.
fn bare(mesh: &Path, workload: &str, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glasstunnel"));
    command.arg("proxy").arg("-f").arg(mesh).args(["--workload", workload]).args(more);
    command
}

/// A root of openssl's making, and an intermediate for each of two proxies, as Istio's `cacerts` of two clusters.
const CACERTS: &str = r#"set -e
ca() { printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n'; }
openssl ecparam -name prime256v1 -genkey -noout -out root-key.pem
openssl req -new -x509 -key root-key.pem -subj "/O=Istio/CN=Root CA" -days 30 -out root-cert.pem \
  -addext keyUsage=critical,keyCertSign,cRLSign
for side in client server; do
  mkdir $side
  openssl genrsa -out $side/ca-key.pem 2048
  openssl req -new -key $side/ca-key.pem -subj "/O=Istio/CN=Intermediate CA/L=$side" -out $side/csr.pem
  ca | openssl x509 -req -in $side/csr.pem -CA root-cert.pem -CAkey root-key.pem -CAcreateserial -days 20 \
    -extfile /dev/stdin -out $side/ca-cert.pem
  cat $side/ca-cert.pem root-cert.pem > $side/cert-chain.pem
  cp root-cert.pem $side/root-cert.pem
  chmod 600 $side/ca-key.pem
done"#;

fn cacerts(folder: &Folder) {
    let made = Command::new("sh").args(["-c", CACERTS]).current_dir(folder.path()).output();
    let made = made.unwrap_or_else(|error| panic!("openssl is missing ({error}): run tests/run"));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A proxy in the client's pod and one in the server's, with certificates under intermediates of their own.
fn both(pair: &Pair, folder: &Folder, client: &[&str], server: &[&str]) -> [Running; 2] {
    let mesh = folder.write("mesh.yaml", MESH.as_bytes());
    cacerts(folder);
    let start = |pod: &Pod, side: &str, more: &[&str]| {
        let mut command = bare(&mesh, &format!("default/{side}"), more);
        let ca = folder.path().join(side);
        command.arg("--ca-cert").arg(ca.join("ca-cert.pem")).arg("--ca-key").arg(ca.join("ca-key.pem"));
        let running = Running::start(pod, side, command);
        running.hear(&["ready"]);
        running
    };
    [start(&pair.client, "client", client), start(&pair.server, "server", server)]
}

const REDIRECT: [&str; 4] = ["--capture", "redirect", "--mark", "1337"];

/// What `ss` says listens in a pod: `*:15001` or `127.0.0.1:15080`.
fn listeners(pod: &Pod) -> Vec<String> {
    let output = pod.namespace().run(|| Command::new("ss").args(["-Hltn"]).output()).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut local: Vec<String> =
        text.lines().filter_map(|line| Some(line.split_whitespace().nth(3)?.to_owned())).collect();
    local.sort();
    local.dedup();
    local
}

#[test]
fn it_listens_where_ztunnel_does_and_ends_with_0() {
    let Some(pair) = Pair::new("it_listens_where_ztunnel_does_and_ends_with_0") else { return };
    let folder = Folder::new();
    let [mut client, server] = both(&pair, &folder, &REDIRECT, &["--bind", "10.244.0.2", "--admin", "none"]);
    assert_eq!(
        listeners(&pair.client),
        ["*:15001", "*:15006", "*:15008", "127.0.0.1:15000", "127.0.0.1:15080"]
    );
    assert_eq!(
        listeners(&pair.server),
        ["10.244.0.2:15001", "10.244.0.2:15006", "10.244.0.2:15008", "127.0.0.1:15080"]
    );
    client.terminate();
    assert_eq!(client.ended().code(), Some(0));
    drop(server);
}

/// Intermediates of one root, as two clusters have them: each side shows its own, and believes the other's.
#[test]
fn two_clusters_with_one_root_speak() {
    let Some(pair) = Pair::new("two_clusters_with_one_root_speak") else { return };
    let folder = Folder::new();
    let [client, server] = both(&pair, &folder, &REDIRECT, &REDIRECT);
    serve(app(&pair.server, PORT), echo);
    for address in Pair::server_addresses() {
        exchange(&mut dial(&pair.client, (address, PORT)).unwrap(), b"hello").unwrap();
    }
    let identity = "dst.identity=\"spiffe://cluster.local/ns/default/sa/server\"";
    for address in Pair::server_addresses() {
        let authority = format!("dst.hbone_addr={} ", SocketAddr::new(address, PORT));
        client.hear(&["access", "connection complete", &authority, identity, "direction=\"outbound\""]);
        server.hear(&["access", "connection complete", &authority, identity, "direction=\"inbound\""]);
    }
}

/// What `ss` says of a pod's open connections: its own port, the peer's, and the congestion control.
fn connections(pod: &Pod) -> Vec<(u16, u16, String)> {
    let output =
        pod.namespace().run(|| Command::new("ss").args(["-HtniO", "state", "established"]).output()).unwrap();
    let port = |address: &str| address.rsplit(':').next().unwrap().parse().unwrap();
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        (port(words[2]), port(words[3]), words[4].to_owned())
    };
    String::from_utf8(output.stdout).unwrap().lines().map(line).collect()
}

#[test]
fn congestion_control_is_chosen_for_the_mesh_and_not_for_passthrough() {
    let Some(pair) = Pair::new("congestion_control_is_chosen_for_the_mesh_and_not_for_passthrough") else {
        return;
    };
    let folder = Folder::new();
    let reno = [&REDIRECT[..], &["--congestion-control", "reno"]].concat();
    let _proxies = both(&pair, &folder, &reno, &reno);
    let system =
        pair.client.namespace().run(|| fs::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control"));
    let system = system.unwrap().trim().to_owned();
    let (within, beyond) = (PORT, PORT + 1);
    serve(app(&pair.server, within), echo);
    serve(app(&pair.outsider, beyond), echo);
    let mut open = [(Pair::server_addresses()[0], within), (Pair::outsider_addresses()[0], beyond)]
        .map(|to| dial(&pair.client, to).unwrap());
    for stream in &mut open {
        exchange(stream, b"hello").unwrap();
    }
    let check = |pod: &Pod, (own, peer): (Option<u16>, Option<u16>), count: usize, expect: &str| {
        let mut found = connections(pod);
        found.retain(|found| own.is_none_or(|own| own == found.0) && peer.is_none_or(|peer| peer == found.1));
        assert_eq!(found.len(), count, "{own:?} {peer:?}: {found:?}");
        assert!(found.iter().all(|(_, _, name)| name == expect), "expected {expect}: {found:?}");
    };
    // What the programs open, the tunnel, what the app gets; and the program's own connection and the proxy's to the outsider.
    check(&pair.client, (Some(OUTBOUND_PORT), None), 2, "reno");
    check(&pair.client, (None, Some(HBONE)), 1, "reno");
    check(&pair.server, (Some(HBONE), None), 1, "reno");
    check(&pair.server, (None, Some(within)), 1, "reno");
    check(&pair.client, (None, Some(beyond)), 2, &system);
}

/// With --original-source the app sees the client; without it, the pod that it is in.
#[test]
fn the_app_sees_its_client_where_that_is_asked_for() {
    let Some(pair) = Pair::new("the_app_sees_its_client_where_that_is_asked_for") else { return };
    for keep in [true, false] {
        let folder = Folder::new();
        let server = [&REDIRECT[..], if keep { &["--original-source"] } else { &[] }].concat();
        let _proxies = both(&pair, &folder, &REDIRECT, &server);
        let app = app(&pair.server, PORT);
        let callers =
            [(&pair.client, Pair::client_addresses()), (&pair.outsider, Pair::outsider_addresses())];
        for (pod, addresses) in callers {
            for (to, client) in Pair::server_addresses().into_iter().zip(addresses) {
                let mut stream = dial(pod, (to, PORT)).unwrap();
                stream.write_all(b"ping").unwrap();
                let (mut served, from) = accept(&app);
                expect(&mut served, b"ping").unwrap();
                assert_eq!(from, if keep { client } else { to }, "to {to}, kept: {keep}");
                drop(served);
                assert_eq!(rest(&mut stream), (Vec::new(), End::Clean));
            }
        }
    }
}

/// TPROXY leaves a connection's destination as it is; the routing rule brings it to the listener all the same.
fn tproxy(pod: &Pod) {
    let rules = |restore: &str, family: &str| {
        let text = "*nat\n:PREROUTING ACCEPT\nCOMMIT\n*mangle\n:PREROUTING ACCEPT\n\
                    -A PREROUTING -p tcp ! --dport 15008 -i eth0 \
                    -j TPROXY --on-port 15006 --tproxy-mark 0x111/0xfff\nCOMMIT\n";
        let mut child = Command::new(restore).arg("-w").stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
        // The pod has this rule and this route already, for connections that come back to the proxy.
        let rule = Command::new("ip").args([family, "rule"]).output().unwrap();
        assert!(String::from_utf8_lossy(&rule.stdout).contains("fwmark 0x111/0xfff"));
    };
    pod.namespace()
        .run(|| {
            rules("iptables-restore", "-4");
            rules("ip6tables-restore", "-6");
            Ok(())
        })
        .unwrap();
}

#[test]
fn tproxy_captures_as_redirect_does() {
    let Some(pair) = Pair::new("tproxy_captures_as_redirect_does") else { return };
    tproxy(&pair.server);
    let folder = Folder::new();
    let [_client, server] = both(&pair, &folder, &REDIRECT, &["--capture", "tproxy", "--mark", "1337"]);
    serve(app(&pair.server, PORT), echo);
    for address in Pair::server_addresses() {
        // Plaintext of somebody without a proxy, and a tunnel.
        exchange(&mut dial(&pair.outsider, (address, PORT)).unwrap(), b"plain").unwrap();
        exchange(&mut dial(&pair.client, (address, PORT)).unwrap(), b"tunnelled").unwrap();
        let to = SocketAddr::new(address, PORT);
        server.hear(&["connection complete", &format!("dst.addr={to} "), "direction=\"inbound\""]);
        server.hear(&["connection complete", &format!("dst.hbone_addr={to} "), "direction=\"inbound\""]);
    }
}

/// A connection that nobody redirected was meant for the proxy itself, which is no destination.
#[test]
fn a_proxy_is_no_destination() {
    let Some(pair) = Pair::new("a_proxy_is_no_destination") else { return };
    let folder = Folder::new();
    let [client, server] = both(&pair, &folder, &REDIRECT, &[]);
    let own = |pod: &Pod, to: (IpAddr, u16)| {
        let mut stream = dial(pod, to).unwrap();
        // Whether its first bytes are still taken is a race that does not matter.
        let _ = stream.write_all(b"hello");
        let mut nothing = Vec::new();
        // It is closed or reset; nothing comes.
        let _ = stream.read_to_end(&mut nothing);
        assert!(nothing.is_empty());
    };
    own(&pair.client, ("127.0.0.1".parse().unwrap(), OUTBOUND_PORT));
    client.hear(&["attempted recursive call to ourselves"]);
    own(&pair.outsider, (Pair::server_addresses()[0], 9999));
    server.hear(&["attempted recursive call to ourselves"]);
}

/// What a proxy may not have is said, and nothing is started.
#[test]
fn what_it_may_not_have_is_said() {
    let folder = Folder::new();
    let mesh = folder.write("mesh.yaml", MESH.as_bytes());
    let ca = folder.path().join("ca");
    let check = |command: &mut Command, code: i32, says: &[&str]| {
        let output = command.stdin(Stdio::null()).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{err}");
        assert!(says.iter().all(|says| err.contains(says)) && !err.contains("ready"), "{err}");
    };
    let ca_dir = ["--ca-dir", ca.to_str().unwrap()];
    check(&mut bare(&mesh, "default/servr", &ca_dir), 2, &["there are", "server.default"]);
    check(&mut bare(&mesh, "default/server", &["--ca-cert", "/nowhere"]), 2, &["--ca-key"]);
    check(
        &mut bare(&mesh, "default/server", &["--ca-cert", "/nowhere", "--ca-key", "/nowhere"]),
        3,
        &["/nowhere", "No such file"],
    );
    check(&mut bare(&mesh, "default/server", &["--capture", "magic"]), 2, &["none, redirect or tproxy"]);
    let mark = PROXY_MARK.to_string();
    let mut unprivileged = Command::new("setpriv");
    unprivileged.args(["--bounding-set=-all", "--inh-caps=-all", env!("CARGO_BIN_EXE_glasstunnel"), "proxy"]);
    unprivileged.arg("-f").arg(&mesh).args(["--workload", "default/server", "--mark", &mark]).args(ca_dir);
    check(&mut unprivileged, 5, &["CAP_NET_ADMIN"]);
}
