//! The examples under `bench --help` and its commands.

/// Under `bench --help`.
pub(crate) const BENCH: &str = "\
Examples:
  glasstunnel bench rr                  requests: direct, raw, TLS, mTLS and HBONE in turn
  glasstunnel bench bulk --path raw,hbone --connections 1
  glasstunnel bench connect --rate 2k --duration 10s --name main
  glasstunnel bench compare main pr-41 --fail-if 'p99>+5%'

Starts a server and two proxies in processes of their own, on loopback, and ends them again. Latency
counts from when a request was due, not from when there was time to send it. Every path has its turn
in every round, so that what the machine does meanwhile is done to all of them. Exits 6 if the
figures are doubtful: the notes say why, and --allow CODE takes one for granted.";

/// Under `bench handshake --help`.
pub(crate) const BENCH_HANDSHAKE: &str = "\
Examples:
  glasstunnel bench handshake
  glasstunnel bench handshake --path mtls,hbone --rate max

Each unit is a connection, one request and its answer, and the end. No tunnel is used twice.";

/// Under `bench connect --help`.
pub(crate) const BENCH_CONNECT: &str = "\
Examples:
  glasstunnel bench connect
  glasstunnel bench connect --workloads 10000 --policies 10000 --path hbone

Each unit is a connection, one request and its answer, and the end. Over HBONE that is a stream on a
tunnel which is there already; raw, TLS and mutual TLS have nothing to keep.";

/// Under `bench rr --help`.
pub(crate) const BENCH_RR: &str = "\
Examples:
  glasstunnel bench rr --rate 5k --connections 64
  glasstunnel bench rr --find-max --max-p99 5ms --path direct,hbone
  glasstunnel bench rr --target zt=socks5://127.0.0.1:15080/10.96.0.10:8080,pid=71,pid=72,server=73

A --target leads to a `glasstunnel bench serve` that stands behind somebody else's proxies.";

/// Under `bench bulk --help`.
pub(crate) const BENCH_BULK: &str = "\
Examples:
  glasstunnel bench bulk
  glasstunnel bench bulk --direction up --connections 1 --path direct,hbone";

/// Under `bench serve --help`.
pub(crate) const BENCH_SERVE: &str = "\
Examples:
  glasstunnel bench serve
  glasstunnel bench serve --listen 10.0.0.7:8080

The address is on stdout, its process id (--target …,server=N) on stderr. It takes plaintext and TLS, with a certificate that nobody signed.";

/// Under `bench compare --help`.
pub(crate) const BENCH_COMPARE: &str = "\
Examples:
  glasstunnel bench compare main pr-41
  glasstunnel bench compare main pr-41 --fail-if 'hbone.p99>+5%' --fail-if 'cpu>+3%'
  glasstunnel bench compare a.json b.json -o markdown

Exits 1 if a --fail-if is missed, 6 if it cannot be decided: run more rounds. Runs of another
machine, kernel, work or settings are refused, unless --force.";

/// Under `bench report --help`.
pub(crate) const BENCH_REPORT: &str = "\
Examples:
  glasstunnel bench report main
  glasstunnel bench report main -o html -w main.html";
