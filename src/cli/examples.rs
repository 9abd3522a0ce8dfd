//! The prose of `--help`: what this is, and the worked examples at every end.

mod bench;

pub(crate) use bench::{
    BENCH, BENCH_BULK, BENCH_COMPARE, BENCH_CONNECT, BENCH_HANDSHAKE, BENCH_REPORT, BENCH_RR, BENCH_SERVE,
};

pub(crate) const ABOUT: &str = "\
A ztunnel you can see through: an Istio-ambient-style mesh on one machine.

It captures connections, enforces PeerAuthentication, tunnels peer traffic over HBONE with SPIFFE
identities of its own CA, and shows for every connection what happened, on both ends, and why.";

pub(crate) const TOP: &str = "\
Examples:
  glasstunnel up                                              start the demo mesh; Ctrl-C stops it
  glasstunnel exec curl-client -- curl -sS http://customers/  call a service as if from that pod
  glasstunnel config workloads -o wide                        who is in the mesh, which mode holds
  glasstunnel explain '#1'                                    what happened to connection #1

Exit codes: 0 done or allowed, 1 the answer is no, 2 usage, 3 configuration invalid,
4 no running mesh, 5 environment, 6 inconclusive, 70 bug; `exec` has the program's own code.";

pub(crate) const UP: &str = "\
Examples:
  glasstunnel up                               the demo mesh: nothing to configure, nothing on disk
  glasstunnel up --print-mesh > mesh.yaml      the same as YAML, to edit and read back
  glasstunnel up -f mesh.yaml -f policies/     your own: files, folders, `kubectl get -o yaml`
  glasstunnel up -f policies/ --watch          take over every change of the files, or say why not
  glasstunnel up --netns                       a network namespace per pod: any program is captured
  glasstunnel up --semantics ztunnel           refuse and accept exactly as the real ztunnel does";

pub(crate) const PROXY: &str = "\
Examples:
  # beside any server, in the network namespace of its pod, with Istio's redirect rules in place
  glasstunnel proxy -f mesh.yaml --workload default/web --capture redirect --mark 1337
  # with the CA that the peers trust, as in Istio's cacerts secret
  glasstunnel proxy -f mesh.yaml --workload default/web --ca-cert ca-cert.pem --ca-key ca-key.pem
  # without any rules: programs come by SOCKS5 on 127.0.0.1:15080, peers by HBONE on 15008
  glasstunnel proxy -f mesh.yaml --workload default/web

Says `ready` on stderr when all doors listen; the access log is on stdout, in ztunnel's words.
15001 takes the workload's outbound connections, 15006 plaintext to it, 15008 HBONE, 15080 SOCKS5.
SIGTERM drains: no new connections, GOAWAY to peers, open ones get --grace; then it exits with 0.";

pub(crate) const EXEC: &str = "\
Examples:
  # from inside the mesh: leaves over HBONE
  glasstunnel exec curl-client -- curl -sS http://customers/
  # from outside the mesh: leaves in plaintext
  glasstunnel exec curl-client.outside -- curl -sS http://customers.default/
  # several commands, one shell
  glasstunnel exec web-frontend -- sh
  # a program that takes an HTTP CONNECT proxy instead
  glasstunnel exec web-frontend -- sh -c 'openssl s_client -proxy $GLASSTUNNEL_PROXY -connect …'

The program is led into the mesh by ALL_PROXY, which curl, git and most HTTP libraries honour;
programs that open sockets by themselves do not see the mesh. With `up --netns` the program runs
in the pod's own network namespace, and any of its TCP connections and DNS questions are captured.
Exits with the program's own code; 126 and 127 mean that it could not be run.";

pub(crate) const CONFIG: &str = "\
Examples:
  glasstunnel config workloads -o wide              with modes, doors and local addresses
  glasstunnel zc policies -n default                istioctl's short names work
  glasstunnel config certificates -o json | jq -r '.items[].notAfter'
  glasstunnel config all                            everything, table by table";

pub(crate) const WORKLOADS: &str = "\
Examples:
  glasstunnel config workloads
  glasstunnel config workloads -n default -o wide   adds LOCAL ADDRESS and MODE
  glasstunnel zc w -o name                          one name a line, as `exec` takes it";

pub(crate) const SERVICES: &str = "\
Examples:
  glasstunnel config services
  glasstunnel zc svc -n default -o json";

pub(crate) const POLICIES: &str = "\
Examples:
  glasstunnel config policies
  glasstunnel zc pol -o wide                        adds where each one is declared, file:line";

pub(crate) const CERTIFICATES: &str = "\
Examples:
  glasstunnel config certificates
  glasstunnel zc certs -n default -o yaml";

pub(crate) const CONNECTIONS: &str = "\
Examples:
  glasstunnel config connections                    those that are open now
  glasstunnel config connections --finished         and those that ended, the last 10,000
  glasstunnel zc cons -o wide                       adds ID, PEER IDENTITY, AGE and BYTES";

pub(crate) const ALL: &str = "\
Examples:
  glasstunnel config all
  glasstunnel config all -o json > mesh.json        one document, to attach to a report";

pub(crate) const GET: &str = "\
Examples:
  glasstunnel get pa -A                             every PeerAuthentication
  glasstunnel get pa,ap,dr,svc,po                   several kinds at once
  glasstunnel get pa default -n istio-system -o yaml
  glasstunnel get svc customers -o wide             adds where it is declared, file:line";

pub(crate) const APPLY: &str = "\
Examples:
  glasstunnel apply -f strict.yaml                  all of it, or nothing
  glasstunnel apply -f policies/ --dry-run          would it be taken?
  kubectl get pa,ap -A -o yaml | glasstunnel apply -f -

Open connections are asked again: what a new policy refuses is cut, and its record names the policy.";

pub(crate) const DELETE: &str = "\
Examples:
  glasstunnel delete pa default
  glasstunnel delete ap/deny-all -n customers
  glasstunnel delete -f strict.yaml                 everything that the file names";

pub(crate) const STRICT: &str = "\
Examples:
  glasstunnel strict customers --dry-run            who would break, of all connections on record
  glasstunnel strict customers --dry-run --for 30s  of those in the next 30 seconds
  glasstunnel strict customers:3000 --for 30s       do it, and take it back by itself
  glasstunnel strict customers --dry-run -o yaml    the policy, for a file

Exits 1 if somebody would break, or was refused.";

pub(crate) const EXPLAIN: &str = "\
Examples:
  glasstunnel explain '#17'                         the number is in the ID column of `up`
  glasstunnel explain 17                            the same, without quotes for the shell
  glasstunnel explain 17 -o json | jq -r .why
  # a connection that nobody made, in the running mesh; exits 0 if it is allowed, 1 if not
  glasstunnel explain --from curl-client.outside --to customers:80
  # from files alone, with no mesh running, and what if it were STRICT
  glasstunnel explain -f mesh.yaml --from 10.0.0.9 --to customers:80 --as tls --under STRICT";

pub(crate) const WHY: &str = "\
Examples:
  glasstunnel why 'curl: (56) Recv failure: Connection reset by peer'
  glasstunnel why 'error:0A000418:SSL routines::tlsv1 alert unknown ca'
  glasstunnel why 48                                an alert, an exit of curl, a status, an errno
  glasstunnel why tls.unknown_issuer                a code of ours; B25 is a row of what is known
  kubectl logs -n istio-system ds/ztunnel | glasstunnel why -

Needs no running mesh. Exits 0 if a cause is known, 1 if none is. Messages of curl, OpenSSL, rustls,
Envoy (BoringSSL), ztunnel, Go, Java and Node.js are known; names, addresses and times do not count.";

pub(crate) const ANALYZE: &str = "\
Examples:
  glasstunnel analyze                                       the mesh that runs
  glasstunnel analyze mesh.yaml policies/                   what does not do what it seems to do
  kubectl get ns,pod,svc,peerauthentication,authorizationpolicy -A -o yaml | glasstunnel analyze -
  glasstunnel analyze --fix policies.yaml                   and correct what leaves no choice
  glasstunnel analyze --failure-threshold warning policies/ for CI: exit 1 on warnings too

The codes, the line that begins each finding, and the annotation galley.istio.io/analyze-suppress
are istioctl's. GT1... are findings that istioctl does not have.";

pub(crate) const TRACE: &str = "\
Examples:
  glasstunnel trace 17                              a connection of the running mesh, once it has ended
  glasstunnel trace --from curl-client --to customers:80 --fresh-tunnel
  glasstunnel trace --from curl-client --to customers:80 --bytes     every field of every message
  glasstunnel trace --from a --to b:80 -f mesh.yaml -o svg > b.svg   without a running mesh
  glasstunnel trace 17 -o mermaid                   for a README or an issue

Exits 0 if a connection that it made was delivered, 1 if not. It shows what the connection said.";

pub(crate) const CAPTURE: &str = "\
Examples:
  glasstunnel capture --conn 17 -w 17.pcapng        one connection, all its legs
  glasstunnel capture --last 1m -w minute.pcapng    those that began in the last minute
  glasstunnel capture --for 10s -w next.pcapng      those that begin and end within ten seconds
  glasstunnel capture --last 1m -w - | tshark -r - -Y http2

The file holds the keys: Wireshark and tshark decrypt it without options, and so can whoever has it.
No root, no tcpdump: packets are made around what the proxies read and wrote. Addresses are the mesh's.";

pub(crate) const CERTS: &str = "\
Examples:
  glasstunnel certs                                 who shows what, until when, and who trusts it
  glasstunnel certs inspect reviews.default.svc:15008
  glasstunnel certs verify server/ client/          would the one accept the other, and why not
  glasstunnel certs issue --id spiffe://cluster.local/ns/default/sa/web --bend expired --out bad/
  glasstunnel certs export curl-client              for curl and openssl, with lines to paste
  glasstunnel certs lint cacerts/                   before it is deployed";

pub(crate) const CERTS_LIST: &str = "\
Examples:
  glasstunnel certs list
  glasstunnel certs list -n default -o wide         with whole serial numbers, and NOT AFTER
  glasstunnel certs list -o json | jq -r '.items[].trustedBy'

VALIDITY fills as time goes by. RENEWED counts down to when the next certificate is asked for, give
or take a tenth. TRUSTED BY asks the verifier of the wire, with each identity's own roots; for a
root, who has it among them.";

pub(crate) const CERTS_INSPECT: &str = "\
Examples:
  glasstunnel certs inspect chain.pem               also several in one file, DER, or a folder
  glasstunnel certs inspect customers               what a workload of the running mesh shows
  glasstunnel certs inspect 127.0.0.1:15008         what a server shows, without believing it
  glasstunnel certs inspect web:443 --alpn none --client bad/
  kubectl get secret cacerts -n istio-system -o jsonpath='{.data.ca-cert\\.pem}' \\
    | base64 -d | glasstunnel certs inspect -

Keys are named and never shown. TLS 1.3 only; nothing is sent after the handshake.";

pub(crate) const CERTS_VERIFY: &str = "\
Examples:
  glasstunnel certs verify server/ client/          would server/ accept client/, both ways round
  glasstunnel certs verify reviews bad/ --as client
  glasstunnel certs verify roots.pem chain.pem --as server --expect spiffe://td/ns/a/sa/b
  glasstunnel certs verify server/ client/ --at +25h --crl revoked.pem

Exits 0 if B is accepted, 1 if it is refused. The verifier of the wire answers; a dot marks a check
that it does not come to. B hears the alert and nothing else.";

pub(crate) const CERTS_ISSUE: &str = "\
Examples:
  glasstunnel certs issue --id spiffe://cluster.local/ns/default/sa/web --out web/
  glasstunnel certs issue --id spiffe://cluster.local/ns/default/sa/web --bend two-sans --out bad/
  glasstunnel certs issue --profile certs/profiles/expired.yaml --out bad/
  glasstunnel certs issue --id … --ca-cert ca-cert.pem --ca-key ca-key.pem --ttl 1h --out web/

Writes key.pem (mode 0600), cert-chain.pem and root-cert.pem, named as Istio's agent names them.
The bend rsa-8192-chain takes up to a minute: two keys of that size have to be found.";

pub(crate) const CERTS_EXPORT: &str = "\
Examples:
  glasstunnel certs export curl-client              then paste one of the lines that it prints
  glasstunnel certs export web-frontend --to customers:3000 --dir papers/
  glasstunnel certs export curl-client --ttl 5m --force -o json | jq -r '.commands[].command'

The key is made by this command and never travels: the mesh signs a request, over its context's
socket. Who holds the key is that workload, until the certificate ends. With a plugged-in CA that
may be so elsewhere, too, and needs --force.";

pub(crate) const CERTS_LINT: &str = "\
Examples:
  glasstunnel certs lint cacerts/                   every file of a folder
  glasstunnel certs lint leaf.pem --role workload
  glasstunnel certs lint web:15008 -o json          what a server shows

Roots beside a chain are held against it. Exits 1 if there is an error. What is said of OpenSSL, Go
and Envoy is tested against them; of ztunnel and go-spiffe it is from their sources.";

pub(crate) const PROBE: &str = "\
Examples:
  glasstunnel probe 127.0.0.1:8080                  what is there, and what that rests on
  glasstunnel probe reviews:9080                    a name of the running mesh: its captured port
  glasstunnel probe reviews:15008 --from web        its tunnel door, with a certificate of web
  glasstunnel probe 10.0.0.7:443 --cert client/ --sni reviews.example.com
  glasstunnel probe reviews:9080 -o json | jq -r '.modes[]'

Connects to that one address only, one connection at a time and 8 at most. What is sent: OPTIONS *
in plaintext, a safe method that asks for no resource; ClientHellos; and to a tunnel door a CONNECT
to the door itself, which nobody delivers. TLS 1.3 only. Nothing that is shown is verified.
Exits 0 when it can tell, 5 if there is nothing to connect to, 6 if it cannot tell.";

/// Under `repro --help`.
pub(crate) const REPRO: &str = "\
Examples:
  glasstunnel repro list
  glasstunnel repro run B25             another root: expected against observed, at both ends
  glasstunnel repro fix B25             what changes, and the same connections before and after
  glasstunnel repro show B25 -o yaml    a scenario to change and to run with `glasstunnel test`

The id comes from the list, or from `glasstunnel why TEXT`. A failure that comes out as documented is
0, one that differs is 1.";

/// Under `repro list --help`.
pub(crate) const REPRO_LIST: &str = "\
Examples:
  glasstunnel repro list --area certificates
  glasstunnel repro list -o json | jq -r '.items[] | select(.flags[] == \"DENY\") | .id'

CURL is the exit code that curl ends with, ALERT what the refused side is sent, FLAG what both logs
and the metrics say.";

/// Under `repro show --help`.
pub(crate) const REPRO_SHOW: &str = "\
Examples:
  glasstunnel repro show unknown-ca-different-root
  glasstunnel repro show B25 -o yaml > mine.yaml && glasstunnel test mine.yaml";

/// Under `repro run --help`.
pub(crate) const REPRO_RUN: &str = "\
Examples:
  glasstunnel repro run B25
  glasstunnel repro run B25 --trace
  glasstunnel repro run B25 --capture B25.pcapng
  glasstunnel repro run B22 --at +25h   a day later, by all clocks of the mesh
  glasstunnel repro run B25 --keep      its mesh stays: prints what to type in another terminal
  glasstunnel repro run all
  glasstunnel repro run all --times 20  any difference between two rounds is an error, too

Exits 0 if all came out as documented, 1 if anything differed, 5 if this machine cannot play it, 6 if
something did not end. With -o json a list, also of one.";

/// Under `repro fix --help`.
pub(crate) const REPRO_FIX: &str = "\
Examples:
  glasstunnel repro fix B25
  glasstunnel repro fix B25 --trace     draws the connections after it
  glasstunnel repro fix B25 --keep      the mended mesh stays

Exits 0 if the failure came out as documented and the fix mended it. With -o json a list of both.";

/// Under `test --help`.
pub(crate) const TEST: &str = "\
Examples:
  glasstunnel test examples/scenarios
  glasstunnel test -f mesh/ scenarios/ -o junit > report.xml
  glasstunnel test scenarios/ --only only-web-may-order --observe

--observe prints all that is observed of each client, ready to be pasted under `expect`. Begin with
`glasstunnel repro show A01 -o yaml`; src/repro/README.md has every field.

Exits 0 when everything is as expected, 1 when something differs, 3 for a mistake in a file, 5 when
this machine cannot play it, 6 when something did not end in time.";
